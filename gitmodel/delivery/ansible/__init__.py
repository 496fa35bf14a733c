"""The ansible content that gitmodel ships: a playbook, a role a runtime, and the modules they use."""
