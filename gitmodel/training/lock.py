"""Which files DVC tracks at a commit, and by which digest, read from git alone."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.spec import ModelSpec

# What names a stage of ``foreach``, as far as the name tells it: other holes are DVC's to fill.
_ITEM = re.compile(r"\$\{\s*(?:item|key)\s*\}")


@dataclass(frozen=True)
class Tracked:
    """A file or folder that DVC tracks: path from the top, md5 (``….dir`` for a folder), bytes."""

    path: str
    md5: str
    size: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the digest is that of a list of files."""
        return self.md5.endswith(".dir")


def tracked(repo: Repository, rev: str, path: str) -> Tracked | None:
    """Return what DVC knows of a path at a commit: the file, or the folder that holds it.

    Returns:
        ``None`` where DVC does not track it.

    Raises:
        InvalidFile: If ``dvc.lock`` or the ``.dvc`` file is not valid.
    """
    folders = list(_parents(path))
    pipelines = [posixpath.join(folder, name) for folder in folders for name in ("dvc.lock", "dvc.yaml")]
    above = [f"{folder}.dvc" for folder in folders if folder]
    contents = read_files(repo, rev, [f"{path}.dvc", *above, *pipelines])
    for file, content in contents.items():
        if content is not None and not file.endswith("dvc.yaml"):
            pipeline = contents.get(file.removesuffix("dvc.lock") + "dvc.yaml")
            for out in _outs(content, file, pipeline or b""):
                if path == out.path or (out.is_folder and path.startswith(f"{out.path}/")):
                    return out
    return None


def _parents(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _document(content: bytes, file: str) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    except yaml.YAMLError as error:
        raise InvalidFile(f"{file} is not valid YAML", detail=str(error)) from error
    if document is not None and not isinstance(document, dict):
        raise InvalidFile(f"{file} holds no mapping")
    return document or {}


def _outs(content: bytes, file: str, pipeline: bytes) -> Iterator[Tracked]:
    """Read the outputs of a lock or ``.dvc`` file; only the pipeline says where its stages run."""
    document = _mapping(_document(content, file))
    folder = posixpath.dirname(file)
    stages = _mapping(_mapping(_document(pipeline, "dvc.yaml")).get("stages"))
    holders = {"": document, **_mapping(document.get("stages"))}
    for name, holder in holders.items():
        work = _wdir(stages, name) if name else str(document.get("wdir", ""))
        for out in _mapping(holder).get("outs") or ():
            if isinstance(out, dict) and "md5" in out and "path" in out:
                place = posixpath.join(folder, work, str(out["path"]))
                yield Tracked(posixpath.normpath(place), str(out["md5"]), out.get("size"))


def _wdir(stages: dict[str, Any], name: str) -> str:
    """Return where a stage runs; ``train@en`` is one of the stages that ``train`` stands for."""
    entry, _, item = name.partition("@")
    stage = _mapping(stages.get(entry))
    stage = _mapping(stage.get("do", stage))
    return _ITEM.sub(lambda _: item, str(stage.get("wdir", "")))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def locked_outs(content: bytes, file: str) -> dict[str, str]:
    """Return the digests of all outputs that a lock names, by path from the top where ``file`` is."""
    return {out.path: out.md5 for out in _outs(content, file, b"")}


def executed_notebooks(repo: Repository, spec: ModelSpec, commit: str) -> list[str]:
    """Return the executed notebooks of the result of a training, as paths from the top of the repository."""
    file = spec.path("dvc.lock")
    content = read_files(repo, commit, [file])[file]
    return [out for out in locked_outs(content, file) if out.endswith(".ipynb")] if content else []
