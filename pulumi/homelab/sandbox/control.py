"""The control plane: etcd, API server, controllers, scheduler, and the cluster's DNS and metrics beside them.

CoreDNS and metrics-server run here as processes behind Services without selectors: the sandbox then needs no image
for itself but the one that holds a pod's namespaces.
"""

import json
import shutil
from typing import Any

from homelab.local.record import write_whole
from homelab.sandbox import kubeconfig, pki
from homelab.sandbox.layout import (
    API_PORT,
    CONTROL,
    DNS,
    DOMAIN,
    HERE,
    KUBERNETES,
    PODS,
    SERVICES,
    Sandbox,
)
from homelab.sandbox.node import POD_IMAGE
from homelab.sandbox.pki import Pair
from homelab.sandbox.program import Program, conf, flags, tool

METRICS_PORT = 4443
DNS_READY_PORT = 8181

USERS = ("kube-controller-manager", "kube-scheduler", "coredns", "metrics-server", "local-path-provisioner")
"""Each is `system:NAME` to the API server."""

_PKI = HERE / "pki"
_MANAGER, _SCHEDULER, _DNS, _METRICS, _VOLUMES = (_PKI / f"{user}.kubeconfig" for user in USERS)

_VOLUMES_CONF: dict[str, Any] = {
    "nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [str(HERE / "volumes")]}],
    "setupCommand": "/volume",
    "teardownCommand": "/volume",
}
_VOLUMES_POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "volume"},
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "volume",
                "image": POD_IMAGE,
                "imagePullPolicy": "Never",
                "securityContext": {"runAsUser": 0},  # the folder above the volumes is root's
            }
        ],
    },
}

COREFILE = f"""\
.:53 {{
    errors
    ready 0.0.0.0:{DNS_READY_PORT}
    kubernetes {DOMAIN} in-addr.arpa {{
        kubeconfig {_DNS}
        pods insecure
        fallthrough in-addr.arpa
        ttl 5
    }}
    loop
}}
"""
"""Answers for the cluster alone: what lies outside cannot be reached from the sandbox either."""


def configure(sandbox: Sandbox) -> None:
    """Write everything that the control plane reads, and the person's kubeconfig."""
    folder = sandbox.control.folder / "pki"
    ca, front = pki.authority(sandbox.pki, "ca"), pki.authority(sandbox.pki, "front-proxy-ca")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for authority in (ca, front):
        shutil.copyfile(authority.certificate, folder / authority.certificate.name)
    pki.signing_key(folder, "service-accounts")
    api_names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}")
    addresses = (str(KUBERNETES), str(CONTROL), "127.0.0.1")
    pki.issue(ca, Pair.at(folder, "kube-apiserver"), "kube-apiserver", hosts=(*api_names, *addresses))
    pki.issue(ca, Pair.at(folder, "kubelet-client"), "kube-apiserver-kubelet-client", ["system:masters"])
    pki.issue(front, Pair.at(folder, "front-proxy"), "front-proxy-client")
    metrics_names = ("metrics-server.kube-system.svc", str(CONTROL))
    pki.issue(ca, Pair.at(folder, "metrics-serving"), "metrics-server", hosts=metrics_names)
    for user in USERS:
        kubeconfig.for_user(folder / f"{user}.kubeconfig", ca, folder, f"system:{user}")
    admin = pki.issue(ca, Pair.at(sandbox.pki, "admin"), "sandbox-admin", ["system:masters"])
    kubeconfig.write(sandbox.kubeconfig, ca, admin)
    write_whole(sandbox.control.folder / "Corefile", COREFILE)
    write_whole(sandbox.control.folder / "volumes.json", json.dumps(_VOLUMES_CONF, indent=2))
    write_whole(sandbox.control.folder / "volume-pod.yaml", json.dumps(_VOLUMES_POD, indent=2))
    write_whole(sandbox.control.folders.run / "supervisord.conf", conf(_programs()))


def _programs() -> tuple[Program, ...]:
    return (
        Program("etcd", (tool("etcd"), *_etcd())),
        Program("kube-apiserver", (tool("kube-apiserver"), *_api_server())),
        _client("kube-controller-manager", *_controllers()),
        _client("kube-scheduler", *flags(kubeconfig=_SCHEDULER, bind_address="127.0.0.1", leader_elect="false")),
        _client("coredns", "-conf", str(HERE / "Corefile")),
        _client("metrics-server", *_metrics_server()),
        _client("local-path-provisioner", "start", *_volumes()),
    )


def _client(name: str, *arguments: str) -> Program:
    return Program(name, (tool(name), *arguments), needs_api=True)


def _etcd() -> tuple[str, ...]:
    """On loopback of a namespace that only the control plane is in: nobody else reaches it, so no TLS."""
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return (
        *flags(name="sandbox", data_dir=HERE / "etcd", log_level="warn"),
        *flags(listen_client_urls=client, advertise_client_urls=client),
        *flags(listen_peer_urls=peer, initial_advertise_peer_urls=peer, initial_cluster=f"sandbox={peer}"),
        "--unsafe-no-fsync",  # the page cache outlives every process; a slow disk would slow every request
    )


def _api_server() -> tuple[str, ...]:
    return (
        *flags(etcd_servers="http://127.0.0.1:2379", secure_port=API_PORT, advertise_address=CONTROL),
        *flags(service_cluster_ip_range=SERVICES, allow_privileged="true", authorization_mode="Node,RBAC"),
        *flags(client_ca_file=_PKI / "ca.crt", enable_admission_plugins="NodeRestriction"),
        *flags(tls_cert_file=_PKI / "kube-apiserver.crt", tls_private_key_file=_PKI / "kube-apiserver.key"),
        *flags(
            kubelet_certificate_authority=_PKI / "ca.crt",
            kubelet_client_certificate=_PKI / "kubelet-client.crt",
            kubelet_client_key=_PKI / "kubelet-client.key",
            kubelet_preferred_address_types="InternalIP",
        ),
        *flags(
            service_account_issuer=f"https://kubernetes.default.svc.{DOMAIN}",
            service_account_key_file=_PKI / "service-accounts.key",
            service_account_signing_key_file=_PKI / "service-accounts.key",
        ),
        *flags(
            requestheader_client_ca_file=_PKI / "front-proxy-ca.crt",
            requestheader_allowed_names="front-proxy-client",
            requestheader_extra_headers_prefix="X-Remote-Extra-",
            requestheader_group_headers="X-Remote-Group",
            requestheader_username_headers="X-Remote-User",
            proxy_client_cert_file=_PKI / "front-proxy.crt",
            proxy_client_key_file=_PKI / "front-proxy.key",
            enable_aggregator_routing="true",  # no kube-proxy here: straight to the Service's endpoint
        ),
        # A pod of a dead node is replaced within a minute (with the controllers' grace below), not within six.
        *flags(default_not_ready_toleration_seconds=15, default_unreachable_toleration_seconds=15),
        *flags(profiling="false"),
    )


def _controllers() -> tuple[str, ...]:
    return (
        *flags(kubeconfig=_MANAGER, authentication_kubeconfig=_MANAGER, authorization_kubeconfig=_MANAGER),
        *flags(bind_address="127.0.0.1", leader_elect="false", use_service_account_credentials="true"),
        *flags(root_ca_file=_PKI / "ca.crt", service_account_private_key_file=_PKI / "service-accounts.key"),
        *flags(cluster_cidr=PODS, service_cluster_ip_range=SERVICES, allocate_node_cidrs="false"),
        *flags(node_monitor_grace_period="16s"),
        # An autoscaler counts a pod's CPU soon after its start, and looks as often as there is a new measurement.
        *flags(
            horizontal_pod_autoscaler_sync_period="5s",
            horizontal_pod_autoscaler_cpu_initialization_period="20s",
            horizontal_pod_autoscaler_initial_readiness_delay="10s",
            horizontal_pod_autoscaler_downscale_stabilization="30s",  # five minutes otherwise
        ),
        *flags(profiling="false"),
    )


def _metrics_server() -> tuple[str, ...]:
    return (
        *flags(kubeconfig=_METRICS, authentication_kubeconfig=_METRICS, authorization_kubeconfig=_METRICS),
        *flags(secure_port=METRICS_PORT, metric_resolution="10s", kubelet_preferred_address_types="InternalIP"),
        *flags(tls_cert_file=_PKI / "metrics-serving.crt", tls_private_key_file=_PKI / "metrics-serving.key"),
        *flags(kubelet_certificate_authority=_PKI / "ca.crt"),
        *flags(kubelet_request_timeout="5s"),  # must be within the resolution, which is the shortest that it takes
    )


def _volumes() -> tuple[str, ...]:
    return (
        *flags(kubeconfig=_VOLUMES, config=HERE / "volumes.json", helper_pod_file=HERE / "volume-pod.yaml"),
        *flags(provisioner_name="homelab.sandbox/local-path", namespace="kube-system", helper_image=POD_IMAGE),
        *flags(service_account_name="local-path-helper"),
    )


def values(ca: str) -> dict[str, str]:
    """What sandbox/manifests leave open; `ca` is the cluster's authority in base64."""
    return {"CONTROL": str(CONTROL), "DNS": str(DNS), "METRICS_PORT": str(METRICS_PORT), "CA": ca}
