"""The pod security standard `restricted`, and a root file system that cannot be written.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)

STANDARD = "restricted"


def pod_context(uid: int) -> PodSecurityContextArgs:
    """`uid` is also its group, and the group of its volumes."""
    return PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=uid,
        run_as_group=uid,
        fs_group=uid,
        # A volume that is its group's already is not walked through at every start.
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_context() -> SecurityContextArgs:
    return SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
    )
