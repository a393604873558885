"""Pages larger than 4 KiB: programs whose allocator was built for 4 KiB do not start."""

from collections.abc import Iterator
from dataclasses import dataclass

from homelab.budget import Budget
from homelab.facts import Facts
from homelab.gates.gate import Evidence, Gate

USUAL = 4096

LARGEST = 65536
"""Bytes: to this every segment in the arm64 wheels of NATS, Oxigraph, Postgres and ONNX Runtime is aligned
(readelf); NATS and Oxigraph were started on 16 KiB pages (qemu-aarch64 -p 16384).
"""


@dataclass(frozen=True, slots=True)
class Failing:
    """An image that ends with `<jemalloc>: Unsupported system page size`, and in whose place one might put it."""

    image: str
    consumers: tuple[str, ...]
    source: str


FAILING = (
    Failing("Postgres with pgvecto.rs", ("postgres",), "github.com/immich-app/immich/issues/19038"),
    Failing("Qdrant", ("postgres",), "github.com/qdrant/qdrant/issues/2474"),
    Failing("Vector, as Supabase ships logs", ("collector",), "github.com/supabase/supabase/issues/18815"),
    Failing("InfluxDB 3", ("timescaledb",), "github.com/influxdata/influxdb/issues/26066"),
)
"""Reported on a Raspberry Pi 5 or another arm64 kernel with large pages."""

OURS = "the arm64 wheels' own segments"


def images(facts: Facts, budget: Budget) -> Iterator[Gate]:
    """Which images must not take the place of something on this host."""
    size = facts.homelab.page_size
    if size == USUAL:
        return
    pi = "kernel=kernel8.img in /boot/firmware/config.txt (4 KiB pages, a reboot)"
    kernel = pi if "Raspberry Pi" in (facts.homelab.model or "") else "a kernel with 4 KiB pages"
    evidence = Evidence("homelab.page_size", f"{size} bytes")
    if size > LARGEST:
        rule = f"what the platform runs is built for pages of at most {LARGEST} bytes"
        yield Gate("pages.images", "refuse", facts.host, evidence, rule, OURS, kernel)
        return
    near = [image for image in FAILING if any(consumer in budget for consumer in image.consumers)]
    for image in near:
        rule = f"{image.image} does not start on pages above {USUAL} bytes; the platform's own does"
        mend = f"keep the platform's own, or {kernel}"
        yield Gate("pages.images", "info", facts.host, evidence, rule, image.source, mend)
