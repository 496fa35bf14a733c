"""How JupyterLab is started with a notebook: for this machine alone, and asking nothing of any other."""

import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from gitmodel import process
from gitmodel.errors import UsageError
from gitmodel.training.pipeline import stage_environment

_HOST = "127.0.0.1"
_FIRST_PORT, _LAST_PORT = 8888, 8987


@dataclass(frozen=True)
class Lab:
    """How to run it in the foreground: program, environment (whole), folder, and where it will answer."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    url: str


def lab(file: Path) -> Lab:
    """Return how to start JupyterLab with a notebook. Who does not have the token of the URL gets nothing.

    Raises:
        UsageError: If JupyterLab is not installed, or no port is free.
    """
    program = (sys.executable, "-m", "jupyterlab") if find_spec("jupyterlab") else _on_path()
    port, token = _free_port(), secrets.token_urlsafe(24)
    settings = {
        "ServerApp.ip": _HOST,
        "ServerApp.port": str(port),
        "ServerApp.port_retries": "0",
        "ServerApp.allow_remote_access": "False",
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",  # the other one asks the index of packages
    }
    root = ["--allow-root"] if os.geteuid() == 0 else []
    options = [f"--{name}={value}" for name, value in settings.items()]
    place = file.resolve()
    return Lab(
        (*program, *options, *root, str(place)),
        process.clean_environment({**stage_environment(), "JUPYTER_TOKEN": token}),
        place.parent,
        f"http://{_HOST}:{port}/lab/tree/{quote(place.name)}?token={token}",
    )


def _on_path() -> tuple[str, ...]:
    """Return a JupyterLab with an environment of its own; its kernel is gitmodel's Python all the same."""
    found = shutil.which("jupyter-lab", path=process.clean_environment()["PATH"])
    if found is None:
        raise UsageError("JupyterLab is not installed", hint="`uv tool install jupyterlab` brings it")
    return (found,)


def _free_port() -> int:
    for port in range(_FIRST_PORT, _LAST_PORT + 1):
        with socket.socket() as probe:
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return port
    raise UsageError(
        f"no port from {_FIRST_PORT} to {_LAST_PORT} is free", hint="end another JupyterLab first"
    )
