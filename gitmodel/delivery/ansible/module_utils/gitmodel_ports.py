"""Loopback ports that nobody has."""

import random
import socket

from .gitmodel_layout import HostError, Layout, read_programs

# Below what systems hand out by themselves, so that nobody takes a port while its service restarts.
_PORTS = range(20_000, 30_000)


def free_port(layout: Layout) -> int:
    """Return a loopback port that nobody has and that no program of the environment is going to use.

    Raises:
        HostError: If there is none.
    """
    used = {program.port for program in read_programs(layout).values()}
    for port in random.sample(_PORTS, len(_PORTS)):
        if port not in used and _can_bind(port):
            return port
    raise HostError("no loopback port between 20000 and 29999 is free")


def _can_bind(port: int) -> bool:
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
