"""DVC, driven in this process: the stages of one model in a work tree."""

import logging
import os
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.training.sharing import put, refuse_tables, remote_name, use_remote, words
from gitmodel.training.storage import cache_dir, default_dvc_remote, read_config

# The kernel of notebooks as ipykernel has it, less its warnings: they are about whoever can look at loopback.
_JUPYTER = Path(__file__).parent / "jupyter"


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

    def stages(self, file: str) -> list[Any]:
        """Return the stages of one ``dvc.yaml`` and those that they depend on, in a stable order.

        Raises:
            InvalidFile: If the file is missing, invalid, or has no stages.
        """
        from dvc.exceptions import DvcException

        if not (self.tree / file).is_file():
            raise InvalidFile(
                f"there is no {file}", hint="the pipeline of a model is a dvc.yaml beside its model.yaml"
            )
        self.repo.stage_collection_error_handler = self._only(file)
        try:
            index = self.repo.index
            own = [stage for stage in index.stages if self.relative(stage.path) == file]
            graph = index.graph
        except DvcException as error:
            raise InvalidFile(f"{file} is not a valid pipeline", detail=words(error)) from error
        if not own:
            raise InvalidFile(f"{file} has no stages", hint="`dvc stage add` makes one")
        from networkx import descendants

        found = {stage.addressing: stage for stage in own}
        for stage in own:
            for other in descendants(graph, stage):
                found[other.addressing] = other
        return [found[name] for name in sorted(found)]

    def _only(self, file: str) -> Any:
        """Return what passes over a pipeline that cannot be read, unless it is this one."""

        def handle(path: str, error: Exception) -> None:
            if self.relative(path) == file:
                raise error

        return handle

    def relative(self, path: str) -> str:
        """Return a path from the top of the repository; one outside of it stays absolute."""
        absolute = os.path.abspath(path)  # noqa: PTH100 - links are kept
        inside = os.path.relpath(absolute, self.tree)
        return absolute if inside.startswith("..") else Path(inside).as_posix()

    def fetch(self, path: str) -> None:
        """Bring one file of the remote into the cache; what is not there is passed over."""
        with _told(f"could not fetch {path} from the DVC remote"):
            self.repo.fetch(targets=[str(self.tree / path)])

    def checkout(self, targets: list[str] | None = None, *, force: bool = False) -> None:
        """Bring files, or all, from the cache into the work tree; what is not in the cache is passed over.

        Args:
            targets: The files; default: all.
            force: Overwrite and delete what is not in the cache.
        """
        chosen = None if targets is None else [str(self.tree / target) for target in targets]
        with _told("could not bring data into the work tree"):
            self.repo.checkout(chosen, force=force, allow_missing=True)

    def pull(self, targets: list[str]) -> None:
        """Bring files into cache and work tree; what is on no remote is passed over."""
        with _told("could not pull from the DVC remote"):
            self.repo.pull(targets=[str(self.tree / target) for target in targets], allow_missing=True)

    def update(self, targets: list[str]) -> None:
        """Bring imports up to date; where nothing is new their ``.dvc`` files stay as they are."""
        with _told("could not bring imported data up to date"):
            self.repo.update([str(self.tree / target) for target in targets])

    def push(self, *files: str) -> None:
        """Send what ``dvc.yaml`` or ``.dvc`` files name, and the run cache, to the remote."""
        with _told("could not push to the DVC remote"):
            targets = [str(self.tree / file) for file in files]
            self.repo.push(targets=targets, with_deps=True, run_cache=True)

    def make_folder(self, path: str) -> None:
        """Make a folder that is not there: DVC wants what a stage depends on, be it empty."""
        (self.tree / path).mkdir(parents=True, exist_ok=True)

    def reproduce(self, file: str, *, force: bool, keep: bool = True) -> None:
        """Run the stages of a ``dvc.yaml`` that are out of date, their output as it comes.

        Args:
            file: The ``dvc.yaml``.
            force: Run those too that are not out of date.
            keep: Put what they make into the cache; else it is in the work tree alone.

        Raises:
            ToolFailed: If a stage fails.
        """
        self._run(str(self.tree / file), force=force, no_commit=not keep)

    def reproduce_stage(self, address: str) -> None:
        """Run one stage, and those before it, where they are out of date.

        Raises:
            ToolFailed: If one fails.
        """
        self._run(address)

    def _run(self, target: str, **how: bool) -> None:
        from dvc.exceptions import DvcException

        sys.stdout.flush()
        try:
            self.repo.reproduce(targets=[target], **how)
        except DvcException as error:
            raise ToolFailed(
                "the pipeline failed", detail=words(error), hint="what its commands said stands above"
            ) from error
        finally:
            sys.stdout.flush()


@contextmanager
def _told(message: str) -> Iterator[None]:
    from dvc.exceptions import DvcException

    try:
        yield
    except (DvcException, OSError) as error:
        said = words(error)
        if "git-ignored" in said:
            hint = "name there the data, such as /data/*.parquet, and not their folder"
            raise ToolFailed(
                "a pattern in a .gitignore hides what git has to keep", detail=said, hint=hint
            ) from error
        raise ToolFailed(message, detail=said) from error


@contextmanager
def open_dvc(repo: Repository, tree: Path) -> Iterator[Dvc]:
    """Open DVC in a temporary work tree, with the cache and the remote of the repository.

    Raises:
        InvalidFile: If DVC's configuration is not valid.
    """
    refuse_tables(repo)
    os.environ.update(stage_environment())
    _configure(repo, tree)
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    _announce_stages()
    try:
        opened = Repo(str(tree))
    except DvcException as error:
        raise InvalidFile("DVC cannot be used here", detail=words(error)) from error
    try:
        with chdir(tree):  # DVC takes some of its own paths relative to the current folder
            yield Dvc(opened, tree)
    finally:
        opened.close()


def _announce_stages() -> None:
    """Have DVC say which stage runs, with its command, where the output of the stages goes."""
    logger = logging.getLogger("dvc")
    logger.setLevel(logging.WARNING)
    running = logging.getLogger("dvc.stage.run")
    running.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler(sys.stdout))


def stage_environment() -> dict[str, str]:
    """Return what DVC and the commands of stages must find in the environment of this process."""
    clean = process.clean_environment()
    places = [str(_JUPYTER), *filter(None, clean.get("JUPYTER_PATH", "").split(os.pathsep))]
    return {key: clean[key] for key in ("PATH", "DVC_NO_ANALYTICS")} | {
        "JUPYTER_PATH": os.pathsep.join(dict.fromkeys(places)),
        "DVC_STUDIO_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",  # what a stage prints is seen as it comes, and not lost with it
        "SHELL": "/bin/sh",  # DVC runs commands by it, and that of a git server may be git-shell
    }


def _configure(repo: Repository, tree: Path) -> None:
    """Write the settings that are of this machine only, over those that the repository's own copy has."""
    folder = tree / ".dvc"
    folder.mkdir(exist_ok=True)
    (folder / "config").touch()
    shared = read_config(folder / "config")
    local = read_config(repo.root / ".dvc" / "config.local" if repo.root else folder / "config.local")
    _keep_relative_remotes(repo, shared, local)
    configured = shared.get("core", "remote", fallback="") or remote_name(repo)
    address = None if configured else default_dvc_remote(repo)
    if address:
        use_remote(local, address)
    cache = cache_dir(repo)
    cache.mkdir(parents=True, exist_ok=True)
    put(local, "core", "analytics", "false")
    put(local, "core", "check_update", "false")
    put(local, "core", "site_cache_dir", str(folder / "tmp" / "site"))  # it ends with the work tree
    put(local, "cache", "dir", str(cache))
    with (folder / "config.local").open("w", encoding="utf-8") as out:
        local.write(out)


def _keep_relative_remotes(repo: Repository, shared: ConfigParser, local: ConfigParser) -> None:
    """Have remotes at relative paths mean those of the repository, not of a temporary work tree."""
    if repo.root is None:
        return
    for section in shared.sections():
        url = shared.get(section, "url", fallback="")
        if url and "://" not in url and not Path(url).is_absolute():
            put(local, section, "url", str((repo.root / ".dvc" / url).resolve()))
