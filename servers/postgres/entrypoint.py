"""The image's first process: makes PGDATA where there is none, then becomes the server.

Its arguments are the server's. The password of the role `lab` comes in POSTGRES_PASSWORD, or in the file that
POSTGRES_PASSWORD_FILE names, and is known to nobody once the server runs.
"""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import postgres_init


def password() -> str:
    """Raises KeyError where neither variable is set, OSError where the file cannot be read."""
    if file := os.environ.pop("POSTGRES_PASSWORD_FILE", ""):
        return Path(file).read_text(encoding="utf-8").strip()
    return os.environ.pop("POSTGRES_PASSWORD")


def main() -> None:
    server = which("postgres")
    if server is None:
        sys.exit("postgres is not on PATH")
    data = Path(os.environ["PGDATA"])
    try:
        secret = password()
        postgres_init.main(Path(server).parent, data, secret)
    except KeyError:
        sys.exit("POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set")
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{Path(failed.cmd[0]).name} ended with exit code {failed.returncode}")
    os.execv(server, [server, "-D", str(data), *sys.argv[1:]])  # noqa: S606  it takes our place as process 1


if __name__ == "__main__":
    main()
