"""The environment ``local``: this machine, defined beside a repository and on no branch of it."""

import hashlib
import os
import socket
from collections.abc import Callable

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, refuse_odd_path
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository

Say = Callable[[str], None]
ENVIRONMENT = "local"
_FIRST_PORT, _LAST_PORT = 8400, 8999
_ENVIRONMENT = """\
# The environment of this machine. It belongs to this copy of the repository and is on no branch.
name: local
runtime: process
strategy: {kind: blue-green}
port: %d # of the router
"""


def write_environment(repo: Repository, port: int | None, say: Say) -> None:
    """Write the environment's file, or the port in it; one that is there stays where no port is named."""
    file = repo.state / "environments" / f"{ENVIRONMENT}.yaml"
    if file.exists() and port is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    text = _ENVIRONMENT % (port or free_port()) + _root(repo)
    if not file.exists() or file.read_text("utf-8") != text:
        part = file.with_name(f".{file.name}.part")
        part.write_text(text, "utf-8")
        part.replace(file)
        say(f"made: the environment {ENVIRONMENT}; {file}")


def _root(repo: Repository) -> str:
    """Return the setting that moves releases home, where the repository's path cannot hold them."""
    try:
        refuse_odd_path(repo.state / "environments" / ENVIRONMENT)
    except HostError:
        digest = hashlib.sha256(os.fsencode(repo.git_dir)).hexdigest()[:8]
        return f"root: ~/.local/share/gitmodel/{digest} # the repository's own path has odd characters\n"
    return ""


def free_port() -> int:
    """Return the first port from 8400 on that nothing listens on.

    Raises:
        UsageError: If there is none up to 8999.
    """
    for port in range(_FIRST_PORT, _LAST_PORT + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise UsageError(f"no port from {_FIRST_PORT} to {_LAST_PORT} is free", hint="name one with --port")
