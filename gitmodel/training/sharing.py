"""Bring DVC's data of a clone and the remote in line: what git hooks and `gitmodel sync` need of DVC."""

import configparser
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.training.storage import config_files, default_dvc_remote, read_config

NAME = "beside-origin"
_SPECIAL = ",#'\""


def remote_name(repo: Repository) -> str | None:
    """Return the name of the default DVC remote that is configured; ``None``: there is none."""
    if repo.root is None:
        return None
    found = (
        read_config(file).get("core", "remote", fallback="") for file in config_files(repo.root / ".dvc")
    )
    return next(filter(None, found), None)


def connect(repo: Repository) -> str | None:
    """Let a clone that configures no DVC remote use the folder beside its origin.

    The setting is of this copy alone: it goes into ``.dvc/config.local``, which git ignores.

    Returns:
        The address that was written; ``None``: there is no need or no such folder.
    """
    if repo.root is None or not (repo.root / ".dvc").is_dir() or remote_name(repo):
        return None
    address = default_dvc_remote(repo)
    if address is None:
        return None
    file = repo.root / ".dvc" / "config.local"
    config = read_config(file)
    use_remote(config, address)
    with file.open("w", encoding="utf-8") as out:
        config.write(out)
    return address


def use_remote(config: configparser.ConfigParser, address: str) -> None:
    """Make the folder beside the origin the default remote."""
    put(config, "core", "remote", NAME)
    put(config, f"'remote \"{NAME}\"'", "url", address)


def put(config: configparser.ConfigParser, section: str, key: str, value: str) -> None:
    """Set a value so that DVC reads it as one text."""
    if not config.has_section(section):
        config.add_section(section)
    config.set(section, key, _quoted(value))


def _quoted(value: str) -> str:
    """Write a value so that DVC reads it as one text."""
    if not any(char in value for char in _SPECIAL):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def words(error: BaseException) -> str:
    """Return what an error and its causes say, each once."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        text = str(cause).strip()
        if text and not any(text in other for other in said):
            said.append(text)
        cause = cause.__cause__
    return "\n".join(said)


def push_data(repo: Repository, commits: Sequence[str]) -> int:
    """Send the data that commits name to the DVC remote and return how many files were sent.

    Raises:
        ToolFailed: If the remote does not take them, or they are neither here nor there.
    """
    with _dvc(repo, "could not push data to the DVC remote") as dvc, _missing() as missing:
        sent = int(dvc.push(revs=list(commits), workspace=False))
    if missing:
        what = "data that the commits name is neither on this machine nor on the DVC remote"
        raise ToolFailed(what, detail="\n".join(missing))
    return sent


@contextmanager
def _missing() -> Iterator[list[str]]:
    """Collect what DVC only warns of: files whose content it finds nowhere."""
    found: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        lines = record.getMessage().splitlines()
        is_it = "neither locally nor on remote" in lines[0]
        found.extend(lines[1:] if is_it else ())
        return not is_it

    logger = logging.getLogger("dvc_data.index.fetch")
    logger.addFilter(take)
    try:
        yield found
    finally:
        logger.removeFilter(take)


def checkout_data(repo: Repository) -> int:
    """Bring data files of the work tree in line with the commit, as far as they are on this machine.

    Returns:
        How many files changed.

    Raises:
        ToolFailed: If changed files are in the way.
    """
    with _dvc(repo, "could not bring data files in line") as dvc:
        return _count(dvc.checkout(allow_missing=True))


def pull_data(repo: Repository) -> int:
    """Bring data files of the work tree in line with the commit, from the DVC remote where needed.

    Returns:
        How many files changed or were fetched.

    Raises:
        ToolFailed: If the remote does not answer, or changed files are in the way.
    """
    with _dvc(repo, "could not pull data from the DVC remote") as dvc:
        return _count(dvc.pull(allow_missing=True))


def _count(stats: dict[str, Any]) -> int:
    return sum(int(number) for number in stats["stats"].values())


def refuse_tables(repo: Repository) -> None:
    """Name what DVC cannot do: its libraries know refs in files only.

    Raises:
        UsageError: If git keeps the refs of the repository in tables.
    """
    if repo.config("extensions.refstorage") == "reftable":
        raise UsageError(
            "DVC cannot read this repository: git keeps its refs in tables (reftable)",
            hint="`git refs migrate --ref-format=files` turns them into files",
        )


@contextmanager
def _dvc(repo: Repository, failure: str) -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    refuse_tables(repo)
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    try:
        with Repo(str(repo.root or Path.cwd())) as opened:
            yield opened
    except (DvcException, OSError) as error:
        raise ToolFailed(failure, detail=words(error)) from error
