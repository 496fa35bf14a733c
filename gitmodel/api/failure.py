"""A training that failed, from Python: what its notebook works with."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel import process
from gitmodel.api.version import Version
from gitmodel.api.working import local
from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.notebooks.cells import ignored_folder
from gitmodel.notebooks.failures import Failures
from gitmodel.registry import versions as core
from gitmodel.registry.names import model_key
from gitmodel.registry.registry import Registry
from gitmodel.registry.results import result_version, version_at
from gitmodel.reports.compare import Comparison, compare
from gitmodel.reports.complete import complete
from gitmodel.training.finding import last_run
from gitmodel.training.lock import tracked
from gitmodel.training.sources import Source

if TYPE_CHECKING:
    import pandas as pd

_LONGEST = 20_000  # characters of a difference


@dataclass(frozen=True)
class Failure:
    """A training that failed.

    Attributes:
        model: Name of the model.
        commit: What was trained.
        stage: What is known of the stage that failed: ``name``, ``command``, ``folder`` (where it runs),
            ``inputs`` (paths from the top of the repository), ``parameters`` (values by file).
    """

    model: str
    commit: str
    stage: Mapping[str, Any]
    _source: Source = field(repr=False)

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters that the stage reads, by file."""
        return dict(self.stage.get("parameters", {}))

    @property
    def _inputs(self) -> Sequence[str]:
        return [*self.stage.get("inputs", ())]

    @property
    def _repo(self) -> Repository:
        return local(self._source)

    @property
    def _folder(self) -> Path:
        return ignored_folder(Path.cwd()) / f"{model_key(self.model)}-failed-{self.commit[:10]}"

    def checkout(self, to: str | os.PathLike[str] | None = None) -> Path:
        """Return a folder with the commit, and what the stage that failed has read.

        What the stages before it had made comes from DVC's cache, or is made again. A folder that is there
        already is taken as it is.

        Args:
            to: The folder; default: one in ``gitmodel-runs`` in the current folder.

        Raises:
            ToolFailed: If an input cannot be had.
        """
        from gitmodel.training.failed import prepare

        folder = self._folder if to is None else Path(to)
        return prepare(self._repo, self._as_version, self._inputs, self._locks, folder)

    @property
    def _locks(self) -> dict[str, str]:
        """The locks as the failed training has left them, where this machine still knows."""
        kept = [each for each in Failures(self._repo).all() if each.commit == self.commit]
        mine = [each for each in kept if (each.model, each.stage) == (self.model, self.stage.get("name"))]
        return mine[-1].locks if mine else {}

    @property
    def _as_version(self) -> core.Version:
        return result_version(self._repo, self.model, Oid(self.commit))

    def inputs(self) -> dict[str, Any]:
        """Return what the stage reads, by path: data frames, values of JSON and YAML, else the path."""
        folder = self.checkout()
        return {path: _loaded(folder / path) for path in self._inputs}

    @property
    def before(self) -> Version | None:
        """The last good run that the commit comes after, else the newest version; ``None``: there is none."""
        repo = self._repo
        run = last_run(repo, self.model, self.commit)
        if run is not None:
            return Version(self._source, version_at(repo, self.model, run))
        known = Registry(repo).versions(self.model)
        return Version(self._source, known[0]) if known else None

    def _compared(self) -> Comparison | None:
        """Compare with the last good run, both read as their commits are."""
        before = self.before
        if before is None:
            return None
        repo = self._repo
        old = complete(repo, result_version(repo, self.model, Oid(before.commit)))
        return compare(repo, old, complete(repo, self._as_version))

    def changes(self) -> "pd.DataFrame":
        """Return what differs from the last good run: parameters, data that the stage reads, files."""
        import pandas as pd

        found = self._compared()
        rows: list[tuple[str, str, str | None, str | None]] = []
        if found:
            rows += [("parameter", each.name, each.old, each.new) for each in found.parameters]
            rows += self._changed_data(str(found.old.commit))
            rows += [("file", path, None, f"+{added} -{removed}") for path, added, removed in found.code]
            rows += [("package", each.name, each.old, each.new) for each in found.environment]
        return pd.DataFrame(rows, columns=["what", "name", "before", "now"])

    def _changed_data(self, before: str) -> Iterator[tuple[str, str, str | None, str | None]]:
        folder = self.checkout()
        for path in self._inputs:
            known = tracked(self._repo, before, path)
            if known and not known.is_folder and (folder / path).is_file():
                now = hashlib.md5((folder / path).read_bytes(), usedforsecurity=False).hexdigest()
                if now != known.md5:
                    yield "data", path, f"md5 {known.md5[:8]}", f"md5 {now[:8]}"

    def difference(self) -> str:
        """Return how the files differ from those of the last good run, as git shows it."""
        found = self._compared()
        paths = [path for path, _, _ in found.code] if found else []
        if not found or not paths:
            return "no file differs"
        how = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
        text = self._repo.git(*how, found.old.commit, self.commit, "--", *paths)
        return (
            text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… and {len(text) - _LONGEST} characters"
        )

    def run(self) -> int:
        """Run the command of the stage again, in the folder of `checkout`; return its exit code."""
        from gitmodel.training.pipeline import stage_environment

        folder = self.checkout() / str(self.stage.get("folder", ""))
        command = str(self.stage["command"])  # a line of shell: what dvc.yaml holds
        env = process.clean_environment(stage_environment())
        return process.stream(["/bin/sh", "-c", command], sink=print, cwd=folder, env=env)


def _loaded(file: Path) -> Any:
    """Return what a file holds, as far as that is plain; else the file's path."""
    from gitmodel.evaluation import read_frame

    if file.suffix in {".yaml", ".yml"}:
        import yaml

        try:
            return yaml.safe_load(file.read_text("utf-8"))
        except (ValueError, yaml.YAMLError):
            return file
    try:
        return read_frame(file)
    except InvalidFile:
        if file.suffix != ".json":
            return file
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError:
        return file
