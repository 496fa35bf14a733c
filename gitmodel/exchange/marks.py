"""Where an imported version, or a change of an environment, comes from: a trailer that says it.

A run of an import looks for these first, so that nothing is brought in twice, by whoever it was. The trailer
is ``Imported-From``, its value canonical JSON in ASCII, which holds any name as it is.

The round trip law: ``parse_mark(format_mark(m)) == m``.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.git.tags import read_tags
from gitmodel.git.trailers import parse_message
from gitmodel.registry.names import split_tag

TRAILER = "Imported-From"
Mark = Mapping[str, Any]
"""What names a thing elsewhere: the key ``registry`` (``gto``, ``mlflow``), and what that registry needs."""

# All control characters but line breaks and tabs; halves of characters, which UTF-8 cannot hold.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
# What git takes for the start of a signature would hide all that follows it, the trailers too.
_SIGNATURE = re.compile(r"^(?=-----BEGIN )", re.MULTILINE)
_SUBJECT = 200


def format_mark(mark: Mark) -> str:
    """Write a mark as the value of its trailer."""
    return json.dumps(mark, sort_keys=True, separators=(",", ":"))


def parse_mark(message: str) -> Mark | None:
    """Return the mark in the message of a tag or commit; ``None``: it was made here."""
    value = parse_message(message).trailers.get(TRAILER)
    try:
        found = json.loads(value) if value else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def with_mark(message: str, mark: Mark) -> str:
    """Add a mark to a message that ends in trailers."""
    return f"{message.rstrip()}\n{TRAILER}: {format_mark(mark)}\n"


def marked_versions(repo: Repository, model: str) -> dict[str, str]:
    """Return the tags of a model's versions that were imported, by the text of their marks."""
    found = {}
    for tag in read_tags(repo, f"{model}@v*"):
        mark = parse_mark(tag.message) if split_tag(tag.name) else None
        if mark:
            found[format_mark(mark)] = tag.name
    return found


def sound(text: str) -> str:
    """Return a text of others without what git or its readers would take for something else."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SIGNATURE.sub("- ", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def as_message(text: str, otherwise: str) -> tuple[str, str]:
    """Split a text of others into subject and body; an empty one has the subject ``otherwise``."""
    subject, _, body = sound(text).strip().partition("\n")
    if len(subject) > _SUBJECT:
        return f"{subject[: _SUBJECT - 1]}…", f"{subject}\n{body}".strip()
    return subject.strip() or sound(otherwise), body.strip()
