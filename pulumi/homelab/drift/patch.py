"""A changed number in the text of a profile, every other character as it was, and the unified diff of it."""

from collections.abc import Iterable
from difflib import unified_diff

import yaml

from homelab.drift.propose import Change


def patched(text: str, changes: Iterable[Change]) -> str:
    """Raises KeyError for a key that the text does not have."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places = sorted(((*_place(root, change.key), change.new) for change in changes), reverse=True)
    for begin, end, new in places:  # from the end, so that earlier places stay where they are
        text = f"{text[:begin]}{new}{text[end:]}"
    return text


def _place(node: yaml.Node | None, key: str) -> tuple[int, int]:
    """Where the value of a dotted key begins and ends, in characters."""
    for name in key.split("."):
        if not isinstance(node, yaml.MappingNode):
            raise KeyError(key)
        values = {name_node.value: value for name_node, value in node.value}
        if name not in values:
            raise KeyError(key)
        node = values[name]
    if node is None:
        raise KeyError(key)
    return node.start_mark.index, node.end_mark.index


def diff(name: str, old: str, new: str) -> str:
    """As `git apply` takes it; empty where nothing differs."""
    path = f"profiles/{name}.yaml"
    lines = unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return "".join(lines)
