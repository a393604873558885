"""Fetching a pinned wheel, from servers on loopback that behave as package indexes do."""

import base64
import hashlib
import io
import json
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from homelab.errors import MissingTool
from homelab.tools.index import Sources
from homelab.tools.wheels import Wheel, install

FILE = "greet_tool-1.2-py3-none-any.whl"
PROGRAM = b"#!/bin/sh\necho hello\n"


def packed(program: bytes = PROGRAM) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("greet_tool-1.2.data/scripts/greet", program)
        archive.writestr("greet_tool-1.2.dist-info/RECORD", "")
    return content.getvalue()


CONTENT = packed()
GREET = Wheel("greet", "greet-tool", "1.2", (1, 0), {"x86_64": (FILE, hashlib.sha256(CONTENT).hexdigest())})

Answer = tuple[int, Mapping[str, str], bytes]


class Index(ThreadingHTTPServer):
    """Answers by path; keeps what was asked as (path, headers)."""

    daemon_threads = True

    def __init__(self, answers: Callable[[str], Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers(self.path) or (404, {}, b"")
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answers: Mapping[str, Answer] | Callable[[str], Answer | None]) -> Iterator[Index]:
    index = Index(answers if callable(answers) else answers.get)
    thread = threading.Thread(target=index.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield index
    finally:
        index.shutdown()
        thread.join()
        index.server_close()


def html(href: str) -> Answer:
    page = f'<!DOCTYPE html><a href="{href.replace(FILE, "other.whl")}">other</a> <a href="{href}">{FILE}</a>'
    return 200, {"Content-Type": "text/html"}, page.encode()


ORDINARY = {"/greet-tool/": html(FILE), f"/greet-tool/{FILE}": (200, {}, CONTENT)}


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Loopback is asked without the machine's proxies and passwords."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def fetch(folder: Path, *indexes: str, links: tuple[str, ...] = (), wheel: Wheel = GREET) -> Path:
    return install(wheel, "x86_64", Sources(links, indexes, None), folder / "tools")


def reason(error: pytest.ExceptionInfo[MissingTool]) -> str:
    (problem,) = error.value.problems
    return problem.given


def test_the_program_is_unpacked_and_can_be_run(tmp_path: Path) -> None:
    pages = {"/simple/greet-tool/": html(f"../../files/{FILE}#sha256=0"), f"/files/{FILE}": (200, {}, CONTENT)}
    with serving(pages) as index:
        program = fetch(tmp_path, f"{index.url}/simple")
    assert program == tmp_path / "tools/greet-1.2/greet"
    assert program.read_bytes() == PROGRAM
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert [path.name for path in (tmp_path / "tools").iterdir()] == ["greet-1.2"]


@pytest.mark.parametrize("content_type", ["application/vnd.pypi.simple.v1+json", "text/html"])
def test_a_json_page_is_read_whatever_it_calls_itself(tmp_path: Path, content_type: str) -> None:
    page = json.dumps({"files": [{"filename": FILE, "url": f"/files/{FILE}"}]}).encode()
    pages = {"/greet-tool/": (200, {"Content-Type": content_type}, page), f"/files/{FILE}": (200, {}, CONTENT)}
    with serving(pages) as index:
        assert fetch(tmp_path, index.url).read_bytes() == PROGRAM


def test_links_are_relative_to_where_a_redirect_led(tmp_path: Path) -> None:
    pages: dict[str, Answer] = {
        "/old/greet-tool/": (302, {"Location": "/new/greet-tool/"}, b""),
        "/new/greet-tool/": html(FILE),
        f"/new/greet-tool/{FILE}": (200, {}, CONTENT),
    }
    with serving(pages) as index:
        assert fetch(tmp_path, f"{index.url}/old").read_bytes() == PROGRAM


def test_a_folder_of_wheels_needs_no_index(tmp_path: Path) -> None:
    wheels = tmp_path / "my wheels"
    wheels.mkdir()
    (wheels / FILE).write_bytes(CONTENT)
    assert fetch(tmp_path, links=(str(wheels),)).read_bytes() == PROGRAM


def test_a_folder_may_be_written_as_an_address(tmp_path: Path) -> None:
    wheels = tmp_path / "my wheels"
    wheels.mkdir()
    (wheels / FILE).write_bytes(CONTENT)
    assert fetch(tmp_path, links=(wheels.as_uri(),)).read_bytes() == PROGRAM


def test_the_next_source_is_asked_when_one_does_not_have_it(tmp_path: Path) -> None:
    with (
        serving({}) as empty,
        serving(ORDINARY) as full,
    ):
        assert fetch(tmp_path, empty.url, full.url, links=(str(tmp_path / "nowhere"),)).read_bytes() == PROGRAM


def test_another_file_under_the_same_name_is_refused(tmp_path: Path) -> None:
    forged = packed(b"#!/bin/sh\necho evil\n")
    with (
        serving({"/greet-tool/": html(FILE), f"/greet-tool/{FILE}": (200, {}, forged)}) as index,
        pytest.raises(MissingTool) as refusal,
    ):
        fetch(tmp_path, index.url)
    assert reason(refusal) == f"{index.url}/greet-tool/: its {FILE} has another SHA-256 than the pinned one"
    assert not (tmp_path / "tools").exists()


def test_a_program_that_is_there_costs_no_request(tmp_path: Path) -> None:
    there = tmp_path / "tools/greet-1.2/greet"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"mine")
    assert fetch(tmp_path).read_bytes() == b"mine"


def test_first_runs_that_race_all_get_the_program(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def answer(path: str) -> Answer | None:
        if path.endswith(FILE):
            together.wait(timeout=20)  # nobody unpacks before all four have begun
            return 200, {}, CONTENT
        return html(FILE)

    with serving(answer) as index, ThreadPoolExecutor(4) as pool:
        programs = list(pool.map(lambda _: fetch(tmp_path, index.url), range(4)))
    assert set(programs) == {tmp_path / "tools/greet-1.2/greet"}
    assert programs[0].read_bytes() == PROGRAM
    assert [path.name for path in (tmp_path / "tools").iterdir()] == ["greet-1.2"]


def test_a_password_goes_to_its_own_server_only(tmp_path: Path) -> None:
    with serving({f"/{FILE}": (200, {}, CONTENT)}) as elsewhere:
        elsewhere_url = elsewhere.url.replace("127.0.0.1", "localhost")
        with serving({"/greet-tool/": html(f"{elsewhere_url}/{FILE}")}) as index:
            fetch(tmp_path, index.url.replace("://", "://ann:p%40ss@"))
    assert dict(index.asked[0][1])["Authorization"] == "Basic " + base64.b64encode(b"ann:p@ss").decode()
    assert "Authorization" not in elsewhere.asked[0][1]


def test_a_password_does_not_follow_a_redirect_to_a_stranger(tmp_path: Path) -> None:
    with serving(ORDINARY) as elsewhere:
        target = elsewhere.url.replace("127.0.0.1", "localhost") + "/greet-tool/"
        with serving({"/greet-tool/": (302, {"Location": target}, b"")}) as index:
            fetch(tmp_path, index.url.replace("://", "://ann:secret@"))
    assert len(elsewhere.asked) == 2
    assert not [headers for _, headers in elsewhere.asked if "Authorization" in headers]


def test_a_password_is_found_in_netrc(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    (tmp_path / "home/.netrc").chmod(0o600)
    with serving(ORDINARY) as index:
        fetch(tmp_path, index.url)
    assert dict(index.asked[0][1])["Authorization"] == "Basic " + base64.b64encode(b"ann:secret").decode()


def test_a_refused_password_is_told_without_it(tmp_path: Path) -> None:
    with serving(lambda _: (403, {}, b"")) as index, pytest.raises(MissingTool) as refusal:
        fetch(tmp_path, index.url.replace("://", "://ann:secret@"))
    assert reason(refusal) == f"{index.url}/greet-tool/: HTTP 403 Forbidden"
    assert "secret" not in str(refusal.value)


def test_without_a_network_one_line_says_what_to_do(tmp_path: Path) -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(MissingTool) as refusal:
        fetch(tmp_path, gone.url)
    assert str(refusal.value) == (
        f"greet 1.2 · {gone.url}/greet-tool/: Connection refused · "
        "it is fetched once, from the configured package index · "
        "connect this machine, set PIP_INDEX_URL to a mirror, or install greet yourself"
    )


def test_a_page_that_is_no_index_is_said_to_be_none(tmp_path: Path) -> None:
    with (
        serving({"/greet-tool/": (200, {}, b'{"login": "please"}')}) as index,
        pytest.raises(MissingTool) as refusal,
    ):
        fetch(tmp_path, index.url)
    assert reason(refusal) == f"{index.url}/greet-tool/: it is not the page of a package index"


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    sources = Sources((), ("https://127.0.0.1:1",), str(tmp_path / "ca.pem"))
    with pytest.raises(MissingTool) as refusal:
        install(GREET, "x86_64", sources, tmp_path / "tools")
    assert reason(refusal) == f"certificates {tmp_path / 'ca.pem'}: No such file or directory"


def test_a_machine_without_a_wheel_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(MissingTool) as refusal:
        install(GREET, "riscv64", Sources((), (), None), tmp_path)
    assert str(refusal.value) == (
        "greet · this machine is riscv64 · wheels are pinned for x86_64 · install greet 1.0 or newer yourself"
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(CONTENT)
    (tmp_path / "tools").write_text("a file where a folder should be")
    with pytest.raises(MissingTool) as refusal:
        fetch(tmp_path, links=(str(tmp_path),))
    assert str(refusal.value) == f"{tmp_path / 'tools'} · File exists · greet is kept there · make it writable"
