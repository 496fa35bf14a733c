"""Ansible modules, run on the host."""
