"""What the audit measured on one host: the document `facts/<host>.json`, as the rest of the code reads it.

The keys of the five parts are the names of the files that the audit leaves on the host. Memory is MiB although
the keys say `mb`; sizes of disks are bytes; rates of disks are decimal megabytes.
"""

from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Literal[1] = 1

StorageClass = Literal["nvme", "ssd", "hdd", "emmc", "sd"]


class Part(BaseModel):
    """Unknown keys are refused: facts are written by the audit, so a strange key is a damaged or foreign file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_name=True)


class Homelab(Part):
    """`homelab.fact`: the machine and its memory."""

    schema_version: Literal[1]
    audited_at: AwareDatetime = Field(description="by the controller's clock; a Raspberry Pi has none of its own")
    host: str = Field(min_length=1, description="inventory name")
    machine_id: str | None = Field(description="/etc/machine-id, else the board's serial number")
    boot_id: str | None
    total_ram_mb: int = Field(ge=1, description="MiB that programs may use; a container's limit where smaller")
    available_ram_mb: int = Field(ge=0, description="MiB at the time of the audit")
    cpu_cores: int = Field(ge=1, description="a container's quota, rounded down, where smaller")
    architecture: str = Field(min_length=1, description="x86_64, arm64, or as `uname -m` says")
    os_family: str = Field(min_length=1, description="debian, haos, rhel, …")
    os_release: str = Field(min_length=1, description="for people")
    kernel: str
    page_size: int = Field(ge=4096, description="bytes; 16384 on a Raspberry Pi 5's default kernel")
    cgroup_version: Literal[1, 2] | None
    memory_cgroup: bool = Field(description="false on a Raspberry Pi until cmdline.txt enables it")
    model: str | None = Field(description="device tree or DMI")
    virtualization: str = Field(min_length=1, description="none, kvm, wsl, docker, lxc, …")
    unified_memory: bool = Field(description="the GPU computes in main memory, which is then one pool for both")

    @model_validator(mode="after")
    def _available_within_total(self) -> Self:
        if self.available_ram_mb > self.total_ram_mb:
            raise ValueError(f"available_ram_mb {self.available_ram_mb} exceeds total_ram_mb {self.total_ram_mb}")
        if self.page_size & (self.page_size - 1):
            raise ValueError(f"page_size {self.page_size} is not a power of two")
        return self


class Cpu(Part):
    """`cpu_capabilities.json`"""

    cpu_model: str = Field(min_length=1)
    flags: tuple[str, ...] = Field(description="as /proc/cpuinfo names them, sorted")
    has_avx: bool
    has_avx2: bool
    has_avx512: bool = Field(description="at least the foundation, avx512f")
    has_neon: bool

    @model_validator(mode="after")
    def _flags_agree(self) -> Self:
        for flag, said in (("avx", self.has_avx), ("avx2", self.has_avx2), ("avx512f", self.has_avx512)):
            if (flag in self.flags) is not said:
                raise ValueError(f"has_{flag.removesuffix('f')} is {said}, which flags contradict")
        return self


class Gpu(Part):
    """`gpu_info.json`: the GPU with the most memory among those that programs can compute on."""

    has_gpu: bool = Field(description="a GPU whose memory is known; others are listed in `adapters` only")
    vendor: Literal["nvidia", "amd"] | None = None
    gpu_name: str | None = None
    gpu_count: int = Field(default=0, ge=0)
    gpu_vram_mb: int | None = Field(default=None, ge=1, description="MiB of one card, or the unified pool")
    driver_version: str | None = None
    compute_capability: str | None = Field(default=None, pattern=r"^\d+\.\d+$")
    jetpack: str | None = None
    l4t: str | None = Field(default=None, description="Jetson Linux, as 36.4.3")
    adapters: tuple[str, ...] = Field(default=(), description="graphics on the PCI bus, as Intel 8086:46d1")
    accelerators: tuple[str, ...] = Field(default=(), description="as Hailo-8 or Hailo-8L")

    @model_validator(mode="after")
    def _described_where_present(self) -> Self:
        if self.has_gpu and not (self.vendor and self.gpu_name and self.gpu_count and self.gpu_vram_mb):
            raise ValueError("has_gpu is true, so vendor, gpu_name, gpu_count and gpu_vram_mb must say which")
        if not self.has_gpu and (self.vendor or self.gpu_name or self.gpu_count or self.gpu_vram_mb):
            raise ValueError("has_gpu is false, but a GPU is described")
        return self


class Benchmark(Part):
    """One fio run on a mount: what it found and under which conditions."""

    measured_at: AwareDatetime
    tool: str = Field(description="fio-3.33")
    size_mib: int = Field(ge=1, description="of the file that was read and written")
    runtime_s: int = Field(ge=1, description="per pass")
    queue_depth: int = Field(ge=1, description="requests in flight in the random passes")
    direct: bool = Field(description="false: the file system refuses O_DIRECT and the page cache took part")
    sequential_read_mb_s: float = Field(ge=0)
    sequential_write_mb_s: float = Field(ge=0)
    random_read_mb_s: float = Field(ge=0)
    random_write_mb_s: float = Field(ge=0)
    random_read_iops: int = Field(ge=0, description="4 KiB")
    random_write_iops: int = Field(ge=0, description="4 KiB")
    fsync_p99_us: int = Field(ge=0, description="microseconds; what a commit waits for")


class Device(Part):
    """A whole disk."""

    name: str = Field(min_length=1, description="nvme0n1, as below /sys/block")
    size_bytes: int = Field(ge=1)
    storage_class: StorageClass = Field(alias="class")
    model: str | None
    removable: bool


class Mount(Part):
    """A mounted file system that can hold data; network file systems and the kernel's own are left out."""

    path: str = Field(pattern=r"^/")
    source: str = Field(description="as /proc/mounts names it")
    device: str | None = Field(description="name of the disk below it; none where that cannot be told")
    filesystem: str
    size_bytes: int = Field(ge=1)
    free_bytes: int = Field(ge=0, description="what an ordinary user may still write")
    platform_bytes: int = Field(default=0, ge=0, description="the platform's own data, in use")
    image_bytes: int = Field(default=0, ge=0, description="images of containers, where its cluster has a node")
    model_bytes: int = Field(default=0, ge=0, description="files of the model servers that are placed here")
    storage_class: StorageClass = Field(alias="class")
    read_only: bool
    benchmark: Benchmark | None = None

    @model_validator(mode="after")
    def _free_within_size(self) -> Self:
        if self.free_bytes > self.size_bytes:
            raise ValueError(f"free_bytes {self.free_bytes} exceeds size_bytes {self.size_bytes}")
        if self.held_bytes > self.size_bytes - self.free_bytes:
            raise ValueError(f"platform, images and models hold {self.held_bytes} bytes, more than is in use")
        return self

    @property
    def held_bytes(self) -> int:
        """What is in use by this platform, and so no other's."""
        return self.platform_bytes + self.image_bytes + self.model_bytes


class Storage(Part):
    """`storage_performance.json`"""

    devices: tuple[Device, ...]
    mounts: tuple[Mount, ...]

    def mount_of(self, path: str | PurePosixPath) -> Mount | None:
        """The mount that holds an absolute path (which need not exist yet); none when no mount was measured."""
        wanted = f"{PurePosixPath(path)}/"
        holding = [mount for mount in self.mounts if wanted.startswith(f"{mount.path.rstrip('/')}/")]
        return max(holding, key=lambda mount: len(mount.path), default=None)


class Peer(Part):
    """The way to another host of the inventory. Without an answer, latencies are none and the loss is 100."""

    peer: str = Field(min_length=1)
    address: str
    measured_at: AwareDatetime
    loss_percent: float = Field(ge=0, le=100)
    latency_min_ms: float | None = Field(ge=0)
    latency_avg_ms: float | None = Field(ge=0)
    latency_max_ms: float | None = Field(ge=0)
    bandwidth_mbit_s: float | None = Field(default=None, ge=0, description="of one TCP stream; none: no iperf3")
    mtu: int | None = Field(default=None, ge=68, description="of the interface that leads there")
    path: Literal["direct", "relayed"] | None = Field(default=None, description="none: not over a tailnet")

    @model_validator(mode="after")
    def _latencies_in_order(self) -> Self:
        known = [v for v in (self.latency_min_ms, self.latency_avg_ms, self.latency_max_ms) if v is not None]
        if len(known) not in (0, 3) or known != sorted(known):
            raise ValueError("latency_min_ms, latency_avg_ms and latency_max_ms must be given together and rise")
        return self


class Network(Part):
    """`network_profile.json`"""

    peers: tuple[Peer, ...]


class AuditWarning(Part):
    """A probe that failed or misled, and what the audit recorded instead."""

    probe: str = Field(min_length=1)
    message: str = Field(min_length=1)
    default: str | int | float | bool | None


class Facts(Part):
    schema_version: Literal[1]
    host: str = Field(min_length=1)
    homelab: Homelab
    cpu: Cpu = Field(alias="cpu_capabilities")
    gpu: Gpu = Field(alias="gpu_info")
    storage: Storage = Field(alias="storage_performance")
    network: Network = Field(alias="network_profile")
    warnings: tuple[AuditWarning, ...]

    @model_validator(mode="after")
    def _one_host(self) -> Self:
        if self.host != self.homelab.host:
            raise ValueError(f"host is {self.host!r} here and {self.homelab.host!r} in homelab")
        if self.homelab.unified_memory and not self.gpu.has_gpu:
            raise ValueError("homelab.unified_memory is true, but gpu_info has no GPU to share the memory with")
        return self
