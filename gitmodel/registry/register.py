"""Give a training the next version number: one tag, made once, with its metrics, in one push."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gitmodel.errors import Conflict, InvalidFile
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.retry import GIVING_UP, attempts
from gitmodel.git.tags import name_ends, tags_at, tags_saying, write_tag_object
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.registry.names import (
    check_model,
    is_version_number,
    next_number,
    number_key,
    split_tag,
    tag_name,
)
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, Version, format_version

_INTEGERS = re.compile(r"[1-9][0-9]*(?:\n[1-9][0-9]*)*\Z")


@dataclass(frozen=True)
class Registered:
    """The version that holds a training, and whether it was made just now."""

    version: Version
    created: bool


def register(
    repo: Repository,
    model: str,
    *,
    commit: Oid,
    facts: Facts,
    records: Sequence[Record] = (),
    kind: str = "integer",
    is_new: bool = False,
) -> Registered:
    """Make the next version of a model, here and at the remote, unless the same result has one already.

    Args:
        repo: The repository.
        model: Name of the model.
        commit: The commit that holds the result of the training.
        facts: What the tag will say.
        records: Measurements; they get the version's number and arrive together with the tag.
        kind: ``integer`` or ``semver``.
        is_new: The result was made just now, of inputs that nobody had trained: no version can have it, so
            none is looked for, which takes the longer the more there are.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    check_model(model)
    for attempt in attempts():
        fetch(repo)
        known = None if is_new and attempt == 0 else _same_result(repo, model, commit, facts)
        if known:
            return Registered(known, created=False)
        number = next_version(repo, model, kind)
        message = format_version(model, number, facts)
        try:
            _publish(repo, tag_name(model, number), commit, message, _lines(records, number))
        except Conflict:
            continue  # somebody took the number: look again, perhaps for this very result
        return Registered(Registry(repo).version(tag_name(model, number)), created=True)
    raise Conflict(f"others keep registering versions of {model}", hint=GIVING_UP)


def _same_result(repo: Repository, model: str, commit: Oid, facts: Facts) -> Version | None:
    """Find the newest version of the same commit, or else of the same run, for which messages are read."""
    at_commit = _readable(repo, model, tags_at(repo, commit))
    if at_commit or not facts.run:
        return _newest(at_commit)
    digest = facts.run.digest
    found = _readable(repo, model, tags_saying(repo, f"{model}@v*", digest))
    return _newest([version for version in found if version.facts.run and version.facts.run.digest == digest])


def _readable(repo: Repository, model: str, tags: Sequence[str]) -> list[Version]:
    found = []
    for tag in tags:
        if (split_tag(tag) or ("",))[0] == model:
            with suppress(InvalidFile):
                found.append(Registry(repo).version(tag))
    return found


def _newest(versions: Sequence[Version]) -> Version | None:
    return max(versions, key=lambda version: number_key(version.version), default=None)


def next_version(repo: Repository, model: str, kind: str) -> str:
    """Return the number after the newest, whether or not that can be read; ``kind`` as in `register`."""
    texts = name_ends(repo, f"{model}@v")
    if kind == "integer" and _INTEGERS.match("\n".join(texts)):  # as most are, and quicker
        return str(max(map(int, texts)) + 1)
    numbers = [text for text in texts if is_version_number(text)]
    if not numbers:
        return "1" if kind == "integer" else "0.1.0"
    return next_number(max(numbers, key=number_key), kind)


def _lines(records: Sequence[Record], number: str) -> list[str]:
    return [format_record(replace(record, version=number)) for record in records]


def _publish(repo: Repository, tag: str, commit: Oid, message: str, lines: list[str]) -> None:
    made = write_tag_object(repo, commit=commit, name=tag, message=message)
    notes = {METRICS_REF: {commit: lines}} if lines else {}
    publish(repo, [RefUpdate(f"refs/tags/{tag}", made, None)], notes)
