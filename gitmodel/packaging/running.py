"""Running a package's service."""

import errno
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from gitmodel import process
from gitmodel.errors import ToolFailed
from gitmodel.packaging.package import Package


@dataclass(frozen=True)
class Service:
    """How to run a service in the foreground: program, environment (whole), folder to run in."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def command(
    *, python: str = sys.executable, host: str = "127.0.0.1", port: str = "{port}"
) -> tuple[str, ...]:
    """Return the program that runs a package, to be started in the package's folder."""
    return (python, "src/run.py", "--host", host, "--port", port)


def serve(package: Package, host: str = "127.0.0.1", port: int = 3000) -> Service:
    """Return how to serve a package on a port that is free now.

    Raises:
        ToolFailed: If something listens there already, or the address is not this machine's.
    """
    check_port(host, port)
    argv = command(host=host, port=str(port))
    return Service(argv, process.clean_environment(), package.folder)


def check_port(host: str, port: int) -> None:
    """Make sure that one can listen on a port.

    Raises:
        ToolFailed: If not, saying why and what to do.
    """
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ToolFailed(
                f"port {port} of {host} is taken",
                hint="end what listens there, or choose another with --port",
            ) from error
        raise ToolFailed(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
