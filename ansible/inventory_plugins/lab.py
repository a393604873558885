"""The hosts of lab.yaml as an inventory; the mapping itself is homelab.audit.inventory."""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from homelab.audit.inventory import groups_of, variables_of
from homelab.errors import HomelabError
from homelab.lab import load

DOCUMENTATION = """
name: lab
short_description: The hosts of lab.yaml
description: [Reads the file that HOMELAB_FILE names, else lab.yaml, else lab.example.yaml.]
options:
  plugin:
    description: Says that this file is meant for this plugin.
    required: true
    choices: [lab]
"""


class InventoryModule(BaseInventoryPlugin):
    NAME = "lab"

    def verify_file(self, path: str) -> bool:
        return Path(path).name == "lab.yml" and super().verify_file(path)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        try:
            lab = load()
        except HomelabError as error:
            raise AnsibleParserError(str(error)) from None
        for name in lab.hosts:
            inventory.add_host(name)
            for group in groups_of(lab, name):
                inventory.add_group(group)
                inventory.add_child(group, name)
            for key, value in variables_of(lab, name).items():
                inventory.set_variable(name, key, value)
