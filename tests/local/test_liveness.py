"""What the cluster asks a server to learn whether a new start would help, asked of the real one."""

import subprocess
from pathlib import Path

import httpx

import servers
from homelab.components.oxigraph import writes
from servers import Server, free_port
from small_disk import fill, small_disk

MIB = 1024**2


def alive(port: int, data: Path) -> bool:
    return subprocess.run(writes(port, str(data)), capture_output=True, check=False).returncode == 0


def update(server: Server, number: int) -> bool:
    triples = "\n".join(f'<urn:{number}> <urn:has> "{number}.{line} {"x" * 500}" .' for line in range(1000))
    headers = {"Content-Type": "application/sparql-update"}
    answer = httpx.post(
        f"{server.url}/update", content=f"INSERT DATA {{ {triples} }}", headers=headers, timeout=30
    )
    return answer.status_code == 204


def test_nobody_at_the_door_is_not_alive(tmp_path: Path) -> None:
    assert not alive(free_port(), tmp_path)


def test_oxigraph_is_started_anew_after_a_full_disk_and_not_before_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 96) as disk, servers.oxigraph(disk) as server:
        assert alive(server.port, disk)
        ballast = fill(disk, 8 * MIB)
        number = next(number for number in range(1000) if not update(server, number))
        assert number > 0
        assert alive(server.port, disk)
        ballast.unlink()
        assert not update(server, number)
        assert not alive(server.port, disk)
        server.restart()
        assert alive(server.port, disk)
        assert update(server, number)
