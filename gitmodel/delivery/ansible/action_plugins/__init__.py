"""Ansible action plugins: what runs on this machine around a module."""
