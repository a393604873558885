"""Ansible's pages about one failed host, as one problem with its mend."""

import re
from typing import Literal

from homelab.errors import Problem
from homelab.lab import Host

# What the message holds → the rule that is broken and its mend; {to} is what ssh is called with.
KNOWN = (
    ("host key verification failed", "ssh must know the host", "log in once: ssh {to}"),
    (
        "remote host identification has changed",
        "ssh must know the host",
        "if it was set up anew: ssh-keygen -R {at}",
    ),
    ("permission denied (", "ssh must get in without asking", "bring your key there: ssh-copy-id {to}"),
    ("could not resolve hostname", "the name must resolve", "mend hosts.{host}.address in lab.yaml"),
    ("connection refused", "an ssh server must listen there", "start it, or mend hosts.{host}.port in lab.yaml"),
    ("timed out", "the host must answer", "see that it is on: ping {at}"),
    ("no route to host", "the host must answer", "see that it is on: ping {at}"),
    ("missing sudo password", "becoming root must be allowed", "say --ask-become-pass"),
    ("a password is required", "becoming root must be allowed", "say --ask-become-pass"),
    ("incorrect sudo password", "becoming root must be allowed", "say --ask-become-pass and type it again"),
    ("not in the sudoers file", "becoming root must be allowed", "add the user to sudo there"),
    ("sudo: not found", "becoming root must be possible", "install sudo there, or say 'become: false'"),
    ("sudo: command not found", "becoming root must be possible", "install sudo there, or say 'become: false'"),
    ("command not found", "modules need Python on the host", "install python3 there, or say 'system: haos'"),
    ("python3: not found", "modules need Python on the host", "install python3 there, or say 'system: haos'"),
    ("permission denied", "facts_dir must be ours to write", "mend hosts.{host}.facts_dir or .become in lab.yaml"),
    ("no space left", "the facts need a few KiB", "free some space there"),
)

NOISE = ("non-zero return code", "Shared connection to ")


def explain(host: str, reached: Host, state: Literal["failed", "unreachable"], message: str) -> Problem:
    """The problem of `host` from what Ansible said of it."""
    lowered = message.lower()
    at = "this machine" if reached.local else reached.address
    port = f"-p {reached.port} " if reached.port else ""
    to = f"{port}{reached.user}@{at}" if reached.user else f"{port}{at}"
    for text, rule, fix in KNOWN:
        if text in lowered:
            given = next(line for line in message.splitlines() if text in line.lower())
            return Problem(f"host {host}", _short(given), rule, fix.format(host=host, at=at, to=to))
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith(NOISE)]
    return Problem(f"host {host}", _short(lines[-1]) if lines else state, "", "see all of it with --verbose")


def _short(line: str) -> str:
    """Without Ansible's preamble, and no longer than a line of a terminal."""
    text = re.sub(r"^(Task failed: )?(Failed to connect to the host via ssh: )?(ssh: )?", "", line.strip())
    return text if len(text) <= 100 else text[:99] + "…"
