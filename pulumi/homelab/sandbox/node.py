"""A node: containerd, kubelet and kube-proxy with state, sockets and network of their own."""

import json
import shutil
import subprocess
from typing import Any

import psutil
import yaml

from homelab.local.record import write_whole
from homelab.sandbox import cgroups, kubeconfig, pki
from homelab.sandbox.api import answers
from homelab.sandbox.layout import DNS, DOMAIN, HERE, PODS, Node, Sandbox
from homelab.sandbox.pki import Pair
from homelab.sandbox.program import Program, conf, flags, tool
from homelab.units import MIB

POD_IMAGE = "localhost/homelab/pod:1"
SOCKET = "/run/containerd/containerd.sock"
PROXY_HEALTH_PORT = 10256

_PKI = HERE / "pki"


def memory_mib(node: Node) -> int | None:
    """The node's share where it is one of several; None where it has the whole machine."""
    return None if node.parts == 1 else psutil.virtual_memory().total // MIB // node.parts


def configure(sandbox: Sandbox, node: Node) -> None:
    """Write everything that the node reads."""
    folder = node.folder / "pki"
    ca = pki.authority(sandbox.pki, "ca")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(ca.certificate, folder / "ca.crt")
    pki.issue(ca, Pair.at(folder, "kubelet-serving"), node.name, hosts=(node.name, str(node.address)))
    kubeconfig.for_user(folder / "kubelet.kubeconfig", ca, folder, f"system:node:{node.name}", "system:nodes")
    kubeconfig.for_user(folder / "kube-proxy.kubeconfig", ca, folder, "system:kube-proxy")
    write_whole(node.folder / "containerd.toml", _containerd(_snapshotter(node)))
    write_whole(node.folder / "cni/10-pods.conflist", json.dumps(_pod_network(node), indent=2))
    write_whole(node.folder / "kubelet.yaml", yaml.safe_dump(_kubelet(node), sort_keys=False))
    write_whole(node.folder / "kube-proxy.yaml", yaml.safe_dump(_kube_proxy(node), sort_keys=False))
    # Names outside the cluster lead nowhere, so a pod must not try the machine's own servers for them.
    write_whole(node.folder / "resolv.conf", f"nameserver {DNS}\n")
    write_whole(node.folders.run / "supervisord.conf", conf(_programs(node)))


def proxy_ready(node: Node) -> bool:
    """Whether its kube-proxy has written what it knew of the services."""
    return answers(f"http://{node.address}:{PROXY_HEALTH_PORT}/healthz")


def _programs(node: Node) -> tuple[Program, ...]:
    kubelet = (
        *flags(config=HERE / "kubelet.yaml", kubeconfig=_PKI / "kubelet.kubeconfig", root_dir=HERE / "kubelet"),
        *flags(hostname_override=node.name, node_ip=node.address, cert_dir=HERE / "kubelet/pki"),
    )
    return (
        Program("containerd", (shutil.which("containerd") or "", "--config", str(HERE / "containerd.toml"))),
        Program("kubelet", (tool("kubelet"), *kubelet)),
        # Before its node has an address it takes another, and ends once it sees the right one.
        Program("kube-proxy", (tool("kube-proxy"), *flags(config=HERE / "kube-proxy.yaml")), needs_api=True),
    )


def _containerd(snapshotter: str) -> str:
    return f"""\
version = 2
root = "{HERE}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs",
]

[grpc]
  address = "{SOCKET}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{HERE}/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{POD_IMAGE}"
  restrict_oom_score_adj = true  # a machine may withhold CAP_SYS_RESOURCE, without which no pod would start
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{HERE}/cni"
"""


def _snapshotter(node: Node) -> str:
    """overlayfs, except on top of an overlay, which cannot be the upper layer of another."""
    node.folder.mkdir(parents=True, exist_ok=True)
    kind = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(node.folder)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return "native" if kind == "overlay" else "overlayfs"


def _pod_network(node: Node) -> dict[str, Any]:
    """Routed, a pair per pod: replies to a Service's address always pass the node, which turns them back."""
    ipam = {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": str(node.pods)}]]}
    routes = [{"dst": "0.0.0.0/0"}]
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": ipam | {"routes": routes}},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _kubelet(node: Node) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"x509": {"clientCAFile": str(_PKI / "ca.crt")}, "anonymous": {"enabled": False}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(_PKI / "kubelet-serving.crt"),
        "tlsPrivateKeyFile": str(_PKI / "kubelet-serving.key"),
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "clusterDNS": [str(DNS)],
        "clusterDomain": DOMAIN,
        "resolvConf": str(HERE / "resolv.conf"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.path(node.name),
        "enforceNodeAllocatable": ["pods"],
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,  # below 0 needs CAP_SYS_RESOURCE
        "volumePluginDir": str(HERE / "kubelet/plugins"),
        "imageGCHighThresholdPercent": 100,  # never: there is no registry to pull an image from again
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "2%",  # of a disk that is the person's, whose other 10 % are theirs
            "imagefs.available": "2%",
            "nodefs.inodesFree": "1%",
        },
        "nodeStatusUpdateFrequency": "4s",  # a dead node is noticed after 16 s
        "serializeImagePulls": False,
    }
    share = memory_mib(node)
    if share is not None:
        others = psutil.virtual_memory().total // MIB - share
        settings["systemReserved"] = {"memory": f"{others}Mi"}  # what the other nodes have: no pod counts on it
    return settings


def _kube_proxy(node: Node) -> dict[str, Any]:
    unset = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(_PKI / "kube-proxy.kubeconfig")},
        "mode": "iptables",
        "clusterCIDR": str(PODS),
        "hostnameOverride": node.name,
        "healthzBindAddress": f"0.0.0.0:{PROXY_HEALTH_PORT}",
        "conntrack": unset,  # the table is the whole machine's
    }
