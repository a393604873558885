#!/usr/bin/python
"""Keeps a folder's facts files. One call for all of them: on a Raspberry Pi each module costs most of a second."""

import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: hardware_audit_files
short_description: Write files into a folder, each at once and only where it differs
options:
  folder:
    description: Made with its parents where it is missing.
    type: path
    required: true
  files:
    description: File name to content.
    type: dict
    required: true
"""

FILE_MODE = 0o644
FOLDER_MODE = 0o755


def held(path):
    """The file's bytes and permissions; neither where there is none."""
    try:
        return path.read_bytes(), path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None, None


def put(module, path, content):
    """Nobody ever reads half a file: it is written beside its place and moved there."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".facts-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(beside).chmod(FILE_MODE)
    module.atomic_move(beside, str(path))


def main():
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "files": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    folder = Path(module.params["folder"])
    written, diffs = [], []
    try:
        for name, text in sorted(module.params["files"].items()):
            path = folder / name
            content = text.encode("utf-8")
            before, mode = held(path)
            if before == content and mode == FILE_MODE:
                continue
            written.append(name)
            shown = (before or b"").decode("utf-8", "replace")
            diffs.append({"before_header": str(path), "after_header": str(path), "before": shown, "after": text})
            if not module.check_mode:
                folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
                put(module, path, content)
    except OSError as error:
        module.fail_json(msg=f"{error.filename or folder}: {error.strerror}")
    module.exit_json(changed=bool(written), written=written, diff=diffs)


if __name__ == "__main__":
    main()
