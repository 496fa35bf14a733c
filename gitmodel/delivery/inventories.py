"""Where ansible finds the hosts of an environment."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gitmodel.delivery.target import Target
from gitmodel.errors import InvalidFile
from gitmodel.git.objects import list_files, read_file, read_files
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository

_VARIABLES = ("group_vars", "host_vars")  # what ansible reads beside an inventory
_HOST = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*")


def find_inventory(repo: Repository, path: str, workspace: Path) -> str:
    """Return where ansible finds the inventory; that of a repository is taken from its default branch.

    The files in ``group_vars`` and ``host_vars`` beside it come along.

    Raises:
        InvalidFile: If there is none.
    """
    if not path or posixpath.isabs(path):
        return path
    rev = default_rev(repo) or "HEAD"
    text = read_file(repo, rev, path)
    if text is None:
        raise InvalidFile(f"there is no inventory {path}", hint="the environment's file names it")
    beside = posixpath.dirname(path)
    under = [posixpath.join(beside, folder) for folder in _VARIABLES]
    found = {name: entry for folder in under for name, entry in list_files(repo, rev, folder).items()}
    names = [name for name, entry in found.items() if entry.mode.startswith("100")]  # no links
    for name, content in {**read_files(repo, rev, names), path: text}.items():
        file = workspace / posixpath.relpath(name, beside or ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content or b"")
    return str(workspace / posixpath.basename(path))


def at_hosts(repo: Repository, target: Target) -> Target:
    """Return a target whose inventory is a file on this machine.

    Raises:
        InvalidFile: If there is no such inventory.
    """
    if not target.inventory:
        return target
    folder = target.workspace / "inventory"
    folder.mkdir(parents=True, exist_ok=True)
    return replace(target, inventory=find_inventory(repo, target.inventory, folder))


def batches(hosts: Sequence[str], size: str) -> list[list[str]]:
    """Divide hosts into batches of a number or a percentage of them, one host at least."""
    count = -(-len(hosts) * int(size[:-1]) // 100) if size.endswith("%") else int(size)
    step = max(count, 1)
    return [list(hosts[start : start + step]) for start in range(0, len(hosts), step)]


def pattern(hosts: Iterable[str]) -> str:
    """Return a pattern of ansible's for exactly these hosts.

    Raises:
        InvalidFile: If a name could be taken for more than a name.
    """
    names = sorted(hosts)
    for name in names:
        if not _HOST.fullmatch(name):
            raise InvalidFile(
                f"{name!r} is no usable name of a host", hint="use letters, digits, `.`, `-`, `_`"
            )
    return ",".join(names)
