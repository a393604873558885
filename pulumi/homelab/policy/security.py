"""The pod security standard `restricted`, and a root file system that cannot be written.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from typing import Any

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Container, Manifests, Pod, at, breach, many, pods
from homelab.policy.violation import Violations

HOST = ("hostNetwork", "hostPID", "hostIPC")
HANDLERS = ("httpGet", "tcpSocket")
ASKING = [
    (probe, handler) for probe in ("startupProbe", "readinessProbe", "livenessProbe") for handler in HANDLERS
]
LIFECYCLE = [("lifecycle", hook, handler) for hook in ("postStart", "preStop") for handler in HANDLERS]
"""Where a container says what the kubelet asks of it."""

VOLUMES = {"name", "configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
OPTIONS = ("seLinuxOptions", "windowsOptions")
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP = {"RuntimeDefault", "Localhost"}


def _effective(pod: Pod, container: Container, key: str) -> Any:
    """A container's own word goes before its pod's."""
    own = at(container.spec, "securityContext", key)
    return at(pod.spec, "securityContext", key) if own is None else own


def context(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Each container runs as an ordinary user, cannot gain rights and cannot write where its image lies."""
    for pod in pods(manifests):
        for container in pod.containers:
            yield from _user(pod, container)
            yield from _rights(pod, container)
        for name, value in pod.annotations.items():
            if name.startswith(APPARMOR) and not value.startswith(("runtime/default", "localhost/")):
                why = "it leaves the confinement that the runtime chose"
                yield breach(pod.manifest, "security.confined", f"annotations.{name}", value, why, "leave it out")


def _user(pod: Pod, container: Container) -> Violations:
    place = f"{container.place}.securityContext"
    if _effective(pod, container, "runAsNonRoot") is not True:
        given = str(_effective(pod, container, "runAsNonRoot") or "not set").lower()
        why = "an image that turns to root must not start"
        yield pod.breach("security.non-root", f"{place}.runAsNonRoot", given, why, "set runAsNonRoot: true")
    user = _effective(pod, container, "runAsUser")
    if user is None:
        why = "an image whose user is a name cannot be checked by the kubelet and does not start"
        yield pod.breach("security.non-root", f"{place}.runAsUser", "not set", why, "set the image's user id")
    elif user == 0:
        yield pod.breach("security.non-root", f"{place}.runAsUser", "0", "0 is root", "set the image's user id")
    seccomp = _effective(pod, container, "seccompProfile")
    if at(seccomp, "type") not in SECCOMP:
        given = str(at(seccomp, "type") or "not set")
        why = "system calls that no service needs stay open"
        fix = "set type: RuntimeDefault"
        yield pod.breach("security.seccomp", f"{place}.seccompProfile", given, why, fix)
    for holder, where in ((pod.spec, "securityContext"), (container.spec, place)):
        chosen = [(key, at(holder, "securityContext", key)) for key in OPTIONS]
        profile = at(holder, "securityContext", "appArmorProfile", "type")
        if profile not in {None, *SECCOMP}:
            chosen.append(("appArmorProfile", profile))
        for key, options in chosen:
            if options:
                why = "it leaves the confinement that the runtime chose"
                yield pod.breach("security.confined", f"{where}.{key}", str(options), why, "leave it out")


def _rights(pod: Pod, container: Container) -> Violations:
    own, place = container.spec.get("securityContext") or {}, f"{container.place}.securityContext"
    if own.get("privileged"):
        why = "a privileged container is root of the node"
        yield pod.breach("security.privileged", f"{place}.privileged", "true", why, "leave it out")
    if own.get("allowPrivilegeEscalation") is not False:
        given = "not set" if own.get("allowPrivilegeEscalation") is None else "true"
        why = "a set-uid program in the image would make it root"
        fix = "set allowPrivilegeEscalation: false"
        yield pod.breach("security.escalation", f"{place}.allowPrivilegeEscalation", given, why, fix)
    if own.get("readOnlyRootFilesystem") is not True:
        given = "not set" if own.get("readOnlyRootFilesystem") is None else "false"
        why = "an intruder could change the program"
        fix = "set readOnlyRootFilesystem: true and mount an emptyDir where it writes"
        yield pod.breach("security.read-only", f"{place}.readOnlyRootFilesystem", given, why, fix)
    if "ALL" not in many(at(own, "capabilities", "drop")):
        given = ", ".join(map(str, many(at(own, "capabilities", "drop")))) or "nothing"
        yield pod.breach(
            "security.capabilities", f"{place}.capabilities.drop", given, "no service needs any", "drop: [ALL]"
        )
    for added in many(at(own, "capabilities", "add")):
        path = f"{place}.capabilities.add"
        yield pod.breach("security.capabilities", path, str(added), "no service needs any", "leave it out")
    if own.get("procMount", "Default") != "Default":
        why = "it uncovers what the runtime hides of the kernel"
        yield pod.breach("security.confined", f"{place}.procMount", str(own["procMount"]), why, "leave it out")


def host(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Nothing of the node is shared: not its namespaces, ports, files, devices or kernel settings."""
    for pod in pods(manifests):
        for key in HOST:
            if pod.spec.get(key):
                yield pod.breach(
                    "host.namespaces", key, "true", "the pod would see the node's own", "leave it out"
                )
        if pod.spec.get("shareProcessNamespace"):
            why = "containers of a pod could read each other's environment, and the secrets in it"
            yield pod.breach("host.namespaces", "shareProcessNamespace", "true", why, "leave it out")
        for sysctl in many(at(pod.spec, "securityContext", "sysctls")):
            why = "a kernel setting is the node's business"
            given = str(at(sysctl, "name"))
            yield pod.breach("host.sysctls", "securityContext.sysctls", given, why, "set it on the host")
        for number, volume in enumerate(many(pod.spec.get("volumes"))):
            for kind in sorted(volume.keys() - VOLUMES):
                path = f"volumes[{number}].{kind}"
                given = str(at(volume, kind, "path") or kind)
                why = "a pod's files come from claims, ConfigMaps and Secrets"
                yield pod.breach("host.volumes", path, given, why, "use a persistentVolumeClaim or an emptyDir")
        for container in pod.containers:
            for port in many(container.spec.get("ports")):
                if at(port, "hostPort"):
                    path = f"{container.place}.ports"
                    why = "a port of the node is open to its whole network"
                    given = f"hostPort {port['hostPort']}"
                    yield pod.breach("host.ports", path, given, why, "leave hostPort out; Services reach the pod")
            for asked in (*ASKING, *LIFECYCLE):
                if other := at(container.spec, *asked, "host"):
                    why = "the kubelet would ask another host, which the pod itself may not reach"
                    path = ".".join((container.place, *asked, "host"))
                    yield pod.breach("host.probes", path, str(other), why, "leave it out")
            if container.spec.get("volumeDevices"):
                why = "a raw device goes round the file system"
                yield pod.breach("host.volumes", f"{container.place}.volumeDevices", "set", why, "mount it")


def priority(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Nothing of ours may push the node's own pods away, or choose its node past the scheduler."""
    for pod in pods(manifests):
        if name := pod.spec.get("priorityClassName"):
            why = "in need of memory the node's own pods would be ended first"
            yield pod.breach("host.priority", "priorityClassName", str(name), why, "leave it out")
        if name := pod.spec.get("nodeName"):
            why = "the scheduler, who knows what is free, is passed over"
            yield pod.breach("host.priority", "nodeName", str(name), why, "use a nodeSelector")
        if runtime := pod.spec.get("runtimeClassName"):
            why = "another runtime confines otherwise"
            yield pod.breach("host.priority", "runtimeClassName", str(runtime), why, "leave it out")
