"""What of DVC's stores and of this machine's folders is not needed, each thing with what it was."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.training.needs import Needs, Scope, is_digest

# Path and name of the dropped versions and runs that an object was of, by its digest.
Owners = Mapping[str, Sequence[tuple[str, str]]]
_SHORT = 12
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")  # as the stores call it


@dataclass(frozen=True)
class Item:
    """Something that no kept version needs.

    Attributes:
        kind: ``cache`` or ``remote`` (an object of DVC), ``file``, ``package``, or ``run``.
        name: Digest, name of the folder, or ref.
        what: Which file of which version it was; empty where no commit that git knows names it.
        size: Bytes that are freed.
        at: When it was made, in seconds since 1970; ``None``: nobody knows.
        place: Where it is.
    """

    kind: str
    name: str
    what: str
    size: int = 0
    at: float | None = None
    place: str = ""


def short_run(ref: str) -> str:
    """Return model and digest of a run ref as people read them."""
    model, _, digest = ref.removeprefix("refs/runs/").rpartition("/")
    return f"{model}/{digest[:_SHORT]}"


def unneeded_objects(needed: Needs, owners: Owners, stores: Mapping[str, Any]) -> Iterator[Item]:
    """Yield objects of DVC's stores."""
    for kind, store in stores.items():
        for digest in store.all():
            if not is_digest(digest) or digest in needed.digests:
                continue
            place = store.oid_to_path(digest)
            with suppress(FileNotFoundError):
                about = store.fs.info(place)
                yield Item(
                    kind, digest, _what(digest, owners), int(about.get("size") or 0), _moment(about), place
                )


def _what(digest: str, owners: Owners) -> str:
    return ", ".join(f"{path} of {name}" for path, name in owners.get(digest, ())[:1])


def _moment(about: Mapping[str, Any]) -> float | None:
    value = next((about[key] for key in _TIMES if about.get(key)), None)
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, int | float) else None


def unneeded_files(repo: Repository, needed: Needs, owners: Owners) -> Iterator[Item]:
    """Yield copies of files under their own names: of DVC's cache, and of git's blobs."""
    for folder in _folders(repo.state / "files"):
        if folder.name not in (needed.digests if is_digest(folder.name) else needed.blobs):
            names = ", ".join(sorted(path.name for path in folder.iterdir()))
            yield _folder_item("file", folder, _what(folder.name, owners) or names)


def unneeded_packages(repo: Repository, kept: Scope) -> Iterator[Item]:
    """Yield packages but the newest of each version that an environment wants or would return to."""
    seen: set[tuple[str, str]] = set()
    folders = [folder for model in _folders(repo.state / "packages") for folder in _folders(model)]
    for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True):
        held = _packaged(folder)
        if held in kept.wanted and held not in seen:
            seen.add(held)
        else:
            yield _folder_item("package", folder, "package of {}:{}".format(*held) if held else "a package")


def _packaged(folder: Path) -> tuple[str, str] | None:
    """Return model and version that a package holds; ``None`` where it is not whole."""
    try:
        document = json.loads((folder / "src" / "model" / "version.json").read_text("utf-8"))
        return (str(document["model"]), str(document["version"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _folder_item(kind: str, folder: Path, what: str) -> Item:
    stats = [path.lstat() for path in folder.rglob("*") if not path.is_dir()]
    size = sum(stat.st_size for stat in stats if stat.st_nlink == 1)  # a link to the cache is counted there
    newest = max([folder.stat().st_mtime, *(stat.st_mtime for stat in stats if kind == "package")])
    return Item(kind, folder.name, what, size, newest, str(folder))
