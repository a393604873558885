"""postgresql.conf, whole: what is not here is Postgres' default."""

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


def render(spec: Postgres, *, listen: str, port: int, socket_dir: str = "") -> str:
    """An empty `socket_dir` leaves only TCP, whose address has no length limit."""
    rows = {
        "listen_addresses": _quoted(listen),
        "port": str(port),
        "unix_socket_directories": _quoted(socket_dir),
        **spec.parameters(),
        **FIXED,
    }
    return "".join(f"{name} = {value}\n" for name, value in rows.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
