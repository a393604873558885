"""What may be wrong with a container."""

from typing import Any

from seeds.mutation import bare, container, fit

# limits


@container
def no_resources(c: Any) -> None:
    del c["resources"]


@container
def no_limits(c: Any) -> None:
    del c["resources"]["limits"]


@container
def no_requests(c: Any) -> None:
    del c["resources"]["requests"]


@container
def no_memory_limit(c: Any) -> None:
    del c["resources"]["limits"]["memory"]


@container
def no_cpu_limit(c: Any) -> None:
    del c["resources"]["limits"]["cpu"]


@container
def memory_above_the_ledger(c: Any) -> None:
    c["resources"]["limits"]["memory"] = "512Gi"


@container
def memory_one_mib_above_the_ledger(c: Any) -> None:
    limit = c["resources"]["limits"]["memory"]
    fit(limit.endswith("Mi"))
    c["resources"]["limits"]["memory"] = f"{int(limit[:-2]) + 1}Mi"


@container
def cpu_above_the_ledger(c: Any) -> None:
    c["resources"]["limits"]["cpu"] = "64"


@container
def request_above_limit(c: Any) -> None:
    c["resources"]["requests"]["memory"] = "900Gi"


@container
def negative_memory(c: Any) -> None:
    c["resources"]["limits"]["memory"] = "-1Mi"


@container
def memory_that_is_no_quantity(c: Any) -> None:
    c["resources"]["limits"]["memory"] = "1024MB"


# images


@container
def latest(c: Any) -> None:
    c["image"] = f"{bare(c['image'])}:latest"


@container
def no_tag(c: Any) -> None:
    c["image"] = bare(c["image"])


@container
def moving_tag(c: Any) -> None:
    c["image"] = f"{bare(c['image'])}:stable"


@container
def major_version_only(c: Any) -> None:
    c["image"] = f"{bare(c['image'])}:2"


@container
def main_branch(c: Any) -> None:
    c["image"] = f"ghcr.io/{bare(c['image'])}:main"


@container
def broken_digest(c: Any) -> None:
    c["image"] = f"{bare(c['image'])}@sha256:abc123"


@container
def no_image(c: Any) -> None:
    del c["image"]


@container
def always_pulled(c: Any) -> None:
    c["imagePullPolicy"] = "Always"


# context


@container
def root(c: Any) -> None:
    c["securityContext"]["runAsUser"] = 0


@container
def may_be_root(c: Any) -> None:
    c["securityContext"]["runAsNonRoot"] = False


@container
def privileged(c: Any) -> None:
    c["securityContext"]["privileged"] = True


@container
def may_escalate(c: Any) -> None:
    c["securityContext"]["allowPrivilegeEscalation"] = True


@container
def escalation_unset(c: Any) -> None:
    del c["securityContext"]["allowPrivilegeEscalation"]


@container
def no_context(c: Any) -> None:
    del c["securityContext"]


@container
def capability_added(c: Any) -> None:
    c["securityContext"]["capabilities"]["add"] = ["SYS_ADMIN"]


@container
def net_raw_added(c: Any) -> None:
    c["securityContext"]["capabilities"]["add"] = ["NET_RAW"]


@container
def capabilities_kept(c: Any) -> None:
    del c["securityContext"]["capabilities"]


@container
def one_capability_dropped(c: Any) -> None:
    c["securityContext"]["capabilities"]["drop"] = ["NET_RAW"]


@container
def writable_root(c: Any) -> None:
    c["securityContext"]["readOnlyRootFilesystem"] = False


@container
def unconfined_seccomp(c: Any) -> None:
    c["securityContext"]["seccompProfile"] = {"type": "Unconfined"}


@container
def unmasked_proc(c: Any) -> None:
    c["securityContext"]["procMount"] = "Unmasked"


@container
def host_port(c: Any) -> None:
    c.setdefault("ports", []).append({"containerPort": 9999, "hostPort": 9999})


@container
def raw_device(c: Any) -> None:
    c["volumeDevices"] = [{"name": "disk", "devicePath": "/dev/sda"}]


@container
def no_readiness(c: Any) -> None:
    fit("readinessProbe" in c)
    del c["readinessProbe"]


@container
def no_liveness(c: Any) -> None:
    fit("livenessProbe" in c)
    del c["livenessProbe"]


@container
def probe_of_another_host(c: Any) -> None:
    fit("readinessProbe" in c)
    c["readinessProbe"] = {"httpGet": {"host": "169.254.169.254", "path": "/", "port": 80}}


@container
def another_selinux_type(c: Any) -> None:
    c["securityContext"]["seLinuxOptions"] = {"type": "spc_t"}
