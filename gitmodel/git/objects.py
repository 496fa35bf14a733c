"""Read and write git objects in batches: one process for many."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid


class Entry(NamedTuple):
    """One file of a tree."""

    mode: str
    type: str
    oid: Oid


class Object(NamedTuple):
    """An object as git stores it."""

    oid: Oid
    type: str
    data: bytes


def read_objects(repo: Repository, names: Iterable[str]) -> list[Object | None]:
    """Read the objects with these names, in their order; ``None`` for each that is not there.

    Args:
        repo: Where they are.
        names: Anything git resolves to an object; names with a newline are taken as missing.
    """
    wanted = list(names)
    askable = [name for name in wanted if "\n" not in name]
    if not askable:
        return [None] * len(wanted)
    out = repo.run("cat-file", "--batch", stdin="\n".join([*askable, ""]).encode()).stdout
    found = iter(_parse_batch(out, len(askable)))
    return [next(found) if "\n" not in name else None for name in wanted]


def _parse_batch(out: bytes, count: int) -> list[Object | None]:
    """Split the output of ``cat-file --batch``: a header line, then as many bytes as it says."""
    objects: list[Object | None] = []
    at = 0
    for _ in range(count):
        end = out.index(b"\n", at)
        words = out[at:end].split(b" ")
        at = end + 1
        if words[-1] in (b"missing", b"ambiguous"):
            objects.append(None)
            continue
        size = int(words[2])
        objects.append(Object(Oid(words[0].decode()), words[1].decode(), out[at : at + size]))
        at += size + 1
    return objects


def read_file(repo: Repository, rev: str, path: str) -> bytes | None:
    """Return the content of a file at a revision; ``None`` where it is not a file there."""
    return read_files(repo, rev, [path])[path]


def read_files(repo: Repository, rev: str, paths: Iterable[str]) -> dict[str, bytes | None]:
    """Return the contents of many files at a revision."""
    wanted = list(paths)
    found = read_objects(repo, (f"{rev}:{path}" for path in wanted))
    return {
        path: blob.data if blob is not None and blob.type == "blob" else None
        for path, blob in zip(wanted, found, strict=True)
    }


def list_files(repo: Repository, rev: str, under: str = "") -> dict[str, Entry]:
    """Return every file of a tree, by path from the top of the repository.

    Args:
        repo: Where to look.
        rev: Revision; an unknown one has no files.
        under: Only files below this folder.
    """
    scope = ["--", under] if under else []
    done = repo.run("ls-tree", "-r", "-z", "--full-tree", rev, *scope, check=False)
    entries: dict[str, Entry] = {}
    for line in done.text.split("\0") if done.code == 0 else ():
        if line:
            meta, path = line.split("\t", 1)
            mode, kind, oid = meta.split(" ")
            entries[path] = Entry(mode, kind, Oid(oid))
    return entries


def changed_paths(repo: Repository, old: str | None, new: str) -> list[str]:
    """Return the paths that differ between two revisions; all paths of ``new`` without an ``old``."""
    if old is None:
        return list(list_files(repo, new))
    out = repo.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", old, new)
    return [path for path in out.split("\0") if path]


def quote_path(path: str) -> bytes:
    """Write a path as fast-import reads it."""
    raw = path.encode("utf-8", "surrogateescape")
    if raw.startswith(b'"') or b"\n" in raw or b"\\" in raw:
        escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return b'"' + escaped + b'"'
    return raw


def data_block(content: bytes) -> bytes:
    """Write content as fast-import reads it."""
    return b"data %d\n%s\n" % (len(content), content)


def file_commands(changes: Mapping[str, bytes | None], modes: Mapping[str, str]) -> bytes:
    """Write changes of files as fast-import reads them; ``None`` deletes."""
    commands = []
    for path, content in sorted(changes.items()):
        if content is None:
            commands.append(b"D %s\n" % quote_path(path))
        else:
            mode = modes.get(path, "100644").encode()
            commands.append(b"M %s inline %s\n%s" % (mode, quote_path(path), data_block(content)))
    return b"".join(commands)
