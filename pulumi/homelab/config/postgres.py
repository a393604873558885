"""postgresql.conf, whole: what is not here is Postgres' default; and pg_hba.conf where others reach it."""

from homelab.specs import Postgres

DATABASE = USER = "lab"

FIXED = {
    "password_encryption": "'scram-sha-256'",
    "log_destination": "'stderr'",
    "logging_collector": "off",
    "log_min_duration_statement": "1000",
    "log_timezone": "'UTC'",
    "timezone": "'UTC'",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "default_text_search_config": "'pg_catalog.english'",
}
"""Not derived from hardware."""


HBA = f"""\
host {DATABASE} {USER} 0.0.0.0/0 scram-sha-256
host {DATABASE} {USER} ::/0 scram-sha-256
"""
"""pg_hba.conf for clients on other machines: our role to our database, by its password. What initdb writes lets
in this machine alone. Which machines reach the port is for the network to say."""


def render(spec: Postgres, *, listen: str, port: int, socket_dir: str = "", hba_file: str | None = None) -> str:
    """An empty `socket_dir` leaves only TCP, whose address has no length limit. Without `hba_file`, initdb's."""
    rows = {
        "listen_addresses": _quoted(listen),
        "port": str(port),
        "unix_socket_directories": _quoted(socket_dir),
        **({} if hba_file is None else {"hba_file": _quoted(hba_file)}),
        **spec.parameters(),
        **FIXED,
    }
    return "".join(f"{name} = {value}\n" for name, value in rows.items())


OPERATORS_OWN = ("log_destination", "logging_collector")
"""What CloudNativePG sets itself, and refuses to be told."""


def operated(spec: Postgres) -> dict[str, str]:
    """The same parameters as an operator takes them: each a plain text, which it quotes."""
    rows = {**spec.parameters(), **FIXED}
    return {name: _plain(value) for name, value in rows.items() if name not in OPERATORS_OWN}


def _plain(value: str) -> str:
    return value[1:-1].replace("''", "'") if value.startswith("'") else value


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
