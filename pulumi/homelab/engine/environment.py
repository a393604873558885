"""The variables of the engine's process: all that it needs, secrets included, and nothing in its arguments."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from homelab.engine.folders import Folders
from homelab.engine.programs import Programs, pulumi_home


def environment(
    environ: Mapping[str, str], folders: Folders, programs: Programs, lab_file: Path, passphrase: str
) -> dict[str, str]:
    """The person's environment under the engine's settings. `passphrase` encrypts the secrets in the state."""
    kept = {name: value for name, value in environ.items() if name not in DROPPED and not name.startswith(FORMS)}
    kept |= {name: _absolute(environ[name]) for name in FILES if environ.get(name)}
    path = [*map(str, programs.path), environ.get("PATH", "")]
    return kept | {
        "PATH": ":".join(part for part in path if part),
        "HOMELAB_FILE": str(lab_file),
        "PULUMI_HOME": str(pulumi_home(environ)),
        # A sidecar with the attributes of a file is not written at once: a kill between leaves a state unreadable.
        "PULUMI_BACKEND_URL": f"{folders.backend.as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_PYTHON_CMD": sys.executable,  # read by the pinned language host, which ignores Pulumi.yaml's
        "PULUMI_DEBUG_COMMANDS": "true",  # --event-log, from which the summary is read, exists only with it
    }


def _absolute(files: str) -> str:
    return os.pathsep.join(part and str(Path(part).expanduser().absolute()) for part in files.split(os.pathsep))


FILES = ("KUBECONFIG", "SOPS_AGE_KEY_FILE")
"""Variables that may name files from the person's folder; engine, plugin and program each run in another."""

DROPPED = frozenset(
    {
        "PULUMI_STACK",  # would win over the stack that the person named to us
        "PULUMI_IGNORE_AMBIENT_PLUGINS",  # language host, policies and stand-in are found on PATH
        "PULUMI_CONFIG_PASSPHRASE_FILE",  # the passphrase is given, and the engine refuses both
        "PULUMI_ACCESS_TOKEN",  # of Pulumi's service, which this backend is not
        "VIRTUAL_ENV",  # the language host would take the Python of another environment
    }
)
"""What a person's shell may carry and this engine must not see."""

FORMS = ("PULUMI_DIY_BACKEND_", "PULUMI_SELF_MANAGED_STATE_")
"""How other states of theirs are laid out and packed; this one is read as a plain file when a run was killed."""
