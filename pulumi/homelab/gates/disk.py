"""The disk that holds the data: fast enough to commit on, and with the room that the plan takes."""

from collections.abc import Iterator

from homelab.budget import Budget
from homelab.facts import Facts, Mount
from homelab.gates.gate import Evidence, Gate

ETCD_FSYNC_P99_US = 10_000
"""Microseconds; etcd's FAQ: the 99th percentile of wal_fsync_duration_seconds should be below 10 ms."""
ETCD_SAYS = "etcd.io/docs/v3.5/faq, wal_fsync_duration_seconds"

WORN_BY_ETCD = ("sd", "emmc")
"""k3s' maintainers advise against embedded etcd on them: slow, and soon worn out by its many small writes."""
K3S_SAYS = "github.com/k3s-io/k3s/discussions/8040"

JETSTREAM_FSYNC_P99_US = 100_000
"""Microseconds, our judgement; NATS publishes none. JetStream syncs in the background (sync_interval, 2 min) while
publishers wait: nats-py gives up after 5 s, of which a stream with twenty blocks to sync may take two.
"""
JETSTREAM_SAYS = "docs.nats.io/reference/config/jetstream/sync_interval; threshold: this project"

OTHER = "another disk (NVMe or SSD) or host for it"
SQLITE = "keep k3s on its sqlite datastore (no --cluster-init)"


def measured(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """Without a measured mount the plan takes the smallest and slowest that people boot from."""
    if budget.disk.mount is None:
        evidence = Evidence("storage_performance.mounts", "none holds the data")
        rule = f"an unmeasured disk is planned as {budget.disk.total.value} GiB of {budget.disk.storage_class}"
        mend = f"./lab ansible-hardware-audit --limit {facts.host}"
        yield Gate("disk.measured", "warn", facts.host, evidence, rule, "homelab.budget.storage", mend)


def etcd(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """Whether a k3s server with embedded etcd could live on it; by class where it was not measured."""
    mount = _mount(facts, budget)
    if mount is None:
        return
    rule = f"etcd wants an fsync p99 below {ETCD_FSYNC_P99_US // 1000} ms"
    if mount.benchmark is not None:
        p99 = mount.benchmark.fsync_p99_us
        if p99 >= ETCD_FSYNC_P99_US:
            mend = f"{SQLITE}, or {OTHER}"
            yield Gate("disk.etcd", "warn", facts.host, _fsync(mount, p99), rule, ETCD_SAYS, mend)
        return
    evidence = Evidence(f"{_at(mount)}.class", f"{mount.storage_class}, fsync unmeasured")
    if mount.storage_class in WORN_BY_ETCD:
        rule = f"etcd's many small writes are too slow for {mount.storage_class} and wear it out"
        yield Gate("disk.etcd", "warn", facts.host, evidence, rule, K3S_SAYS, f"{SQLITE}, or {OTHER}")
        return
    mend = f"{SQLITE}, or measure: {_benchmark(facts)}"
    yield Gate("disk.etcd", "info", facts.host, evidence, rule, ETCD_SAYS, mend)


def jetstream(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """Whether NATS' file store keeps up where NATS is placed here."""
    if "nats" in budget:
        yield from commits(facts, budget, "nats", "JetStream")


def commits(facts: Facts, budget: Budget, consumer: str, store: str) -> Iterator[Gate]:
    """Whether a store that syncs what it was told keeps up: a tenth of a second is what its clients bear."""
    mount = _mount(facts, budget)
    if mount is None:
        return
    rule = f"{store} wants an fsync p99 below {JETSTREAM_FSYNC_P99_US // 1000} ms"
    mend = f"local.data_dir on another disk (NVMe or SSD), or place {consumer} on another host than {facts.host}"
    if mount.benchmark is not None:
        p99 = mount.benchmark.fsync_p99_us
        if p99 >= JETSTREAM_FSYNC_P99_US:
            yield Gate("disk.jetstream", "warn", facts.host, _fsync(mount, p99), rule, JETSTREAM_SAYS, mend)
        return
    if mount.storage_class in ("sd", "hdd"):
        evidence = Evidence(f"{_at(mount)}.class", f"{mount.storage_class}, fsync unmeasured")
        rule = f"{rule}; an unmeasured {mount.storage_class} is taken to miss it"
        mend = f"{mend}; or measure: {_benchmark(facts)}"
        yield Gate("disk.jetstream", "warn", facts.host, evidence, rule, JETSTREAM_SAYS, mend)


def free(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """Whether what the plan hands out fits into what is free, or the platform's already."""
    mount = _mount(facts, budget)
    if mount is None:
        return
    planned = sum(share.value for share in budget.disk.shares.values())
    room = budget.disk.usable.value
    if mount.read_only:
        evidence = Evidence(f"{_at(mount)}.read_only", "true")
        rule = "data is written"
    elif planned > room or not room:
        evidence = Evidence(f"{_at(mount)}.free_bytes", f"{room} GiB")
        rule = f"the plan takes {planned} GiB of it"
    else:
        return
    mend = "make room and audit again, or put the data on another disk"
    yield Gate("disk.free", "refuse", facts.host, evidence, rule, "the ledger: ./lab plan", mend)


def _mount(facts: Facts, budget: Budget) -> Mount | None:
    if budget.disk.mount is None:
        return None
    return facts.storage.mount_of(budget.disk.mount)


def _at(mount: Mount) -> str:
    return f"storage_performance.mounts[{mount.path}]"


def _fsync(mount: Mount, us: int) -> Evidence:
    return Evidence(f"{_at(mount)}.benchmark.fsync_p99_us", f"{us / 1000:.1f} ms on {mount.storage_class}")


def _benchmark(facts: Facts) -> str:
    return f"./lab ansible-hardware-audit --limit {facts.host} --storage-benchmark"
