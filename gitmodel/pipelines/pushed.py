"""What was pushed: refs that moved."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitmodel.git.values import Oid
from gitmodel.registry.names import split_tag

_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True)
class Pushed:
    """A ref that a push has moved; ``old`` is ``None`` where it is new, ``new`` where it is gone."""

    ref: str
    old: Oid | None
    new: Oid | None

    @property
    def name(self) -> str:
        """How people call it."""
        return self.ref.removeprefix(_BRANCHES).removeprefix(_TAGS)

    @property
    def matters(self) -> bool:
        """Whether something can follow from it: it is a branch or the tag of a version, and is there."""
        if self.new is None:
            return False
        if self.ref.startswith(_TAGS):
            return split_tag(self.name) is not None
        return self.ref.startswith(_BRANCHES)


def parse_pushed(lines: Iterable[str]) -> list[Pushed]:
    """Read what git tells a post-receive hook: a line ``<old> <new> <ref>`` for each ref."""
    words = (line.rstrip("\n").split(" ", 2) for line in lines if line.strip())
    return [Pushed(ref, _oid(old), _oid(new)) for old, new, ref in words]


def _oid(text: str) -> Oid | None:
    return Oid(text) if text.strip("0") else None


def describe(pushed: Iterable[Pushed]) -> str:
    """Return the refs with the commits they point to now, in a few words."""
    return ", ".join(f"{item.name} {item.new.short if item.new else 'deleted'}" for item in pushed)
