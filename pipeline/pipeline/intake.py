"""One file → what is known of it before it is read, or the reason why it cannot be taken."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.contract import Metadata
from pipeline.detect import detect
from pipeline.errors import Malformed
from pipeline.problem import Problem, shown
from pipeline.walk import forbidden

MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that can be taken. `doc_id` is as of now: the file may change until it is read again."""

    path: Path
    doc_id: str
    source_uri: str
    metadata: Metadata


def inspect(path: Path, max_mib: int) -> Candidate | Problem:
    """Look at a file without holding it in memory: size, type by content, SHA-256."""
    name = shown(path.name)
    try:
        with path.open("rb") as file:
            status = path.stat()
            if status.st_size == 0:
                return Problem(shown(path), "an empty file", "a document has content", "leave it out")
            if status.st_size > max_mib * MIB:
                return Problem(
                    shown(path),
                    f"{status.st_size / MIB:.0f} MiB",
                    f"documents have at most {max_mib} MiB",
                    "split it, or raise documents.max_mib in lab.yaml",
                )
            found = detect(file, name)
            file.seek(0)
            doc_id = hashlib.file_digest(file, "sha256").hexdigest()
    except Malformed as error:
        return unreadable(shown(path), error)
    except PermissionError:
        return forbidden(path)
    except OSError as error:
        return Problem(
            shown(path), (error.strerror or str(error)).lower(), "documents must be readable", "mend it"
        )
    modified = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")
    metadata = Metadata(
        filename=name, media_type=found.media_type, size=status.st_size, modified=modified, note=found.note
    )
    return Candidate(path, doc_id, path.absolute().as_uri(), metadata)


def unreadable(where: str, error: Malformed) -> Problem:
    """The extractor's or detector's sentence (`rule; fix`) as a Problem."""
    given, _, fix = error.reason.partition("; ")
    return Problem(where, given, "", fix)
