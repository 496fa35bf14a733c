"""Bring the history of a GTO registry in: versions as they are, stages as environments, metrics as notes."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitmodel.errors import Conflict, InvalidFile, ToolFailed, UsageError
from gitmodel.exchange.changes import Change, environment_name, write_changes
from gitmodel.exchange.gto_files import read_measured
from gitmodel.exchange.gto_tags import Event, moves, read_events, withdrawn
from gitmodel.exchange.marks import TRAILER, Mark, as_message, format_mark
from gitmodel.exchange.naming import choose
from gitmodel.git.notes import read_notes
from gitmodel.git.refs import list_refs, update_refs
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tags import Tag, read_tags, write_tag_object
from gitmodel.git.trailers import Message, format_message, parse_message
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record, format_record, parse_record, utc
from gitmodel.registry.environments import check_environment
from gitmodel.registry.names import tag_name
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version

Say = Callable[[str], None]
REGISTRY = "gto"
_TAGS = "refs/tags/"
_FETCHED = "refs/gitmodel/fetched/gto/"


@dataclass(frozen=True)
class Imported:
    """New tags, notes and changes of environments; how much was there; and why the rest is left out."""

    tags: tuple[str, ...]
    noted: tuple[str, ...]
    changes: tuple[str, ...]
    skipped: tuple[str, ...]


def import_gto(repo: Repository, source: str | None, wanted: Sequence[str], *, say: Say) -> Imported:
    """Bring in what is new.

    Args:
        repo: Where to.
        source: Path or URL of another repository; ``None``: the history is in this one.
        wanted: ``NAME`` or ``THEIRS=OURS``; none: all models.
        say: Told each step.

    Raises:
        UsageError: If a name is not known or not valid.
        ToolFailed: If a repository does not answer.
    """
    fetch(repo)
    with _read(repo, source) as tags:
        events = read_events(tags)
        if not events:
            where = source or "this repository"
            raise UsageError(
                f"{where} has no tags of GTO", hint="they look like churn@v1.2.0 and churn#prod#1"
            )
        by_model: dict[str, list[Event]] = {}
        for event in events:
            by_model.setdefault(event.model, []).append(event)
        chosen = choose(by_model, wanted)
        told = {ours: by_model[theirs] for theirs, ours in chosen.names.items()}
        skipped = [*chosen.skipped, *_taken_back(told)]
        made, noted, reasons = _publish_versions(repo, told)
        skipped += reasons
        for tag in made:
            say(f"[import] {tag}")
        changes, reasons = _publish_stages(repo, told, say)
        return Imported(tuple(made), tuple(noted), tuple(changes), (*skipped, *reasons))


@contextmanager
def _read(repo: Repository, source: str | None) -> Iterator[list[Tag]]:
    """Give the tags of a repository; those of another one, with all that they need, while this lasts."""
    if source is None:
        yield read_tags(repo)
        return
    address = str(Path(source).absolute()) if Path(source).exists() else source
    fetched = f"+{_TAGS}*:{_FETCHED}*"
    done = repo.run("fetch", "--no-tags", "--no-write-fetch-head", "--", address, fetched, check=False)
    try:
        if done.code:
            raise ToolFailed(
                f"could not read {source}", detail=done.stderr.decode("utf-8", "replace").strip()
            )
        yield read_tags(repo, below=_FETCHED)
    finally:
        left = list_refs(repo, _FETCHED)
        if left:
            update_refs(repo, [RefUpdate(name, None, oid) for name, oid in left.items()])


def _taken_back(told: Mapping[str, Sequence[Event]]) -> Iterator[str]:
    for ours, events in told.items():
        versions = withdrawn(events)
        if versions:
            yield f"{ours}: {', '.join(versions)} taken back in GTO; here they stay, in no environment"


def _publish_versions(
    repo: Repository, told: Mapping[str, Sequence[Event]]
) -> tuple[list[str], list[str], list[str]]:
    """Make the tags and notes that are missing, in one transaction."""
    here = {tag.name: tag for tag in read_tags(repo)}
    registered = [(ours, event) for ours, events in told.items() for event in _registered(events)]
    updates, skipped, taken = [], [], []
    for ours, event in registered:
        name = tag_name(ours, event.version or "")
        there = here.get(name)
        if there is not None and there.target != event.tag.target:
            skipped.append(f"{event.tag.name}: {name} is another commit's version here")
            continue
        taken.append((ours, event))
        if there is None:
            made = event.tag.object if event.tag.name == name else _renamed(repo, event, name)
            updates.append(RefUpdate(f"{_TAGS}{name}", made, None))
    lines, reasons = _notes(repo, taken)
    try:
        publish(repo, updates, {METRICS_REF: lines} if lines else {})
    except Conflict as error:
        raise Conflict(error.message, hint="run the command again") from error
    made_tags = [update.ref.removeprefix(_TAGS) for update in updates]
    return made_tags, sorted(commit.short for commit in lines), [*skipped, *reasons]


def _registered(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the first registration of each version."""
    seen = set()
    for event in events:
        if event.action == "register" and event.version not in seen:
            seen.add(event.version)
            yield event


def _renamed(repo: Repository, event: Event, name: str) -> Oid:
    """Store a tag again under another name, with its date and tagger; the same one each time."""
    old = parse_message(event.tag.message)
    trailers = {key: value for key, value in old.trailers.items() if not key.startswith("Model-")}
    subject, body = as_message(f"{old.subject}\n{old.body}", f"Register {event.model} v{event.version}")
    message = format_message(Message(subject, body, trailers | {TRAILER: format_mark(_mark(event))}))
    tagger, commit = event.tag.tagger, event.tag.target
    return write_tag_object(repo, commit=commit, name=name, message=message, tagger=tagger, at=event.at)


def _mark(event: Event) -> Mark:
    return {"registry": REGISTRY, "tag": event.tag.name, "object": event.tag.object}


def _notes(
    repo: Repository, registered: Sequence[tuple[str, Event]]
) -> tuple[dict[Oid, list[str]], list[str]]:
    """Return the lines that the commits' notes lack, and why files were left out."""
    present = read_notes(repo, METRICS_REF, [event.tag.target for _, event in registered])
    new = [(ours, event) for ours, event in registered if not _is_measured(present, ours, event)]
    places = {event.tag.name: (str(event.tag.target), _folder(event.model)) for _, event in new}
    measured = read_measured(repo, places.values())
    lines: dict[Oid, list[str]] = {}
    for ours, event in new:
        found = measured.get(places[event.tag.name])
        if found and found.metrics:
            by = event.tag.tagger.rpartition("<")[2].rstrip(">")
            record = Record(ours, "training", found.metrics, utc(event.at), by, event.version)
            lines.setdefault(event.tag.target, []).append(format_record(record))
    return lines, sorted({reason for found in measured.values() for reason in found.skipped})


def _is_measured(present: Mapping[Oid, Sequence[str]], ours: str, event: Event) -> bool:
    """Say whether a version has a record of its training already."""
    for line in present.get(event.tag.target, ()):
        with suppress(InvalidFile):
            record = parse_record(line)
            if (record.model, record.version, record.kind) == (ours, event.version, "training"):
                return True
    return False


def _folder(model: str) -> str:
    """Return the folder of a model's dvc.yaml: GTO's name for it begins with that."""
    folder = posixpath.normpath(model.rpartition(":")[0] or ".")
    return "" if folder == "." else folder


def _publish_stages(
    repo: Repository, told: Mapping[str, Sequence[Event]], say: Say
) -> tuple[list[str], list[str]]:
    """Tell the history of each stage on the branch of its environment."""
    versions = {(version.tag, str(version.commit)): version for version in Registry(repo).versions()}
    changes: dict[str, list[Change]] = {}
    skipped: list[str] = []
    for ours, events in told.items():
        moved, reasons = moves(events)
        skipped += [*reasons, *_same_environment(ours, {move.stage for move in moved})]
        commits = {event.version: str(event.tag.target) for event in _registered(events)}
        for move in moved:
            place = (tag_name(ours, move.version or ""), commits.get(move.version, ""))
            version = versions.get(place)
            if move.version and version is None:
                skipped.append(f"{move.event.tag.name}: there is no version {move.version} of {ours} here")
            else:
                env = environment_name(move.stage)
                changes.setdefault(env, []).append(_change(ours, move.event, move.stage, version))
    subjects = []
    for env, found in changes.items():
        try:
            check_environment(env)
        except UsageError as error:
            skipped.append(error.message)
            continue
        written = write_changes(repo, env, sorted(found, key=lambda change: change.at))
        skipped += written.skipped
        subjects += [f"{env}: {subject}" for subject in written.subjects]
        for subject in written.subjects:
            say(f"[import] {env}: {subject}")
    return subjects, skipped


def _same_environment(model: str, stages: Iterable[str]) -> Iterator[str]:
    """Say which stages become one environment, whose history then mixes theirs."""
    names: dict[str, str] = {}
    for stage in sorted(stages):
        other = names.setdefault(environment_name(stage), stage)
        if other != stage:
            env = environment_name(stage)
            yield f"the stages {other} and {stage} of {model} become one environment, {env}"


def _change(model: str, event: Event, stage: str, version: Version | None) -> Change:
    mark = {**_mark(event), "stage": stage}
    return Change(model, version, event.at, event.tag.tagger, event.tag.message.strip(), mark)
