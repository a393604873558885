"""The collector's output, cut into its sections, and the list of what could not be read in them."""

from dataclasses import dataclass, field
from typing import TypeVar

from homelab.errors import InvalidInput, Problem
from homelab.facts import AuditWarning

Default = TypeVar("Default", str, int, bool, None)


@dataclass(frozen=True, slots=True)
class Section:
    """One probe: its exit status (127: there is no such command; of a file 0 or 1) and what it printed."""

    status: int = 127
    text: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 0 and bool(self.text.strip())

    @property
    def missing(self) -> bool:
        return self.status == 127

    def line(self) -> str:
        """The first line without blanks at its ends; empty when the probe said nothing."""
        return self.text.strip().split("\n", 1)[0].strip() if self.ok else ""


@dataclass(slots=True)
class Raw:
    """All sections of one host, and the warnings that reading them brings up."""

    host: str
    sections: dict[str, Section]
    warnings: list[AuditWarning] = field(default_factory=list)

    def __getitem__(self, name: str) -> Section:
        return self.sections.get(name, Section())

    def warn(self, probe: str, message: str, default: Default) -> Default:
        """Record that `probe` failed and hand back what is assumed instead."""
        self.warnings.append(AuditWarning(probe=probe, message=message, default=default))
        return default


def read(host: str, output: str) -> Raw:
    """Cut the collector's output. Raises InvalidInput when it is not whole.

    Lines before the first section (a login banner) and carriage returns (a terminal in between) do not matter.
    """
    sections: dict[str, Section] = {}
    name, status, lines, whole = "", 0, list[str](), False
    for line in output.replace("\r", "").split("\n"):
        if line.startswith("|"):
            lines.append(line[1:])
        elif line.startswith(("#section ", "#end")):
            if name:
                sections[name] = Section(status, "\n".join(lines))
            name, lines = "", []
            if line == "#end":
                whole = True
                break
            _, name, code = line.split(" ")
            status = int(code)
    if not whole:
        last = next(reversed(sections), None)
        given = f"its output ends after {last}" if last else "no output of the collector"
        fix = "log in there and run ansible/roles/hardware_audit/files/collect.sh"
        raise InvalidInput(Problem(f"host {host}", given, "a whole output ends in #end", fix))
    return Raw(host, sections)
