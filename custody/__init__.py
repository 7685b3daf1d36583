"""What may run here, what was shipped, and what is kept: trust, manifests, backups."""
