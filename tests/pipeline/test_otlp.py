"""The exporter's bounds: whatever the collector does, nobody waits for it, and little is kept."""

import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector_process import Collector, collector
from library import nobody

from pipeline import traces
from pipeline.adapters.otlp import BATCH, FLUSH, MAX_EVENTS, MAX_LINE, QUEUE
from pipeline.traces import ENDPOINT
from servers import until

LOG = logging.getLogger("pipeline.test")


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _work(count: int) -> None:
    for number in range(count):
        with traces.span("stage", None, delivery=1) as tell:
            tell(doc=f"{number:064x}")
            LOG.warning("event=done number=%d", number)


def _numbers(found: Collector) -> list[int]:
    return [int(span.attributes["lab.doc"], 16) for span in found.spans]


def test_a_collector_that_never_answers_holds_up_neither_the_work_nor_its_end(
    silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, silence)
    began = time.monotonic()
    with traces.exported("test"):
        _work(20 * QUEUE)
        worked = time.monotonic()
    ended = time.monotonic()
    assert worked - began < 15  # 10,000 of them, on a busy machine
    assert ended - worked < FLUSH + 1


def test_what_is_lost_is_told_once_however_much_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENDPOINT, nobody())
    with traces.exported("test"):
        _work(5 * QUEUE)
        until(lambda: "not-exported" in caplog.text, "a word about it")
    assert [record.name for record in caplog.records if "not-exported" in record.getMessage()] == ["otlp"]


def test_after_an_outage_the_latest_are_there_and_no_more_than_a_queue_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, found.server.url)
        found.server.stop()
        with traces.exported("test"):
            _work(3 * QUEUE)
            found.server.start()
            until(lambda: 3 * QUEUE - 1 in _numbers(found), "the latest span arrives")
        numbers = _numbers(found)
    assert len(numbers) <= QUEUE + BATCH  # what waited, and a batch that was on its way


def test_a_line_and_the_events_of_a_span_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, found.server.url)
        with traces.exported("test"), traces.span("stage"):
            LOG.error("x" * 10 * MAX_LINE)
            for number in range(2 * MAX_EVENTS):
                traces.event("waiting", tried=number)
        until(lambda: bool(found.spans and found.lines), "both arrived")
    [span], [line] = found.spans, found.lines
    assert [told["lab.tried"] for _, told in span.events] == [str(n) for n in range(MAX_EVENTS, 2 * MAX_EVENTS)]
    assert (len(line.body), line.severity, line.trace) == (MAX_LINE, "ERROR", span.trace)


def test_an_error_leaves_its_kind_and_none_of_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, found.server.url)
        with traces.exported("test"):
            for name, around in (("stage", traces.span), ("retrieve", traces.part)):
                with pytest.raises(ValueError, match="ptarmigan"), around(name):
                    raise ValueError("cantilevered-ptarmigan")
        until(lambda: len(found.spans) == 2, "both arrived")
    assert [(span.failed, span.attributes) for span in found.spans] == [
        (True, {"error.type": "ValueError"}),
        (True, {"error.type": "ValueError"}),
    ]
    assert "ptarmigan" not in found.text


def test_the_environment_has_the_last_word_on_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, f"{found.server.url}/")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "cognee")
        with traces.exported("graph"), traces.span("graph"):
            pass
        until(lambda: bool(found.spans), "it arrived")
    assert found.spans[0].service == "cognee"
