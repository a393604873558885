"""The platform as processes of this machine: where their data lies and on which ports they listen."""

from pathlib import Path

from pydantic import ConfigDict, ValidationInfo, field_validator

from homelab.document import Document, broken
from homelab.lab.values import LabPath, Port


class Ports(Document):
    """Loopback ports by door; in lab.yaml the names have hyphens."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"), validate_by_name=True)

    nats: Port = 4222
    nats_monitor: Port = 8222
    postgres: Port = 5432
    oxigraph: Port = 7878
    garage: Port = 3900
    garage_rpc: Port = 3901
    garage_admin: Port = 3903
    embedder: Port = 8081
    litellm: Port = 4000
    api: Port = 8000

    @field_validator("*")
    @classmethod
    def _one_listener(cls, port: int, info: ValidationInfo) -> int:
        """A later door must not have the port of an earlier one."""
        taken = next((name for name, other in info.data.items() if other == port), None)
        if taken is not None:
            raise broken(f"{taken.replace('_', '-')} has this port", "give one of them another port")
        return port


class Local(Document):
    data_dir: LabPath = Path(".lab")
    ports: Ports = Ports()
