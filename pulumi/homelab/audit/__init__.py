"""What Ansible's role `hardware_audit` needs on the controller: raw outputs → facts, inventory, the run itself."""
