"""Without the memory controller no limit of the plan can be enforced."""

from collections.abc import Iterator

from homelab.facts import Facts
from homelab.gates.gate import Evidence, Gate

RPI_SAYS = (
    "github.com/raspberrypi/linux/commit/9b0efcc1: off by default; k3s ends with 'Failed to find memory cgroup'"
)
CMDLINE = "add cgroup_enable=memory cgroup_memory=1 to the one line of /boot/firmware/cmdline.txt, and reboot"
OTHERS = "boot without cgroup_disable=memory (CONFIG_MEMCG must be in the kernel)"


def memory(facts: Facts) -> Iterator[Gate]:
    if facts.homelab.memory_cgroup:
        return
    mend = CMDLINE if "Raspberry Pi" in (facts.homelab.model or "") else OTHERS
    evidence = Evidence("homelab.memory_cgroup", "false")
    rule = "no limit of this plan can be enforced, and k3s does not start"
    source = RPI_SAYS if mend is CMDLINE else "kernel.org, cgroup-v2, Memory"
    yield Gate("cgroup.memory", "warn", facts.host, evidence, rule, source, mend)
