"""Beside a server that stays without writing after a full disk: `full_disk.py FOLDER PORT PATH UPDATE SERVER`.

JetStream (2.14 and later) and RocksDB, in which Oxigraph keeps its triples, take no write after one that failed
until they are started anew; reads and ordinary health checks go on. So the launcher starts this as the server's
child. It asks the server now and then, and ends it when it still refuses to write although its disk has room
again; supervisord starts it anew at once. What was accepted before is on disk, what was refused was never
accepted. Standard library only and no `site`, like the launcher.
"""

import http.client
import os
import select
import signal
import sys

EVERY = 5.0
"""Seconds between two questions: so long, and a restart, may work wait after room was made."""

ROOM = 16 * 1024**2
"""Bytes free under which the disk still counts as full: a restart would help only until the next write."""

ANSWER_WITHIN = 5.0
"""Seconds for one answer; a server that is busy for longer is asked again."""

END_WITHIN = 10.0
"""Seconds until a server that was asked to end is killed, as supervisord does."""

FULL = "no space left on device"


def room(folder: str) -> bool:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize >= ROOM


def refuses(port: int, path: str, update: str) -> bool:
    """Whether the server says that it cannot write for want of space; one that does not answer says nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
    try:
        if update:
            connection.request("POST", path, update, {"Content-Type": "application/sparql-update"})
        else:
            connection.request("GET", path)
        response = connection.getresponse()
        said = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR and FULL in said.lower()


def end(server: int) -> None:
    signal.pidfd_send_signal(server, signal.SIGTERM)
    poll = select.poll()
    poll.register(server, select.POLLIN)
    if not poll.poll(END_WITHIN * 1000):
        signal.pidfd_send_signal(server, signal.SIGKILL)


def watch(folder: str, port: int, path: str, update: str, server: int) -> None:
    """`server` is a handle of the process. Returns when that is gone, ended by us or not."""
    poll = select.poll()
    poll.register(server, select.POLLIN)
    while not poll.poll(EVERY * 1000):
        if room(folder) and refuses(port, path, update):
            print("its disk has room again, which it takes note of by a new start", flush=True)  # noqa: T201
            end(server)
            return


if __name__ == "__main__":
    handle = os.pidfd_open(int(sys.argv[5]))
    if os.getppid() != int(sys.argv[5]):
        sys.exit()  # it ended before us; its number may be another's by now
    watch(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], handle)
