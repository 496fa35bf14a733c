"""The grammar of GTO's tags, and the history that they tell.

=====================  =====================================
``churn@v1.2.0``       registers a version
``churn@v1.2.0!``      takes it back
``churn#prod``         puts the version at its commit on a stage
``churn#prod!``        takes it from there
``churn@deprecated``   takes back the whole model
=====================  =====================================

Each may end in ``#<number>``, counted over all tags of a model. A model of a folder is ``folder=churn``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gitmodel.git.tags import Tag
from gitmodel.registry.names import is_version_number

Action = Literal["register", "deregister", "assign", "unassign", "deprecate"]

_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9/_-]*[a-zA-Z0-9])?"
_TAG = re.compile(
    rf"(?P<model>(?:[a-zA-Z0-9_./-]+=)?{_NAME})"
    rf"(?:(?:#(?P<stage>{_NAME})|@v(?P<version>[0-9][0-9A-Za-z.+-]*))(?P<cancel>!?)|@(?P<word>deprecated|created))"
    r"(?:#(?P<counter>[0-9]+))?\Z"
)


@dataclass(frozen=True)
class Event:
    """What a tag says; ``model`` as GTO names it: ``folder:churn``, ``at`` in seconds since 1970."""

    tag: Tag
    at: int
    model: str
    action: Action
    version: str | None = None
    stage: str | None = None
    counter: int = 0


def parse_event(tag: Tag) -> Event | None:
    """Return what a tag says; ``None``: it is none of GTO's, or has no date, as lightweight ones."""
    match = _TAG.match(tag.name) if tag.annotated else None
    at = _seconds(tag.date)
    if match is None or at is None or match["word"] == "created":
        return None
    version, stage = match["version"], match["stage"]
    if version and not ("." in version and is_version_number(version)):
        return None
    action: Action = "deprecate"
    if version:
        action = "deregister" if match["cancel"] else "register"
    elif stage:
        action = "unassign" if match["cancel"] else "assign"
    counter = int(match["counter"] or 0)
    return Event(tag, at, match["model"].replace("=", ":"), action, version, stage, counter)


def _seconds(date: str) -> int | None:
    try:
        return int(datetime.strptime(date, "%Y-%m-%d %H:%M:%S %z").timestamp())
    except ValueError:  # a tag that nobody signed, or a date that there is not
        return None


def read_events(tags: Iterable[Tag]) -> list[Event]:
    """Return what the tags say, oldest first; of one second, in the order of their counters."""
    events = filter(None, map(parse_event, tags))
    return sorted(events, key=lambda event: (event.at, event.counter, event.tag.name))


@dataclass(frozen=True)
class Move:
    """From an event on, a stage of a model has this version; ``None``: none."""

    event: Event
    stage: str
    version: str | None


@dataclass
class _State:
    """A model while its events are told: versions by commit, and those of each stage, newest last."""

    commits: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    stages: dict[str, list[str]] = field(default_factory=dict)
    deprecated: bool = False

    def tell(self, event: Event) -> str | None:
        """Take an event in; return why it says nothing, where it does not."""
        self.deprecated = event.action == "deprecate"
        if event.version:
            self.withdrawn.discard(event.version)
            if event.action == "register":
                self.commits[event.version] = event.tag.target
            else:
                self.withdrawn.add(event.version)
        elif event.stage:
            version = self._at(event.tag.target)
            if version is None:
                return f"{event.tag.name} is on a commit that is no version of {event.model}"
            stage = self.stages.setdefault(event.stage, [])
            stage[:] = [other for other in stage if other != version]
            if event.action == "assign":
                stage.append(version)
        return None

    def _at(self, commit: str) -> str | None:
        """Return the version at a commit: of several the one that was registered last."""
        return next((version for version, target in reversed(self.commits.items()) if target == commit), None)

    def current(self) -> dict[str, str | None]:
        """Return the version of each stage."""
        return {stage: self._of(versions) for stage, versions in self.stages.items()}

    def _of(self, versions: Sequence[str]) -> str | None:
        good = [version for version in versions if version not in self.withdrawn]
        return good[-1] if good and not self.deprecated else None


def moves(events: Iterable[Event]) -> tuple[list[Move], list[str]]:
    """Tell the events of one model again as what its stages had, oldest first.

    Returns:
        The moves, and why events are left out.
    """
    state, told, skipped = _State(), list[Move](), list[str]()
    before: Mapping[str, str | None] = {}
    for event in events:
        why = state.tell(event)
        skipped += [why] if why else []
        now = state.current()
        told += _differences(event, before, now)
        before = now
    return told, skipped


def _differences(
    event: Event, before: Mapping[str, str | None], now: Mapping[str, str | None]
) -> Iterator[Move]:
    for stage, version in now.items():
        if before.get(stage) != version:
            yield Move(event, stage, version)


def withdrawn(events: Iterable[Event]) -> list[str]:
    """Return the versions of one model that GTO takes back in the end."""
    state = _State()
    for event in events:
        state.tell(event)
    return sorted(state.commits) if state.deprecated else sorted(state.withdrawn & state.commits.keys())
