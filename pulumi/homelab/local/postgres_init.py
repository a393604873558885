"""The step before Postgres' first start: `python -m homelab.local.postgres_init BIN DATA`.

Makes the cluster (scram, C.UTF-8), the role and database `lab`, and the extension `vector`, which only a superuser
may create. The superuser `postgres` has no password and so cannot log in: the server listens on TCP only.
The role's password comes in POSTGRES_PASSWORD. Nothing is done when DATA exists and is of this major version.
"""

import os
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from typing import NoReturn

ROLE = DATABASE = "lab"

_INITDB = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-instructions",
)
# A failed statement ends it, and is not logged: one of them holds the password.
_SINGLE = (
    "--single",
    "-j",
    "-c",
    "exit_on_error=on",
    "-c",
    "log_min_error_statement=panic",
    "-c",
    "log_checkpoints=off",
)


def main(bin_folder: Path, data: Path, password: str) -> None:
    if data.exists():
        _same_version(bin_folder, data)
        return
    new = data.with_name(
        data.name + ".new"
    )  # gets its name when complete, so that a crash leaves nothing half-made
    if new.exists():
        rmtree(new)
    # initdb wants a password for scram; the superuser's is thrown away.
    reader, writer = os.pipe()
    os.write(writer, os.urandom(24).hex().encode() + b"\n")
    os.close(writer)
    subprocess.run(
        [bin_folder / "initdb", "-D", new, f"--pwfile=/dev/fd/{reader}", *_INITDB], check=True, pass_fds=[reader]
    )
    os.close(reader)
    _execute(bin_folder, new, "postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")
    _execute(bin_folder, new, "postgres", f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    _execute(bin_folder, new, DATABASE, "CREATE EXTENSION vector")
    new.rename(data)


def _execute(bin_folder: Path, data: Path, database: str, statement: str) -> None:
    """Postgres without a server: one process, one statement, from standard input."""
    command = [str(bin_folder / "postgres"), *_SINGLE, "-D", str(data), database]
    subprocess.run(command, input=statement + ";\n\n", text=True, check=True, stdout=subprocess.DEVNULL)


def _same_version(bin_folder: Path, data: Path) -> None:
    said = subprocess.run(
        [bin_folder / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    ours, theirs = said.split()[-1].split(".")[0], (data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        _refuse(
            f"{data} is of Postgres {theirs}, the program is {ours}: dump it with {theirs} and load it, or move it"
        )


def _refuse(reason: str) -> NoReturn:
    sys.exit(reason)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), os.environ["POSTGRES_PASSWORD"])
    except subprocess.CalledProcessError as failed:
        _refuse(f"{Path(failed.cmd[0]).name} ended with exit code {failed.returncode}")
