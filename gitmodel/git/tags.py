"""Annotated tags: read all of them with one process, write one as an object before any ref names it."""

import re
import time
from typing import NamedTuple

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid

_FIELDS = (
    "%(refname:strip=2)",
    "%(objecttype)",
    "%(objectname)",
    "%(*objectname)",
    "%(creatordate:format:%Y-%m-%d %H:%M:%S %z)",
    "%(taggername) %(taggeremail)",
)
_FORMAT = "%00".join(_FIELDS)
_SIGNATURE = r"(?m)^-----BEGIN (?:PGP|SSH|SIGNED) (?:SIGNATURE|MESSAGE)-----$"


class Tag(NamedTuple):
    """A tag with what it points to.

    Attributes:
        name: Name without ``refs/tags/``.
        object: The tag object, or for a lightweight tag the commit itself.
        target: What the tag is about; for a lightweight tag the same as ``object``.
        date: When it was made, as ``2026-11-27 15:46:31 +0000``.
        tagger: ``Name <email>``.
        message: The whole message, less a signature; empty where it was not asked for.
        annotated: Whether there is a tag object.
    """

    name: str
    object: Oid
    target: Oid
    date: str
    tagger: str
    message: str
    annotated: bool


def read_tags(repo: Repository, pattern: str = "", *, messages: bool = True) -> list[Tag]:
    """Return the tags that match a pattern of ``for-each-ref`` below ``refs/tags/``, in the order of names.

    Args:
        repo: Where to look.
        pattern: Such as ``credit-risk@v*`` (``*`` does not match a slash); empty: all.
        messages: Whether messages are wanted; lists of names are read faster without.
    """
    contents = "%00%(contents)" if messages else "%00"
    out = repo.git("for-each-ref", f"--format={_FORMAT}{contents}%00%00", f"refs/tags/{pattern}".rstrip("/"))
    records = out.split("\0\0\n")
    records[-1] = records[-1].removesuffix("\0\0")
    return [_parse(record) for record in records if record]


def _parse(record: str) -> Tag:
    name, kind, oid, target, date, tagger, message = record.split("\0", 6)
    annotated = kind == "tag"
    if "-----BEGIN " in message:
        message = re.split(_SIGNATURE, message, maxsplit=1)[0]
    # A tag that cannot be peeled (its target is missing) is about itself.
    return Tag(name, Oid.of_git(oid), Oid.of_git(target or oid), date, tagger.strip(), message, annotated)


def write_tag_object(repo: Repository, *, commit: Oid, name: str, message: str) -> Oid:
    """Store an annotated tag and return its name; no ref is made.

    Raises:
        ToolFailed: If git finds the tag malformed.
    """
    who = repo.identity()
    tagger = f"{who['GIT_COMMITTER_NAME']} <{who['GIT_COMMITTER_EMAIL']}> {int(time.time())} +0000"
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message}"
    return Oid(repo.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode()))
