"""The page: everything of the ledger on it, nothing from elsewhere, nothing that does not add up."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from homelab.bars import bars
from homelab.poster import page
from homelab.poster.colours import COLOURS
from homelab.poster.drawing import ALONE, drawing
from homelab.situation import HostPlan
from unit.recorded import ROLES, plan

DESKTOP = plan("desktop-32g", ("postgres", "nats", "extract", "litellm"))
JETSON = plan("jetson-orin-64g", ("llama-server",))
CARD = plan("desktop-32g-nvidia", ("ollama", "postgres"))


class Page(HTMLParser):
    """Every element that was opened and not closed, and every address in it."""

    void = ("meta", "link", "img", "br", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_from_elsewhere() -> None:
    text = page([DESKTOP, JETSON])
    found = Page(text)
    assert found.open == []
    assert all(address.startswith("#") for address in found.addresses)
    assert "://" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\((?!#)", text)


def test_it_shows_every_consumer_with_its_amount_and_where_that_comes_from() -> None:
    text = page([DESKTOP])
    for line in DESKTOP.budget.lines:
        assert f"{line.consumer} · " in text
    assert "profiles/default.yaml: consumers.postgres.percent" in text
    assert "<title>postgres · 12.5 GiB of 31.2 GiB · 39.9 %\n" in text
    assert "fact\u200331990 MiB\u2003measured on the host\u2003homelab.total_ram_mb\n" in text


def test_the_account_of_memory_adds_up_in_one_line() -> None:
    said = drawing(DESKTOP, ALONE).sum.replace("\u202f", "")
    left, _, right = said.partition(" = ")
    assert right == "31990 MiB"
    assert sum(int(number) for number in re.findall(r"\d+", left)) == 31990


@pytest.mark.parametrize("one", [DESKTOP, JETSON, CARD, *(plan(host, placed) for host, placed in ROLES.items())])
def test_every_bar_is_full_and_has_no_gap(one: HostPlan) -> None:
    for bar in bars(one):
        assert sum(part.amount for part in bar.parts) == bar.amount
        assert min(part.amount for part in bar.parts) >= 0
    for drawn in drawing(one, ALONE).bars:
        assert drawn.boxes[0].x == 0
        assert drawn.boxes[-1].x + drawn.boxes[-1].width == pytest.approx(ALONE, abs=0.02)
        for left, right in pairwise(drawn.boxes):
            assert left.x + left.width == pytest.approx(right.x, abs=0.02)


def test_replicas_are_counted_in_memory_and_cpu_alike() -> None:
    parts = {(bar.title, part.name): part for bar in bars(DESKTOP) for part in bar.parts}
    assert parts["CPU", "extract"].text == "1.5 cores (3 × 500m)"
    assert parts["CPU", "extract"].amount == 1500
    limit = DESKTOP.budget.line("extract").limit.value
    assert parts["memory", "extract"].amount == 3 * limit


def test_a_card_has_a_bar_of_its_own_and_a_model_is_named() -> None:
    drawn = drawing(CARD, ALONE)
    assert [bar.title.partition(" ")[0] for bar in drawn.bars] == ["memory", "VRAM", "CPU", "disk"]
    assert drawn.models[0].startswith("ollama: ")
    assert "llama-server: glm-4.7-flash" in page([JETSON])


def test_a_label_stands_only_where_it_fits() -> None:
    boxes = {box.name: box for box in drawing(DESKTOP, 640).bars[0].boxes}
    assert (boxes["postgres"].label, boxes["postgres"].value) == ("postgres", "12.5 GiB")
    assert boxes["headroom"].label == ""


def test_one_host_has_no_overview_and_several_have_one_on_one_scale() -> None:
    assert 'class="overview"' not in page([DESKTOP])
    text = page([DESKTOP, JETSON])
    assert text.count('class="row"') == 2
    assert re.findall(r'<rect class="frame" width="([\d.]+)" height="20"', text) == ["539.61", "1060.0"]


def test_names_from_files_cannot_become_markup() -> None:
    measured = DESKTOP.facts.homelab.model_copy(update={"model": "<script>alert(1)</script>"})
    facts = DESKTOP.facts.model_copy(update={"homelab": measured})
    odd = HostPlan(DESKTOP.name, facts, DESKTOP.profile, DESKTOP.budget, DESKTOP.specs)
    assert "<script>alert" not in page([odd])


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", COLOURS)
def test_white_can_be_read_on_every_colour(name: str) -> None:
    assert 1.05 / (luminance(COLOURS[name]) + 0.05) >= 4.5


def test_no_two_consumers_have_one_colour() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)
