"""What the stages of ``dvc.yaml`` files read and make, told without DVC.

Nothing is left out: what cannot be told plainly counts as all that there is (`ANY`).
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitmodel.pipelines.templates import expand, fill, merged, read_yaml
from gitmodel.spec.trees import Tree

FILE = "dvc.yaml"
ANY = "*"
_PARAMS = "params.yaml"


@dataclass(frozen=True)
class Stage:
    """An entry below ``stages:``; with ``foreach`` or ``matrix``, all the stages that it stands for.

    Attributes:
        file: Its ``dvc.yaml``.
        name: Its name there; "" is the file as a whole.
        reads: Files and folders, from the top of the repository.
        makes: Likewise.
    """

    file: str
    name: str
    reads: frozenset[str]
    makes: frozenset[str]

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.name} of {posixpath.dirname(self.file) or 'the top'}" if self.name else self.file


def read_stages(tree: Tree, texts: Mapping[str, bytes]) -> list[Stage]:
    """Return the stages of some pipelines.

    Args:
        tree: Where the files are that they take values from.
        texts: The texts of the pipelines, by file.
    """
    documents = {file: _document(text) for file, text in texts.items()}
    asked = {file: _value_files(file, documents[file]) for file, text in texts.items() if b"${" in text}
    given = tree.read({path for paths in asked.values() for path in paths}) if asked else {}
    return [
        stage
        for file, document in documents.items()
        for stage in _stages(file, document, asked.get(file, ()), given)
    ]


def tracked(file: str, text: bytes | None) -> Iterator[str]:
    """Yield the files and folders that a ``.dvc`` file stands for."""
    yield file.removesuffix(".dvc")
    document = _document(text or b"")
    if isinstance(document, dict) and isinstance(document.get("outs"), list):
        folder = posixpath.join(posixpath.dirname(file), str(document.get("wdir", "")))
        paths = [str(out.get("path", "")) for out in document["outs"] if isinstance(out, dict)]
        yield from (_place(folder, path, {}) for path in paths)


def _document(text: bytes) -> Any:
    try:
        return read_yaml(text)
    except ValueError:
        return None


def _stages(file: str, document: Any, asked: Iterable[str], given: Mapping[str, bytes | None]) -> list[Stage]:
    try:
        values: Mapping[str, Any] = {}
        for path in asked:
            values = merged(values, _document(given.get(path) or b""))
        for entry in document.get("vars") or ():
            values = merged(values, entry)
        common = {*asked, *_files_of_vars(posixpath.dirname(file), document.get("vars"))}
        entries = (document.get("stages") or {}).items()
        return [_stage(file, str(name), entry, values, common) for name, entry in entries]
    except (AttributeError, TypeError, ValueError):
        return [Stage(file, "", frozenset({ANY}), frozenset({ANY}))]


def _stage(
    file: str, name: str, entry: Mapping[str, Any], values: Mapping[str, Any], common: Iterable[str]
) -> Stage:
    reads: set[str] = {*common}
    makes: set[str] = set()
    stage = entry.get("do", entry)
    for own in expand(entry, values):
        for given in stage.get("vars") or ():  # those of files are not looked up: what names them is unclear
            own = merged(own, given)  # noqa: PLW2901 - one after the other
        folder = _place(posixpath.dirname(file), str(stage.get("wdir", "")), own)
        reads.update(_place(folder, path, own) for path in _inputs(stage))
        reads.update(_files_of_vars(folder, stage.get("vars")))
        makes.update(_place(folder, path, own) for path in _outputs(stage))
    return Stage(file, name, frozenset(map(_all, reads)), frozenset(map(_all, makes)))


def _all(place: str) -> str:
    return ANY if place == "." else place


def _inputs(stage: Mapping[str, Any]) -> Iterator[str]:
    yield from _paths(stage.get("deps"))
    for entry in _list(stage.get("params")):
        yield from map(str, entry) if isinstance(entry, dict) else (_PARAMS,)


def _outputs(stage: Mapping[str, Any]) -> Iterator[str]:
    for key in ("outs", "metrics", "plots"):
        yield from _paths(stage.get(key))


def _paths(entries: Any) -> Iterator[str]:
    """Yield paths of a list; each is a text, or a mapping of one to what else there is to say of it."""
    for entry in _list(entries):
        yield from map(str, entry) if isinstance(entry, dict) else (str(entry),)


def _list(entries: Any) -> list[Any]:
    if entries and not isinstance(entries, list):
        raise TypeError("not a list")
    return entries or []


def _value_files(file: str, document: Any) -> list[str]:
    """Return the files that a pipeline takes values from: its parameters, and those that it names."""
    folder = posixpath.dirname(file)
    named = document.get("vars") if isinstance(document, dict) else ()
    return list(dict.fromkeys([posixpath.join(folder, _PARAMS), *_files_of_vars(folder, named)]))


def _files_of_vars(folder: str, entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            yield _place(folder, entry.partition(":")[0], {})


def _place(folder: str, path: str, values: Mapping[str, Any]) -> str:
    """Return a path from the top, which itself is ``.``."""
    filled = fill(path, values)
    if filled is None or folder == ANY:
        return ANY
    return posixpath.normpath(posixpath.join(folder, filled))
