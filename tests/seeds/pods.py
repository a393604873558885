"""What may be wrong with a pod."""

from typing import Any

from seeds.mutation import pod


@pod
def host_network(p: Any) -> None:
    p["hostNetwork"] = True


@pod
def host_pid(p: Any) -> None:
    p["hostPID"] = True


@pod
def host_ipc(p: Any) -> None:
    p["hostIPC"] = True


@pod
def host_path(p: Any) -> None:
    p.setdefault("volumes", []).append({"name": "etc", "hostPath": {"path": "/etc"}})


@pod
def runtime_socket(p: Any) -> None:
    socket = {"path": "/run/containerd/containerd.sock", "type": "Socket"}
    p.setdefault("volumes", []).append({"name": "socket", "hostPath": socket})


@pod
def network_volume(p: Any) -> None:
    p.setdefault("volumes", []).append({"name": "nas", "nfs": {"server": "nas", "path": "/"}})


@pod
def unbounded_memory_volume(p: Any) -> None:
    p.setdefault("volumes", []).append({"name": "shm2", "emptyDir": {"medium": "Memory"}})


@pod
def memory_volume_above_the_ledger(p: Any) -> None:
    p.setdefault("volumes", []).append({"name": "shm2", "emptyDir": {"medium": "Memory", "sizeLimit": "600Gi"}})


@pod
def process_namespace_shared(p: Any) -> None:
    p["shareProcessNamespace"] = True


@pod
def kernel_setting(p: Any) -> None:
    p["securityContext"]["sysctls"] = [{"name": "kernel.msgmax", "value": "65536"}]


@pod
def token_mounted(p: Any) -> None:
    p["automountServiceAccountToken"] = True


@pod
def token_by_default(p: Any) -> None:
    del p["automountServiceAccountToken"]


@pod
def token_projected(p: Any) -> None:
    source = {"serviceAccountToken": {"path": "token"}}
    p.setdefault("volumes", []).append({"name": "token", "projected": {"sources": [source]}})


@pod
def no_pod_context(p: Any) -> None:
    del p["securityContext"]


@pod
def no_seccomp(p: Any) -> None:
    del p["securityContext"]["seccompProfile"]


@pod
def pod_as_root(p: Any) -> None:
    p["securityContext"]["runAsUser"] = 0


@pod
def system_priority(p: Any) -> None:
    p["priorityClassName"] = "system-node-critical"


@pod
def node_by_name(p: Any) -> None:
    p["nodeName"] = "desktop"


@pod
def unpinned_init_container(p: Any) -> None:
    like = dict(p["containers"][0], name="setup", image="busybox")
    p.setdefault("initContainers", []).append(like)


@pod
def bare_sidecar(p: Any) -> None:
    p["containers"].append({"name": "shell", "image": "homelab/shell:0.1.0-1f0c3a9b2d4e"})


@pod
def second_container_of_full_size(p: Any) -> None:
    p["containers"].append(dict(p["containers"][0], name="twin"))
