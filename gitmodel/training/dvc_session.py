"""DVC in a temporary work tree, driven through its Python API; in the process of a job only."""

import logging
import os
import posixpath
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.training.dvc_config import write_local_config

_NO_REMOTE = "no DVC remote is configured: run `dvc remote add -d NAME URL` and commit `.dvc/config`"


class Dvc:
    """DVC's repository in a work tree.

    Args:
        repo: DVC's own object.
        tree: The work tree.
    """

    def __init__(self, repo: Any, tree: Path) -> None:
        self.repo = repo
        self.tree = tree

    @property
    def has_remote(self) -> bool:
        """Whether there is a default remote."""
        return bool(self.repo.config["core"].get("remote"))

    def relative(self, path: str) -> str:
        """Return a path from the top of the repository; one outside of it stays absolute."""
        inside = os.path.relpath(path, self.tree)
        return path if inside.startswith("..") else Path(inside).as_posix()

    def stages(self, file: str) -> list[Any]:
        """Return the stages of one ``dvc.yaml`` and those that they depend on, in a stable order.

        A file that another model has broken does not matter.

        Raises:
            InvalidFile: If the file is missing, invalid, or has no stages.
        """
        if not (self.tree / file).is_file():
            raise InvalidFile(
                f"there is no {file}", hint="a model is trained by the stages of the dvc.yaml beside model.yaml"
            )
        self.repo.stage_collection_error_handler = self._collected_with_error(file)
        with _said(InvalidFile, f"{file} is not a valid pipeline"):
            own = [stage for stage in self.repo.index.stages if self.relative(stage.path) == file]
            graph = self.repo.index.graph
        if not own:
            raise InvalidFile(f"{file} has no stages", hint="`dvc stage add` makes one")
        from networkx import descendants

        found = {stage.addressing: stage for stage in own}
        found |= {other.addressing: other for stage in own for other in descendants(graph, stage)}
        return [found[name] for name in sorted(found)]

    def _collected_with_error(self, file: str) -> Any:
        def handle(path: str, error: Exception) -> None:
            if self.relative(os.path.abspath(path)) == file:  # noqa: PTH100 - links are kept
                raise error

        return handle

    def fetch(self, paths: Sequence[str]) -> None:
        """Bring files of the remote into the cache.

        Raises:
            ToolFailed: If there is no remote, or it does not have them.
        """
        listed = ", ".join(paths)
        if not self.has_remote:
            raise ToolFailed(
                f"{listed}: not on this machine, and no DVC remote is configured",
                hint=f"{_NO_REMOTE}; then `dvc push` from where it is",
            )
        with _said(ToolFailed, f"{listed}: not on the DVC remote", "`dvc push` from where it was made"):
            self.repo.fetch(targets=[str(self.tree / path) for path in paths])

    def restore(self, files: Sequence[str]) -> None:
        """Bring what ``dvc.yaml`` and ``.dvc`` files name into the work tree; what is nowhere is passed over.

        A stage that needs such data fails with their name, and outputs are made anew.
        """
        from dvc.exceptions import DvcException

        targets = [str(self.tree / file) for file in files]
        if self.has_remote:
            with suppress(DvcException):
                self.repo.fetch(targets=targets, with_deps=True)
        with _said(ToolFailed, "data could not be brought into the work tree"):
            self.repo.checkout(targets=targets, with_deps=True, allow_missing=True, force=True)

    def reproduce(self, file: str, *, force: bool) -> list[Any]:
        """Run the stages of a ``dvc.yaml`` that are out of date, their output as it comes.

        Returns:
            The stages that ran, or whose outputs a former run of the same gave.

        Raises:
            dvc.exceptions.ReproductionError: If a stage fails.
        """
        with _level(logging.INFO):
            ran: list[Any] = self.repo.reproduce(targets=[str(self.tree / file)], force=force)
        sys.stdout.flush()
        return ran

    def push(self, file: str) -> None:
        """Send the outputs of a ``dvc.yaml`` and what they depend on to the remote, where there is one.

        Raises:
            ToolFailed: If the remote does not take them.
        """
        if self.has_remote:
            with _said(ToolFailed, "could not push to the DVC remote"):
                self.repo.push(targets=[str(self.tree / file)], with_deps=True)


@contextmanager
def open_dvc(repo: Repository, tree: Path, folder: str) -> Iterator[Dvc]:
    """Open DVC in a temporary work tree, with the cache and the remote of the repository.

    The current folder is the work tree's ``folder`` meanwhile, so that DVC's names are short.

    Args:
        repo: The repository.
        tree: The work tree.
        folder: The model's folder; the nearest ``.dvc`` at or above it counts.

    Raises:
        InvalidFile: If DVC's settings are not valid.
    """
    top = _dvc_root(tree, folder)
    dvc_folder = tree / top / ".dvc"
    dvc_folder.mkdir(exist_ok=True)
    os.environ["DVC_SITE_CACHE_DIR"] = str(dvc_folder / "tmp" / "site")  # gone with the work tree
    from dvc.repo import Repo

    with _level(logging.ERROR), chdir(tree / folder):
        with _said(InvalidFile, "DVC's settings are not valid", "run `dvc config --list` to see them"):
            write_local_config(repo, dvc_folder, top)
            # Without git: it need not tell which files to add, nor change .gitignore.
            opened = Repo(str(tree / top), config={"core": {"no_scm": True}})
        try:
            yield Dvc(opened, tree)
        finally:
            opened.close()


def _dvc_root(tree: Path, folder: str) -> str:
    while folder and not (tree / folder / ".dvc").is_dir():
        folder = posixpath.dirname(folder)
    return folder


@contextmanager
def _level(level: int) -> Iterator[None]:
    logger = logging.getLogger("dvc")
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)


def words(error: BaseException) -> str:
    """Return what an error and its causes say, each once."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        text = _text(cause)
        if text and not any(text in other for other in said):
            said.append(text)
        cause = cause.__cause__
    return "\n".join(said)


def _text(error: BaseException) -> str:
    """Return what an error says; DVC's errors about YAML print a page about it instead."""
    pretty = getattr(error, "__pretty_exc__", None)
    if pretty is None:
        return str(error).strip()
    from dvc.ui import ui

    with ui.error_console.capture() as captured:
        pretty()
    return captured.get().strip() or str(error).strip()


@contextmanager
def _said(kind: type[GitmodelError], message: str, hint: str = "") -> Iterator[None]:
    from dvc.exceptions import DvcException

    try:
        yield
    except (DvcException, OSError) as error:
        raise kind(message, detail=words(error), hint=hint) from error
