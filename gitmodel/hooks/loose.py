"""Read a git object without starting git: the objects of a small push lie in files of their own.

What is in a pack, as after a large push, is asked of git, which takes a little longer.
"""

import os
import zlib


def read_object(oid: str) -> tuple[str, bytes]:
    """Return type and content of an object of the push or of the repository whose hook we are.

    Content is returned of tags and commits alone.

    Raises:
        LookupError: If there is no such object.
    """
    for folder in (os.environ.get("GIT_OBJECT_DIRECTORY"), f"{os.environ.get('GIT_DIR', '.')}/objects"):
        try:
            with open(f"{folder}/{oid[:2]}/{oid[2:]}", "rb") as file:  # noqa: PTH123 - pathlib takes 5 ms
                return _parse(file.read())
        except FileNotFoundError:
            continue
    return _ask_git(oid)


def _parse(packed: bytes) -> tuple[str, bytes]:
    unpacker = zlib.decompressobj()
    head, _, start = unpacker.decompress(packed, 64).partition(b"\0")
    kind = head.split(b" ")[0].decode()
    if kind not in ("tag", "commit"):
        return kind, b""
    return kind, start + unpacker.decompress(unpacker.unconsumed_tail)


def _ask_git(oid: str) -> tuple[str, bytes]:
    from gitmodel.git.objects import read_objects
    from gitmodel.git.repository import Repository

    (found,) = read_objects(Repository.open_in_hook(), [oid])
    if found is None:
        raise LookupError(f"the object {oid} is missing")
    return found.type, found.data


def parents(commit: bytes) -> list[str]:
    """Return the parents that the content of a commit names."""
    head = commit.partition(b"\n\n")[0].split(b"\n")
    return [line[7:].decode() for line in head if line.startswith(b"parent ")]
