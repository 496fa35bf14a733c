"""Ansible callback plugins, run beside the playbook."""
