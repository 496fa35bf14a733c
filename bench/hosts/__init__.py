"""Rollouts to real hosts over ssh: how long they take, and whether a switch loses a request."""
