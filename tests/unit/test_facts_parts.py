"""Odd answers of single probes, which no recorded machine gave."""

import pytest

from homelab.audit.cpu import cores, cpu
from homelab.audit.gpu import gpu
from homelab.audit.memory import memory
from homelab.audit.sections import Raw, Section
from homelab.audit.storage import storage
from homelab.audit.system import system

ORIN = Section(0, "nvidia,p3737-0000+p3701-0005\nnvidia,tegra234\n")


def raw(**sections: str | Section) -> Raw:
    """Sections by name (`nvidia_smi` for `nvidia-smi`); a plain text is a success."""
    return Raw(
        "box",
        {
            name.replace("_", "-"): part if isinstance(part, Section) else Section(0, part)
            for name, part in sections.items()
        },
    )


def test_a_flag_counts_only_when_every_core_has_it() -> None:
    told = cpu(
        raw(cpuinfo="model name\t: big\nflags\t\t: fpu avx avx2\nmodel name\t: little\nflags\t\t: fpu avx\n")
    )
    assert told.flags == ("avx", "fpu")
    assert (told.has_avx, told.has_avx2) == (True, False)
    assert told.cpu_model == "big + little"


def test_an_unknown_arm_core_is_told_by_its_numbers() -> None:
    told = cpu(raw(cpuinfo="Features\t: fp asimd\nCPU implementer\t: 0x61\nCPU part\t: 0x022\n"))
    assert told.cpu_model == "implementer 0x61 part 0x022"
    assert told.has_neon


@pytest.mark.parametrize(("quota", "usable"), [("50000 100000", 1), ("399999 100000", 3), ("900000 100000", 8)])
def test_a_cpu_quota_below_the_cores_counts_in_whole_cores(quota: str, usable: int) -> None:
    assert cores(raw(nproc="8", cgroup_limits=f"cpu {quota}\ncpu max 100000")) == usable


def test_the_tightest_of_nested_memory_limits_counts() -> None:
    limits = "memory 8589934592 1048576\nmemory 2147483648 536870912\nmemory max 0\nmemory 9223372036854771712 0"
    told = memory(
        raw(meminfo="MemTotal: 16777216 kB\nMemAvailable: 8388608 kB", pagesize="4096", cgroup_limits=limits)
    )
    assert (told.total, told.available) == (2048, 1536)


@pytest.mark.parametrize("nothing", ["[N/A]", "Not Supported", "[Not Supported]", "N/A", ""])
def test_what_nvidia_smi_does_not_tell_is_none_and_never_a_number(nothing: str) -> None:
    row = f"Orin (nvgpu), {nothing}, {nothing}, {nothing}"
    told, unified = gpu(raw(nvidia_smi=row, compatible=ORIN), 62841, "arm64")
    assert unified
    assert (told.gpu_vram_mb, told.driver_version, told.compute_capability) == (62841, None, "8.7")


def test_an_old_driver_without_compute_cap_is_asked_again_without_it() -> None:
    told, unified = gpu(
        raw(nvidia_smi=Section(2, "Field is not valid"), nvidia_smi_old="Tesla K80, 11441, 470.256.02\n"),
        32000,
        "x86_64",
    )
    assert not unified
    assert (told.gpu_name, told.gpu_vram_mb, told.driver_version) == ("Tesla K80", 11441, "470.256.02")
    assert told.compute_capability is None


def test_of_several_cards_the_one_with_most_memory_is_told() -> None:
    rows = "NVIDIA T400, 2048, 570.1, 7.5\nNVIDIA RTX A5000, 24564, 570.1, 8.6\n"
    told, _ = gpu(raw(nvidia_smi=rows), 64000, "x86_64")
    assert (told.gpu_name, told.gpu_vram_mb, told.gpu_count) == ("NVIDIA RTX A5000", 24564, 2)


def test_a_pc_whose_card_hides_its_memory_has_no_unified_memory_and_no_gpu_to_plan_with() -> None:
    probes = raw(nvidia_smi="NVIDIA RTX 3070 Laptop GPU, [N/A], 570.1, 8.6")
    told, unified = gpu(probes, 32000, "x86_64")
    assert (told.has_gpu, unified) == (False, False)
    assert [warning.message for warning in probes.warnings] == [
        "NVIDIA RTX 3070 Laptop GPU is there, but no driver tells its memory"
    ]


def test_a_graphics_adapter_of_a_server_or_of_a_hypervisor_is_no_gpu() -> None:
    probes = raw(lspci="03:00.0 0300: 1a03:2000 (rev 41)\n00:01.0 0300: 1af4:1050\n")
    assert gpu(probes, 8000, "x86_64")[0].adapters == ()
    assert probes.warnings == []


def test_a_jetson_newer_than_its_table_is_a_jetson_without_a_compute_capability() -> None:
    probes = raw(tegra_release="# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic")
    told, unified = gpu(probes, 122000, "arm64")
    assert unified
    assert (told.gpu_name, told.compute_capability, told.jetpack, told.l4t) == ("Tegra", None, "7", "38.2.0")
    assert [warning.probe for warning in probes.warnings] == ["compute_capability"]


def test_an_sd_card_that_the_kernel_does_not_tell_from_emmc_is_taken_for_the_slower() -> None:
    probes = raw(disks="mmcblk0 62333952 0 0 - ", df="x", mounts="")
    assert [disk.storage_class for disk in storage(probes).devices] == ["sd"]


def test_without_lsblk_a_partition_belongs_to_the_disk_of_its_name() -> None:
    probes = raw(
        disks="sda 1000 1 0 - old\nnvme0n1 1000 0 0 - new",
        mounts="/dev/sda1 /a ext4 rw 0 0\n/dev/nvme0n1p8 /b ext4 ro,noatime 0 0\n",
        df="/dev/sda1 100 50 40 56% /a\n/dev/nvme0n1p8 100 50 50 50% /b\n",
    )
    assert [(mount.device, mount.storage_class, mount.read_only) for mount in storage(probes).mounts] == [
        ("sda", "hdd", False),
        ("nvme0n1", "nvme", True),
    ]


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"virtualization": Section(1, "none")}, "none"),
        ({"virtualization": "lxc"}, "lxc"),
        ({"uname": "Linux 5.15.167.4-microsoft-standard-WSL2 x86_64"}, "wsl"),
        ({"cpuinfo": "flags\t\t: fpu hypervisor"}, "vm"),
        ({"container": "podman"}, "podman"),
        ({}, "none"),
    ],
)
def test_a_machine_within_another_is_told_by_systemd_or_by_its_traces(
    sections: dict[str, str | Section], told: str
) -> None:
    assert system(raw(**sections), "linux").virtualization == told
