"""Which pipelines a change reaches, whether in their folder or not: from what their stages read and make."""

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from gitmodel.pipelines.stages import ANY, FILE, Stage, read_stages, tracked
from gitmodel.spec.trees import Tree

# A pipeline can name what is outside of its folder only by one of these.
_OUTSIDE = re.compile(rb"\.\.|wdir|\$\{|\\")


def reached(changed: Iterable[str], paths: Iterable[str], tree: Tree, before: Tree) -> dict[str, str]:
    """Return the pipelines with a stage that reads what changed, or what such a stage makes.

    Args:
        changed: The paths that changed.
        paths: All files there are now.
        tree: What they hold.
        before: What they held before the change.

    Returns:
        The first reason of each, by its ``dvc.yaml``.
    """
    changed = list(changed)
    known = _Known(tree, frozenset(paths))
    waiting = deque((place, f"{path} changed", True) for path, place in _places(changed, tree, before))
    seen = {place for place, _, _ in waiting}
    found: dict[tuple[str, str], str] = {}
    while waiting:
        place, why, direct = waiting.popleft()
        for stage in known.readers(place):
            key = (stage.file, stage.name)
            if key in found:
                continue
            found[key] = _told(stage, place, why, direct=direct)
            waiting.extend((made, found[key], False) for made in sorted(stage.makes - seen))
            seen |= stage.makes
    first: dict[str, str] = {}
    for (file, _), why in found.items():
        first.setdefault(file, why)
    return first


def _places(changed: list[str], tree: Tree, before: Tree) -> Iterator[tuple[str, str]]:
    """Yield each path that changed with every place that it stands for.

    A pipeline stands for what it made before too: what a stage that is gone has made may be read.
    """
    yield from ((path, path) for path in changed)
    data = [path for path in changed if path.endswith(".dvc")]
    for side in (tree, before) if data else ():
        for path, text in side.read(data).items():
            yield from ((path, place) for place in tracked(path, text))
    files = [path for path in changed if posixpath.basename(path) == FILE]
    texts = before.read(files) if files else {}
    for stage in read_stages(before, {file: text for file, text in texts.items() if text is not None}):
        yield from ((stage.file, place) for place in stage.makes)


def _told(stage: Stage, place: str, why: str, *, direct: bool) -> str:
    """Say why a stage is reached, given why a place is."""
    if direct and stage.file == place:
        return why
    if ANY in stage.reads:
        return f"{why}, and what {stage} reads is not plain"
    return f"{why}, which {stage} reads" if direct else f"{why}, and {stage} reads {place}"


class _Known:
    """The stages of a tree, by what they read.

    A pipeline that names nothing outside of its folder is not looked at before something in there changes.
    """

    def __init__(self, tree: Tree, paths: frozenset[str]) -> None:
        files = [path for path in paths if posixpath.basename(path) == FILE]
        texts = {file: text for file, text in tree.read(files).items() if text is not None}
        linked = {file: text for file, text in texts.items() if _OUTSIDE.search(text)}
        self._tree, self._paths = tree, paths
        self._plain = {posixpath.dirname(file): texts[file] for file in texts.keys() - linked.keys()}
        self._all: list[Stage] = []
        self._exact: dict[str, list[Stage]] = {}
        self._below: dict[str, list[Stage]] = {}
        self._add(linked)

    def readers(self, place: str) -> Iterator[Stage]:
        """Yield the stages that read a file or folder, what is in it, or what it is in."""
        if place == ANY:
            yield from self._unexplained()
            return
        above = list(_above(place))
        self._look_at(above)
        for each in (place, *above, ANY):
            yield from self._exact.get(each, ())
        yield from self._below.get(place, ())

    def _unexplained(self) -> Iterator[Stage]:
        """Yield the stages that read something that is not tracked, and that no stage is known to make."""
        self._look_at([*self._plain])
        made = {place for stage in self._all for place in stage.makes} - {ANY}
        made |= {path.removesuffix(".dvc") for path in self._paths if path.endswith(".dvc")}
        held = self._paths | {folder for path in self._paths for folder in _above(path)}
        for stage in self._all:
            if any(made.isdisjoint((place, *_above(place))) for place in stage.reads - held):
                yield stage

    def _look_at(self, folders: Iterable[str]) -> None:
        found = {folder: self._plain.pop(folder) for folder in folders if folder in self._plain}
        self._add({posixpath.join(folder, FILE): text for folder, text in found.items()})

    def _add(self, texts: Mapping[str, bytes]) -> None:
        for stage in read_stages(self._tree, texts):
            self._all.append(stage)
            for place in {*stage.reads, stage.file}:
                self._exact.setdefault(place, []).append(stage)
            for folder in {folder for place in stage.reads for folder in _above(place)}:
                self._below.setdefault(folder, []).append(stage)


def _above(place: str) -> Iterator[str]:
    """Yield the folders that a path is in; the last one is the top, ``""``."""
    while place:
        place = posixpath.dirname(place)
        yield place
