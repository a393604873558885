"""The role's door to homelab.audit, in whose environment Ansible runs. Tasks hand documents on as JSON text."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ansible.errors import AnsibleFilterError

from homelab.audit import benchmark, document, files, network
from homelab.errors import HomelabError
from homelab.facts import Facts

P = ParamSpec("P")
R = TypeVar("R")


def _in_one_line(function: Callable[P, R]) -> Callable[P, R]:
    """A filter whose refusals reach people as Ansible's message, without a traceback."""

    def filtered(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except HomelabError as error:
            raise AnsibleFilterError(str(error)) from None

    return filtered


@_in_one_line
def measure(output: str, host: str, system: str) -> str:
    """The collector's output as a document."""
    return files.text(document.measure(host, output, kind=system, now=datetime.now(UTC)))


def disks(measured: str, own_folder: str) -> list[benchmark.Target]:
    """What to benchmark: path, folder and size_mib of one file system per disk."""
    return benchmark.targets(Facts.model_validate_json(measured), own_folder)


@_in_one_line
def with_disks(measured: str, results: Sequence[Mapping[str, Any]], seconds: int) -> str:
    """The document with what a loop over `disks` registered."""
    runs = [(result["item"], result["stdout"]) for result in results]
    return files.text(benchmark.with_disks(Facts.model_validate_json(measured), runs, seconds, datetime.now(UTC)))


@_in_one_line
def with_peers(measured: str, results: Sequence[Mapping[str, Any]]) -> str:
    """The document with what a loop over name and address of the other hosts registered."""
    runs = [(result["item"]["key"], result["item"]["value"], result["stdout"]) for result in results]
    return files.text(network.with_peers(Facts.model_validate_json(measured), runs, datetime.now(UTC)))


@_in_one_line
def settle(measured: str, stored: str, refresh_hours: int) -> str:
    """The document to keep: the one at the path `stored` while it holds, else the measured one."""
    earlier = files.stored(Path(stored))
    now = document.keep_benchmarks(Facts.model_validate_json(measured), earlier)
    return files.text(document.settle(now, earlier, timedelta(hours=refresh_hours)))


def parts(text: str) -> Mapping[str, str]:
    """File name → content, as a host keeps them."""
    return files.parts(Facts.model_validate_json(text))


class FilterModule:
    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "hardware_audit_disks": disks,
            "hardware_audit_measure": measure,
            "hardware_audit_with_disks": with_disks,
            "hardware_audit_with_peers": with_peers,
            "hardware_audit_settle": settle,
            "hardware_audit_parts": parts,
        }
