"""What a lab file means once it is read, and which file is read."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from homelab.consumers import CONSUMERS, LOCAL
from homelab.errors import InvalidInput
from homelab.lab import EXAMPLE, Host, load

VALID = Path(__file__).parents[1] / "fixtures" / "lab-valid"
LOCAL_TODAY = [
    *("postgres", "nats", "oxigraph", "litellm", "garage", "extract", "graph"),
    *("embedder", "chunk", "embed", "api"),
]


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_the_smallest_lab_is_one_local_host_with_everything_that_runs_locally() -> None:
    lab = load(VALID / "smallest.yaml")
    assert list(lab.hosts) == ["desktop"]
    assert lab.hosts["desktop"].placed == tuple(LOCAL_TODAY)
    assert lab.models.chat is None
    assert lab.models.embedding.dimensions == 384


def test_six_machines_are_each_reached_and_used_as_written() -> None:
    lab = load(VALID / "six-machines.yaml")
    assert list(lab.hosts) == ["desktop", "ha-yellow", "jetson", "pi-control", "pi-agent", "nas"]
    assert {name: host.becomes for name, host in lab.hosts.items()} == {
        "desktop": False,
        "ha-yellow": False,
        "jetson": True,
        "pi-control": True,
        "pi-agent": False,
        "nas": True,
    }
    assert lab.hosts["desktop"].placed == ("postgres", "nats", "openobserve", "api")
    assert lab.hosts["ha-yellow"].placed == ("timescaledb",)
    assert lab.hosts["nas"].placed == ()
    assert lab.models.chat is not None
    assert lab.models.chat.model == "glm-4.7-flash"
    assert lab.local.ports.nats_monitor == 18222
    assert lab.local.ports.nats == 4222


def test_paths_begin_in_the_folder_of_the_lab_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (VALID / "six-machines.yaml").read_text("utf-8")
    written(tmp_path / "labs" / "mine.yaml", text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    lab = load(Path("labs/mine.yaml"))
    assert lab.path == tmp_path / "labs" / "mine.yaml"
    assert lab.facts_dir == tmp_path / "labs" / "facts"
    assert lab.local.data_dir == tmp_path / "labs" / ".lab"
    assert lab.models.chat is not None
    assert lab.models.chat.api_key_file == Path("/home/someone/chat.key")
    assert lab.models.embedding.api_key_file == Path("/etc/lab/embedding.key")
    assert lab.models.embedding.tokenizer == tmp_path / "labs" / "tokenizers" / "bge.json"


def test_the_default_data_folder_is_beside_the_lab_file_too(tmp_path: Path) -> None:
    path = written(tmp_path / "lab.yaml", (VALID / "smallest.yaml").read_text("utf-8"))
    assert load(path).local.data_dir == tmp_path / ".lab"


def test_a_lab_cannot_be_changed_after_it_is_read() -> None:
    lab = load(VALID / "smallest.yaml")
    with pytest.raises(ValidationError, match="frozen"):
        lab.profile = "default"  # type: ignore[misc]


def test_no_secret_stands_in_a_lab_even_when_its_file_holds_one(tmp_path: Path) -> None:
    key = written(tmp_path / "chat.key", "hunter2")
    written(
        tmp_path / "lab.yaml",
        "version: 1\nhosts: {a: {address: local}}\n"
        f"models: {{chat: {{endpoint: 'http://gpu/v1', model: m, api_key_file: {key}}}}}\n",
    )
    assert "hunter2" not in repr(load(tmp_path / "lab.yaml"))


def test_words_that_older_yaml_took_for_other_types_stay_words(tmp_path: Path) -> None:
    path = written(tmp_path / "lab.yaml", "version: 1\nhosts: {no: {address: nas.lan, user: on}}\n")
    assert load(path).hosts == {"no": Host(address="nas.lan", user="on")}


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\r\nhosts:\r\n  a: {address: local}\r\n")
    assert list(load(path).hosts) == ["a"]


def test_the_environment_names_the_file_and_an_argument_names_it_more_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = written(tmp_path / "one.yaml", "version: 1\nhosts: {one: {address: local}}\n")
    two = written(tmp_path / "two.yaml", "version: 1\nhosts: {two: {address: local}}\n")
    monkeypatch.setenv("HOMELAB_FILE", str(one))
    assert list(load().hosts) == ["one"]
    assert list(load(two).hosts) == ["two"]


def test_without_a_lab_file_the_example_counts_and_an_own_one_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOMELAB_FILE", raising=False)
    monkeypatch.setattr("homelab.lab.lab.ROOT", tmp_path)
    assert load().path == EXAMPLE
    written(tmp_path / "lab.yaml", "version: 1\nhosts: {mine: {address: local}}\n")
    assert list(load().hosts) == ["mine"]


def test_a_named_file_that_is_missing_is_refused_with_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(EXAMPLE.parent)
    monkeypatch.setenv("HOMELAB_FILE", "/nowhere/lab.yaml")
    with pytest.raises(InvalidInput) as refusal:
        load()
    assert str(refusal.value) == (
        "/nowhere/lab.yaml · no such file · --lab and HOMELAB_FILE name a lab file · "
        "cp lab.example.yaml /nowhere/lab.yaml, or name another"
    )


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    written(Path("huge.yaml"), "#" * (1024**2 + 1))
    for name, line in (
        ("folder", "folder · is a directory · this must be a file that can be read"),
        ("huge.yaml", "huge.yaml · over 1 MiB · such a file is a few KiB · is this the right file?"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            load(Path(name))
        assert str(refusal.value) == line


def test_what_runs_locally_are_consumers_in_the_order_of_the_ledger() -> None:
    assert list(LOCAL) == [name for name in CONSUMERS if name in LOCAL_TODAY]


CLUSTER = "version: 1\nhosts: {desktop: {address: local}, nuc: {address: nuc.lan}}\n"


def test_without_a_cluster_no_host_is_a_node(tmp_path: Path) -> None:
    lab = load(written(tmp_path / "lab.yaml", CLUSTER))
    assert lab.cluster is None
    assert lab.nodes == {}


def test_the_local_host_is_the_node_of_a_cluster_that_names_none(tmp_path: Path) -> None:
    lab = load(written(tmp_path / "lab.yaml", CLUSTER + "cluster: {context: k3s}\n"))
    assert lab.nodes == {"desktop": "desktop"}
    assert lab.cluster is not None
    assert lab.cluster.kubeconfig is None
    assert lab.cluster.secrets == tmp_path / "secrets"


def test_nodes_are_hosts_under_the_names_that_the_cluster_has_for_them(tmp_path: Path) -> None:
    nodes = "cluster: {context: k3s, kubeconfig: k3s.yaml, nodes: {nuc: nuc-1.lan}}\n"
    lab = load(written(tmp_path / "lab.yaml", CLUSTER + nodes))
    assert lab.nodes == {"nuc": "nuc-1.lan"}
    assert lab.cluster is not None
    assert lab.cluster.kubeconfig == tmp_path / "k3s.yaml"
