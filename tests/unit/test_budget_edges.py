"""Where a rule of the ledger turns: the last MiB, millicore or GiB that fits, and what is told on each side."""

import importlib
import pkgutil
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from homelab import budget as budget_package
from homelab import profile
from homelab import specs as specs_package
from homelab.budget import Budget, models, plan
from homelab.figure import Figure
from homelab.profile import Profile
from homelab.profile.rules import CpuShare
from unit.hosts import facts
from unit.test_budget import EVERYTHING

DEFAULT = profile.load("default", ram_mib=1)


def budget(
    ram_mib: int, placed: tuple[str, ...], *, cores: int = 8, rules: Profile = DEFAULT, **machine: object
) -> Budget:
    return plan(facts(ram_mib, cores=cores, **machine), placed, rules, "desktop")  # type: ignore[arg-type]


def ruled(name: str, **keys: object) -> Profile:
    """The default profile, but for these keys of one consumer."""
    consumers = DEFAULT.rules.consumers
    changed = {**consumers, name: consumers[name].model_copy(update=keys)}
    return replace(DEFAULT, rules=DEFAULT.rules.model_copy(update={"consumers": changed}))


def why(figure: Figure) -> str:
    return figure.chain[-1].because


def modules(package: ModuleType) -> list[str]:
    return [f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize(
    ("package", "name"),
    [(package, name) for package in (budget_package, specs_package) for name in modules(package)],
)
def test_nothing_that_was_computed_can_be_changed(package: ModuleType, name: str) -> None:
    module = importlib.import_module(name)
    kept = [one for one in vars(module).values() if isinstance(one, type) and is_dataclass(one)]
    for one in [one for one in kept if one.__module__ == name]:
        assert one.__dataclass_params__.frozen, one.__name__  # type: ignore[attr-defined]
        if package is budget_package:
            assert {field.name for field in fields(one)} == set(one.__dict__["__slots__"]), one.__name__


def test_floors_that_fill_a_host_to_the_last_mib_fit() -> None:
    # 3200: 640 for the system, 64 of headroom; 768 + 512 + 256 + 256 + 256 + 256 + 192 = 2496 of floors.
    ledger = budget(3200, ("litellm", "postgres", "nats", "oxigraph", "embed", "api", "chunk"))
    assert ledger.free_mib == 0
    assert [line.limit.value for line in ledger.lines[2:]] == [512, 768, 256, 256, 192, 256, 256]


def test_a_replica_that_fits_to_the_last_mib_is_there() -> None:
    # 3200 - 640 - 64 - (768 + 256 + 192 + 640) leaves 640, the floor of a second extractor.
    ledger = budget(3200, ("litellm", "embed", "chunk", "extract"))
    assert (ledger.line("extract").replicas_max, ledger.free_mib) == (2, 0)
    assert budget(3100, ("litellm", "embed", "chunk", "extract")).line("extract").replicas_max == 1


def test_a_burst_consumer_that_may_not_grow_keeps_its_floor() -> None:
    extract = budget(32000, ("extract",), rules=ruled("extract", ceiling=640)).line("extract")
    assert (extract.limit.value, extract.replicas_max) == (640, 3)


def test_a_burst_consumer_grows_by_a_single_mib_where_that_is_all_it_may() -> None:
    rules = ruled("extract", ceiling=641, replicas=1)
    assert budget(32000, ("extract",), rules=rules).line("extract").limit.value == 641


def test_what_is_its_bound_already_is_not_said_to_be_cut() -> None:
    rules = ruled("chunk", cpu=CpuShare(request="200m", limit="200m"))
    chunk = budget(24000, ("chunk", "embedder"), rules=rules)
    assert chunk.line("chunk").cpu_request.chain[-1].kind == "profile"
    assert chunk.line("embedder").cpu_limit.chain[-1].kind == "profile"  # all cores


def test_a_request_shrinks_to_a_millicore_and_not_to_nothing() -> None:
    rules = ruled("chunk", cpu=CpuShare(request="1m", limit="500m"))
    chunk = budget(24000, EVERYTHING, cores=1, rules=rules).line("chunk")
    assert (chunk.cpu_request.value, chunk.cpu_request.chain[-1].kind) == (1, "clamp")


@pytest.mark.parametrize(("cores", "replicas"), [(7, 2), (8, 3)])
def test_eight_cores_are_not_few(cores: int, replicas: int) -> None:
    assert budget(64000, ("extract",), cores=cores).line("extract").replicas_max == replicas


def test_a_target_that_is_the_floor_is_told_as_the_floor() -> None:
    # 3 % of 25600 MiB are 768, which LiteLLM needs anyway.
    limit = budget(25600, EVERYTHING).line("litellm").limit
    assert (limit.value, why(limit)) == (768, "its floor")


@pytest.mark.parametrize(
    ("ram_mib", "limit", "because"),
    [(1200, 256, "its floor"), (4000, 800, "20 % of RAM"), (1300, 260, "20 % of RAM")],
)
def test_nats_has_its_floor_or_its_whole_target_where_nobody_shares_with_it(
    ram_mib: int, limit: int, because: str
) -> None:
    found = budget(ram_mib, ("nats",)).line("nats").limit
    assert (found.value, why(found)) == (limit, because)


def test_nats_gets_what_the_burst_pool_cannot_use_beyond_its_half() -> None:
    # 409600 less 320000 for the system, headroom and the services that grow first, less 3712 of floors: 85888 are
    # left. The pool can use 3 x 6144 - 640 and 2 x 6144 - 384, together 29696; the rest is more than a half.
    ledger = budget(400 * 1024, EVERYTHING, cores=16)
    assert ledger.line("nats").limit.value == 256 + 85888 - 29696
    assert why(ledger.line("nats").limit) == (
        "its floor and half of what is left, and what the burst pool cannot use"
    )
    assert [(ledger.line(name).limit.value, ledger.line(name).replicas_max) for name in ("extract", "graph")] == [
        (6144, 3),
        (6144, 2),
    ]
    assert ledger.free_mib == 0


def test_requests_that_are_just_what_they_may_be_do_not_shrink() -> None:
    # 250 + 250 + 250 + 100 + 50 of the 900 millicores that may be asked for of one core.
    ledger = budget(16000, ("litellm", "embedder", "promptfoo", "embed", "collector"), cores=1)
    assert [line.cpu_request.value for line in ledger.lines[2:]] == [250, 250, 100, 50, 250]
    assert not any("shrink" in step.because for line in ledger.lines for step in line.cpu_request.chain)


def test_a_request_in_percent_is_clamped_to_a_limit_in_millicores() -> None:
    litellm = DEFAULT.rules.consumers["litellm"]
    cpu = litellm.cpu.model_copy(update={"request": "30%"})
    consumers = {**DEFAULT.rules.consumers, "litellm": litellm.model_copy(update={"cpu": cpu})}
    rules = replace(DEFAULT, rules=DEFAULT.rules.model_copy(update={"consumers": consumers}))
    line = budget(16000, ("litellm",), rules=rules).line("litellm")
    assert (line.cpu_request.value, line.cpu_limit.value) == (500, 500)
    assert why(line.cpu_request) == "a request never exceeds its limit"
    assert why(budget(16000, ("litellm",)).line("litellm").cpu_request) == "what its work needs, whatever the host"


SERVERS = ("llama-server", "ollama")


def test_a_card_that_just_holds_the_smallest_setup_is_used() -> None:
    # The smallest of glm-4.7-flash takes 16116 MiB; 70 % of 23023 are that, of 23022 one less.
    def pool(vram_mib: int) -> str:
        return budget(64_000, ("llama-server",), vram_mib=vram_mib).servings["llama-server"].pool

    assert [pool(23023), pool(23022)] == ["vram", "ram"]


def test_the_card_says_who_has_all_that_is_of_use_and_what_is_left() -> None:
    # 70 % of 100000 MiB less 51907 and 16426, the largest setups there are.
    large, small = (budget(64_000, SERVERS, vram_mib=mib).vram for mib in (100_000, 40_000))
    assert large is not None
    assert small is not None
    assert (large.kept.value, large.free_mib) == (30_000, 1667)
    assert why(large.shares["llama-server"]).startswith("at most glm-4.7-flash Q8_0")
    assert why(small.shares["llama-server"]).startswith("of 51907 MiB for glm-4.7-flash Q8_0")
    assert small.free_mib == 0


@pytest.mark.parametrize(
    ("ram_mib", "placed", "vram_mib", "limit", "because"),
    [
        # 82000: llama-server has its best, 52419 with its process; 57400 is the ceiling of both.
        (82_000, SERVERS, None, 4981, "all of it but 52419 MiB of others"),
        # The other server's models are on the card, and count for nothing here: 70 % of 16000.
        (16_000, SERVERS, 24_000, 11_200, "all of it but 0 MiB of others"),
        # 24000 - 4800 - 1126 - 3614 - 256 leaves 14204, of which NATS may want half.
        (24_000, ("ollama", "nats"), None, 3614 + 7102, "its floor and half of what is left"),
        # 24000 - 4800 - 1126 - 3614 - 1920 leaves 12540, and nobody else to want them.
        (24_000, ("ollama", "oxigraph"), None, 3614 + 12540, "its floor and all that is left"),
    ],
    ids=["ceiling", "beside a card", "half", "all"],
)
def test_what_bounds_the_models_in_memory_is_told(
    ram_mib: int, placed: tuple[str, ...], vram_mib: int | None, limit: int, because: str
) -> None:
    found = budget(ram_mib, placed, vram_mib=vram_mib, unified=vram_mib is None).line("ollama").limit
    assert (found.value, why(found)) == (limit, because)


@pytest.mark.parametrize(
    ("disk_gib", "files"),
    [
        # 58 - 6 - 17 of images: the 30 and 5 of the best.
        (58, {"llama-server": 30, "ollama": 5}),
        # One less: the first has its best still, and the second the largest below 5.
        (57, {"llama-server": 30, "ollama": 4}),
    ],
)
def test_files_share_the_disk_to_the_last_gib(disk_gib: int, files: dict[str, int]) -> None:
    shares = budget(120_000, SERVERS, unified=True, disk_gib=disk_gib).disk.shares
    assert {name: share.value for name, share in shares.items()} == {"images": 17, **files}


def test_the_disk_of_a_server_whose_files_are_all_the_best_gets_no_more() -> None:
    served = models.served(("ollama",), DEFAULT, {"ollama": ("nomic-embed-text",)}, Path())
    demands = models.demands(facts(32_000), served, DEFAULT)
    room = Figure(10, "GiB", ())
    assert models.shared_disk(demands, room, DEFAULT) == {"ollama": 1}
