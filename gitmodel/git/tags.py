"""Annotated tags: read all of them with one process, write one as an object before any ref names it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitmodel import clock
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid

_TAGS = "refs/tags/"
_FIELDS = (
    "%(refname)",
    "%(objecttype)",
    "%(objectname)",
    "%(*objectname)",
    "%(creatordate:format:%Y-%m-%d %H:%M:%S %z)",
    "%(taggername) %(taggeremail)",
)
_FORMAT = "%00".join(_FIELDS)
_AT_ONCE = 500
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
        damage: Why its object cannot be read, in git's words; empty where it can.
    """

    name: str
    object: Oid
    target: Oid
    date: str
    tagger: str
    message: str
    annotated: bool
    damage: str = ""


def name_ends(repo: Repository, start: str) -> list[str]:
    """Return what follows ``start`` in the names of all tags that begin so, in no order.

    Of thousands this is several times faster than `read_tags`.
    """
    begin = f"{_TAGS}{start}"
    done = repo.run("rev-parse", "--symbolic", f"--glob={begin}*", check=False)
    text = done.text
    if done.code or done.stderr:  # it passes over refs whose object is missing
        text = repo.git("for-each-ref", "--format=%(refname)", f"{begin}*")
    return f"\n{text}".replace(f"\n{begin}", "\n").split()


def tags_at(repo: Repository, target: Oid) -> list[str]:
    """Return the names of the tags about an object; git knows it of packed refs without reading a tag."""
    out = repo.run("show-ref", "--tags", "--dereference", check=False).text
    found = re.findall(rf"(?m)^{target} {_TAGS}(.+?)(?:\^\{{\}})?$", out)
    return [*dict.fromkeys(found)]


def tags_saying(repo: Repository, pattern: str, words: str) -> list[str]:
    """Return the names of the tags, of those that match the pattern, whose messages hold these words."""
    wanted = "--format=%(refname:strip=2)%00%(contents)%00%00"
    done = repo.run("for-each-ref", wanted, f"{_TAGS}{pattern}", check=False)
    if done.code:  # the object of one is damaged
        return [tag.name for tag in read_tags(repo, pattern) if words in tag.message]
    records = (record.partition("\0") for record in done.text.split("\0\0\n"))
    return [name for name, _, message in records if words in message]


def read_tags(repo: Repository, pattern: str = "", *, messages: bool = True, below: str = _TAGS) -> list[Tag]:
    """Return the tags that match a pattern of ``for-each-ref``, in the order of names.

    Args:
        repo: Where to look.
        pattern: Such as ``credit-risk@v*`` (``*`` does not match a slash); empty: all.
        messages: Whether messages are wanted; lists of names are read faster without.
        below: Where they are: elsewhere for those of another repository.
    """
    wanted = f"{_FORMAT}{'%00%(contents)' if messages else '%00'}%00%00"
    done = repo.run("for-each-ref", f"--format={wanted}", f"{below}{pattern}".rstrip("/"), check=False)
    if done.code:
        names = repo.git("for-each-ref", "--format=%(refname)", f"{below}{pattern}".rstrip("/")).splitlines()
        return list(_around_damage(repo, names, wanted, below))
    return _records(done.text, below)


def _records(text: str, below: str) -> list[Tag]:
    records = text.rstrip("\n").split("\0\0\n")
    records[-1] = records[-1].removesuffix("\0\0")
    return [_parse(record.removeprefix(below)) for record in records if record]


def _around_damage(repo: Repository, names: list[str], wanted: str, below: str) -> Iterator[Tag]:
    """Read tags some of which cannot be read, where git gives up all: by halves, down to the single one."""
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        done = repo.run("for-each-ref", f"--format={wanted}", *some, check=False)
        if done.code == 0:
            yield from _records(done.text, below)
        elif len(some) > 1:
            half = len(some) // 2
            yield from _around_damage(repo, some[:half], wanted, below)
            yield from _around_damage(repo, some[half:], wanted, below)
        else:
            oid = Oid(repo.git("for-each-ref", "--format=%(objectname)", some[0]))
            words = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            yield Tag(some[0].removeprefix(below), oid, oid, "", "", "", annotated=True, damage=words)


def _parse(record: str) -> Tag:
    name, kind, oid, target, date, tagger, message = record.split("\0", 6)
    annotated = kind == "tag"
    if "-----BEGIN " in message:
        message = re.split(_SIGNATURE, message, maxsplit=1)[0]
    # A tag that cannot be peeled (its target is missing) is about itself.
    return Tag(name, Oid.of_git(oid), Oid.of_git(target or oid), date, tagger.strip(), message, annotated)


def write_tag_object(
    repo: Repository,
    *,
    commit: Oid,
    name: str,
    message: str,
    tagger: str | None = None,
    at: int | None = None,
) -> Oid:
    """Store an annotated tag and return its name; no ref is made.

    Args:
        repo: Where to store it.
        commit: What it is about.
        name: Name without ``refs/tags/``.
        message: The whole message.
        tagger: ``Name <email>``; default: who commits here.
        at: When, in seconds since 1970; default: now.

    Raises:
        ToolFailed: If git finds the tag malformed.
    """
    who = repo.identity()
    by = tagger or f"{who['GIT_COMMITTER_NAME']} <{who['GIT_COMMITTER_EMAIL']}>"
    when = int(clock.now().timestamp()) if at is None else at
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {by} {when} +0000\n\n{message}"
    data = text.encode("utf-8", "surrogateescape")
    return Oid(repo.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=data))
