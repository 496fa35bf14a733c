"""Which pipelines read a path that lies outside their folder: told by their dvc.yaml, without DVC.

A pipeline is never missed: what cannot be read plainly counts as reading everything that it may.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
class _Index:
    """Readers, each a pipeline and a stage of it."""

    exact: Mapping[str, list[tuple[str, str]]]
    made: Mapping[str, list[tuple[str, str]]]
    patterns: Sequence[tuple[str, tuple[str, str]]]


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
        waiting = [(path, f"{path} changed")] if self.linked else []
        seen: set[str] = {path}
        while waiting:
            place, why = waiting.pop(0)
            for file, stage in self._of(place):
                if file in seen:
                    continue
                seen.add(file)
                told = f"{why}, which {stage} reads" if stage else f"{why}, and {file} is not plain"
                yield file, told
                waiting.append((file, told))

    def _of(self, place: str) -> Iterator[tuple[str, str]]:
        """Yield who reads a place, or something that is made by the pipeline that it belongs to."""
        index = self._index
        for each in _places(place):
            for above in _up(each):
                yield from index.exact.get(above, ())
            for pattern, reader in index.patterns:
                if fnmatch.fnmatchcase(each, pattern) or fnmatch.fnmatchcase(each, f"{pattern}/*"):
                    yield reader
        if place.endswith(".dvc"):  # a folder that is tracked as a whole
            folder = place.removesuffix(".dvc") + "/"
            yield from (
                reader for read, of in index.exact.items() if read.startswith(folder) for reader in of
            )
        home = self._home(place)
        if home is not None:
            yield from index.made.get(home, ())
            source = self.linked.get(posixpath.join(home, PIPELINE))
            for made in source.makes if source else ():
                yield from index.exact.get(made, ())
        yield from ((file, "") for file, pipeline in self.linked.items() if pipeline.unclear)

    @cached_property
    def _index(self) -> "_Index":
        """What is read, by path; what is read and made, by the folder of the pipeline that may make it."""
        exact: dict[str, list[tuple[str, str]]] = {}
        made: dict[str, list[tuple[str, str]]] = {}
        patterns: list[tuple[str, tuple[str, str]]] = []
        for file, pipeline in self.linked.items():
            for read, stage in pipeline.reads:
                if "*" in read:
                    patterns.append((read, (file, stage)))
                    continue
                exact.setdefault(read, []).append((file, stage))
                home = self._home(read)
                if home is not None and read not in self.tracked and f"{read}.dvc" not in self.tracked:
                    made.setdefault(home, []).append((file, stage))
        return _Index(exact, made, patterns)

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
        document: Any = _load(text)
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
    except (AttributeError, TypeError, ValueError):
        return Pipeline(file, unclear=True)
    return Pipeline(file, tuple(reads), tuple(makes))


def _load(text: bytes) -> Any:
    """Read YAML as quickly as can be: there may be a thousand pipelines, and no line of them is told."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("not YAML") from error


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


def _places(path: str) -> tuple[str, ...]:
    """Return a path, and the data that it stands for."""
    return (path, path.removesuffix(".dvc")) if path.endswith(".dvc") else (path,)


def _up(path: str) -> Iterator[str]:
    """Yield a path and the folders above it."""
    while path:
        yield path
        path = posixpath.dirname(path)


def files_of(paths: Iterable[str]) -> list[str]:
    """Return the pipelines among the files of a revision."""
    return [path for path in paths if posixpath.basename(path) == PIPELINE]
