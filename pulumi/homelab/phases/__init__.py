"""What each phase deploys, in order. `table` lists the phases and needs no Pulumi; the others are programs."""
