"""Which pipelines read a path that lies outside their folder: told by their dvc.yaml, without DVC.

A pipeline is never missed: what cannot be read plainly counts as reading everything that it may.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitmodel.errors import GitmodelError
from gitmodel.spec import yaml_source

PIPELINE = "dvc.yaml"
# A pipeline can name what is outside of its folder only by one of these.
_OUTSIDE = re.compile(rb"\.\.|wdir|\$\{|: */|- */")
_FILLED = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Pipeline:
    """A dvc.yaml: what it reads and makes, as patterns of paths from the top of the repository."""

    file: str
    reads: tuple[tuple[str, str], ...] = ()  # the path, and the stage that reads it
    makes: tuple[str, ...] = ()
    unclear: bool = False


@dataclass(frozen=True)
class Pipelines:
    """The pipelines of a revision.

    ``linked`` are those that may read or make something outside of their folder, by file; ``folders`` hold
    a pipeline, plain or not; ``tracked`` are the files that git holds: what is read and is not among them,
    nor beside a ``.dvc`` file, is made by some pipeline.
    """

    linked: Mapping[str, Pipeline] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    tracked: frozenset[str] = frozenset()

    def readers(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield each pipeline that reads a path, or what others make of it, with the reason."""
        if not self.linked:
            return
        waiting = [(path, f"{path} changed")]
        seen: set[str] = set()
        while waiting:
            place, why = waiting.pop(0)
            for file, pipeline in self.linked.items():
                if file in seen or file == place:
                    continue
                stage = self._reads(pipeline, place)
                if stage is None and not pipeline.unclear:
                    continue
                seen.add(file)
                told = f"{why}, which {stage} reads" if stage else f"{why}, and {file} is not plain"
                yield file, told
                waiting.append((file, told))

    def _reads(self, pipeline: Pipeline, place: str) -> str | None:
        """Return the stage that reads a place, or something that is made where the place belongs."""
        home = self._home(place)
        source = self.linked.get(posixpath.join(home, PIPELINE)) if home is not None else None
        for read, stage in pipeline.reads:
            if _meets(read, place):
                return stage
            if home is None or read in self.tracked or f"{read}.dvc" in self.tracked:
                continue
            if (not home or read.startswith(f"{home}/")) and self._home(read) == home:
                return stage
            if source and any(_meets(read, made) for made in source.makes):
                return stage
        return None

    def _home(self, path: str) -> str | None:
        """Return the folder of the pipeline that a path belongs to: the nearest one above it."""
        folder = posixpath.dirname(path)
        while folder not in self.folders:
            if not folder:
                return None
            folder = posixpath.dirname(folder)
        return folder


def read_pipelines(contents: Mapping[str, bytes | None], tracked: Iterable[str]) -> Pipelines:
    """Read the dvc.yaml files of a revision.

    Args:
        contents: Their texts, by path.
        tracked: All files of the revision.
    """
    linked = {
        file: _read(file, text)
        for file, text in contents.items()
        if text is not None and _OUTSIDE.search(text)
    }
    return Pipelines(linked, frozenset(map(posixpath.dirname, contents)), frozenset(tracked))


def _read(file: str, text: bytes) -> Pipeline:
    try:
        document: Any = yaml_source.parse(text, file).data
        stages = document.get("stages") or {}
        reads: list[tuple[str, str]] = []
        makes: list[str] = []
        for name, stage in stages.items():
            base = posixpath.dirname(file)
            given = stage.get("do", stage) if isinstance(stage, dict) else {}
            folder = _join(base, str(given.get("wdir", ".")))
            shown = f"{name} of {base or 'the top'}"
            reads += [(_join(folder, path), shown) for path in _inputs(given)]
            makes += [_join(folder, path) for path in _outputs(given)]
        reads += [
            (_join(posixpath.dirname(file), path), file) for path in _files_of_vars(document.get("vars"))
        ]
    except (GitmodelError, AttributeError, TypeError, ValueError):
        return Pipeline(file, unclear=True)
    return Pipeline(file, tuple(reads), tuple(makes))


def _inputs(stage: Mapping[str, Any]) -> Iterator[str]:
    yield from map(str, stage.get("deps") or ())
    for entry in stage.get("params") or ():
        yield from map(str, entry) if isinstance(entry, dict) else ("params.yaml",)
    yield from _files_of_vars(stage.get("vars"))


def _files_of_vars(entries: Any) -> Iterator[str]:
    for entry in entries or ():
        if isinstance(entry, str):
            yield entry.partition(":")[0]


def _outputs(stage: Mapping[str, Any]) -> Iterator[str]:
    for key in ("outs", "metrics", "plots"):
        entries = stage.get(key) or ()
        for each in entries if isinstance(entries, list) else ():
            yield from map(str, each) if isinstance(each, dict) else (str(each),)


def _join(folder: str, path: str) -> str:
    """Return a path from the top; what DVC would fill in becomes a ``*``."""
    pattern = _FILLED.sub("*", path)
    return posixpath.normpath(posixpath.join(folder, pattern)).removeprefix("./")


def _meets(read: str, path: str) -> bool:
    """Say whether a change of a path can change what is read: it, something in it, or its ``.dvc`` file."""
    places = [path, path.removesuffix(".dvc")] if path.endswith(".dvc") else [path]
    return any(
        _matches(read, place) or _matches(f"{read}/*", place) or place_holds(place, read) for place in places
    )


def _matches(pattern: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern) if "*" in pattern else path == pattern or _within(pattern, path)


def _within(pattern: str, path: str) -> bool:
    return pattern.endswith("/*") and path.startswith(pattern[:-1])


def place_holds(folder: str, read: str) -> bool:
    """Say whether what is read lies in a folder that has changed as a whole."""
    return read.startswith(f"{folder}/")


def files_of(paths: Iterable[str]) -> list[str]:
    """Return the pipelines among the files of a revision."""
    return [path for path in paths if posixpath.basename(path) == PIPELINE]
