"""The way of data through DVC's pipelines at a commit, as locks and ``.dvc`` files tell it."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitmodel.reports.lineage import File, Stage

_NAMES = ("dvc.lock", "dvc.yaml")


def pipeline_files(paths: Sequence[str]) -> list[str]:
    """Return those of the paths that tell about pipelines and their data."""
    return [path for path in paths if path.endswith(".dvc") or posixpath.basename(path) in _NAMES]


class Pipelines:
    """Stages and tracked data of a commit; a file is read only where the way leads to it.

    Args:
        contents: What `pipeline_files` hold, by path.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._files: dict[str, File] = {}
        self._makers: dict[str, Stage] = {}
        self._read: set[str] = set()

    def trace(self, paths: Sequence[str]) -> tuple[list[Stage], dict[str, File]]:
        """Follow files back to what nothing made.

        Returns:
            The stages on the way, in the order they ran in, and what DVC knows of each file.
        """
        stages: dict[str, Stage] = {}
        known: dict[str, File] = {}
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if path in known:
                continue
            maker, file = self._find(path)
            known[path] = file or File(path, "unknown")
            if maker and maker.name not in stages:
                stages[maker.name] = maker
                waiting += [*maker.inputs, *maker.outputs]
        return _in_order(list(stages.values())), known

    def _find(self, path: str) -> tuple[Stage | None, File | None]:
        """Return the stage that makes a file, or the folder that holds it, and what is known of the file."""
        above = [path, *_parents(path)]
        for lock in _places(path):
            self._learn(lock)
        if not any(name in self._makers or name in self._files for name in above):
            for lock in self._elsewhere():
                self._learn(lock)
        maker = next((self._makers[name] for name in above if name in self._makers), None)
        holder = next((self._files[name] for name in above if name in self._files), None)
        if holder is not None and holder.path != path:
            holder = File(path, holder.kind, source=holder.source)
        return maker, holder

    def _elsewhere(self) -> list[str]:
        """Return the files that tell of other folders than their own: those are not beside what they name."""
        return [
            posixpath.join(posixpath.dirname(file), "dvc.lock") if file.endswith("dvc.yaml") else file
            for file, content in self._contents.items()
            if b"wdir" in content or b"../" in content
        ]

    def _learn(self, file: str) -> None:
        """Read a lock or ``.dvc`` file once."""
        if file in self._read or file not in self._contents or file.endswith(".yaml"):
            return
        self._read.add(file)
        folder = posixpath.dirname(file)
        document = _document(self._contents[file])
        if file.endswith(".dvc"):
            place = _join(folder, document.get("wdir"))
            for out in _entries(document.get("outs"), place):
                self._files[out.path] = File(out.path, "tracked", out.md5, out.size, None, _source(document))
            return
        pipeline = posixpath.join(folder, "dvc.yaml")
        declared = _mapping(_document(self._contents.get(pipeline, b"")).get("stages"))
        for name, stage in _mapping(document.get("stages")).items():
            self._learn_stage(f"{pipeline}:{name}", _mapping(stage), _stage_folder(folder, declared, name))

    def _learn_stage(self, name: str, locked: dict[str, Any], place: str) -> None:
        inputs = list(_entries(locked.get("deps"), place))
        outputs = list(_entries(locked.get("outs"), place))
        stage = Stage(
            name,
            _command(locked.get("cmd")),
            tuple(item.path for item in inputs),
            tuple(item.path for item in outputs),
        )
        for item in inputs:
            self._files.setdefault(item.path, item)
        for item in outputs:
            self._files[item.path] = File(item.path, "made", item.md5, item.size)
            self._makers[item.path] = stage


def _places(path: str) -> Iterator[str]:
    """Yield the files that may tell about a path: beside it, and in the folders above."""
    yield f"{path}.dvc"
    for folder in _parents(path):
        yield posixpath.join(folder, "dvc.lock")
        if folder:
            yield f"{folder}.dvc"


def _parents(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path.rstrip("/"))
        yield path


def _stage_folder(folder: str, declared: Mapping[str, Any], name: str) -> str:
    """Return where a stage runs: only ``dvc.yaml`` says it; ``name@item`` is one of many of a kind."""
    stage = _mapping(declared.get(name.partition("@")[0]))
    return _join(folder, stage.get("wdir") or _mapping(stage.get("do")).get("wdir"))


def _entries(values: Any, place: str) -> Iterator[File]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            path, md5, size = value["path"], value.get("md5"), value.get("size")
            is_address = "://" in path or path.startswith("/")
            yield File(
                path if is_address else _join(place, path),
                "external" if is_address else "unknown",
                md5 if isinstance(md5, str) else None,
                size if isinstance(size, int) else None,
            )


def _source(document: Mapping[str, Any]) -> str | None:
    """Return where ``dvc import`` or ``dvc import-url`` took a file from."""
    for dep in document.get("deps") or ():
        if isinstance(dep, dict):
            repo = _mapping(dep.get("repo"))
            rev = repo.get("rev_lock") or repo.get("rev")
            address = without_credentials(str(repo["url"])) if "url" in repo else ""
            path = without_credentials(str(dep.get("path", "")))
            return " ".join(filter(None, [address, path, f"at {rev}" if rev else ""]))
    return None


def without_credentials(address: str) -> str:
    """Return an address without the user and password that may be in it."""
    scheme, found, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if found else address


def _in_order(stages: list[Stage]) -> list[Stage]:
    """Sort stages so that each comes after those that make what it reads."""
    ordered: list[Stage] = []
    waiting = sorted(stages, key=lambda stage: stage.name)
    while waiting:
        pending = {path for stage in waiting for path in stage.outputs}
        ready = [stage for stage in waiting if not _reads(stage, pending)] or waiting
        ordered += ready
        waiting = [stage for stage in waiting if stage not in ready]
    return ordered


def _reads(stage: Stage, pending: set[str]) -> bool:
    return any(name in pending for path in stage.inputs for name in (path, *_parents(path)))


def _command(value: Any) -> str:
    return " && ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _join(folder: str, path: Any) -> str:
    joined = posixpath.normpath(posixpath.join(folder, str(path or "")))
    return "" if joined == "." else joined


def _document(content: bytes) -> dict[str, Any]:
    """Read YAML; what is no mapping, or cannot be read, is an empty one: a report tells what it can."""
    import yaml

    try:
        return _mapping(yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe
    except yaml.YAMLError:
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
