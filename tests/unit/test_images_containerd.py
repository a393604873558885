"""An image on its way into a containerd, with stand-ins for buildah and ctr."""

from pathlib import Path

import pytest

from homelab.errors import MissingTool
from homelab.images.build import Image
from homelab.images.containerd import Containerd
from homelab.images.store import Store

NATS = Image("nats", "localhost/homelab/nats:1", 3, "scratch", None)

CTR = """#!/bin/sh
# `images list --quiet` tells what is in the folder; `images import -` keeps what it reads.
cd "$(dirname "$0")"
case "$2" in
  list) cat held 2>/dev/null || true;;
  import) cat > taken; [ "$(cat taken)" = "an archive" ] || { echo "ctr: unexpected EOF" >&2; exit 1; };;
esac
"""
BUILDAH = "#!/bin/sh\necho \"$*\" >> {log}\nprintf 'an archive'\n"


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """On a buildah that writes `an archive` and notes in the file `pushed` how it was called."""
    program(tmp_path / "buildah", BUILDAH.format(log=tmp_path / "pushed"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Store(tmp_path / "home", tmp_path / "state")


@pytest.fixture
def containerd(tmp_path: Path) -> Containerd:
    return Containerd("k3s", (str(program(tmp_path / "ctr", CTR)),), "start it")


def test_what_it_lacks_is_given_under_its_own_name(store: Store, containerd: Containerd, tmp_path: Path) -> None:
    assert containerd.take(NATS, store)
    assert (tmp_path / "taken").read_text() == "an archive"
    assert "docker-archive:/dev/stdout:localhost/homelab/nats:1" in (tmp_path / "pushed").read_text()


def test_nothing_is_written_of_what_it_has(store: Store, containerd: Containerd, tmp_path: Path) -> None:
    (tmp_path / "held").write_text("localhost/homelab/nats:1\nlocalhost/homelab/garage:1\n")
    assert not containerd.take(NATS, store)
    assert not (tmp_path / "pushed").exists()


def test_a_push_that_breaks_off_is_told_with_both_sides_words(
    store: Store, containerd: Containerd, tmp_path: Path
) -> None:
    program(tmp_path / "buildah", "#!/bin/sh\nprintf 'an arch'\necho 'Error: no space left' >&2\nexit 125\n")
    with pytest.raises(MissingTool) as refused:
        containerd.take(NATS, store)
    assert str(refused.value) == (
        "image nats of k3s · Error: no space left / ctr: unexpected EOF · its containerd must answer · start it"
    )


def test_a_containerd_that_is_away_is_told_and_no_empty_one(containerd: Containerd, tmp_path: Path) -> None:
    program(tmp_path / "ctr", "#!/bin/sh\necho 'ctr: cannot connect' >&2\nexit 1\n")
    with pytest.raises(MissingTool, match=r"images of k3s · ctr: cannot connect"):
        containerd.images()
