"""What changed between two sets of metrics, and whether that is for the better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean
from gitmodel.reports.words import number
from gitmodel.spec.metric_names import higher_is_better

Direction = Literal["better", "worse", "same", "new", "gone"]

COLOURS: Colours = ((r"  (better)(?:  |$)", "green"), (r"  (worse)(?:  |$)", "red"))


@dataclass(frozen=True)
class Change:
    """One metric before and after; ``None``: it was not measured then."""

    metric: str
    old: float | None
    new: float | None
    direction: Direction

    @property
    def delta(self) -> float | None:
        """By how much it rose; ``None`` where it was measured once only."""
        return None if self.old is None or self.new is None else self.new - self.old


def metric_diff(
    old: Mapping[str, float],
    new: Mapping[str, float],
    higher: Callable[[str], bool] = higher_is_better,
) -> list[Change]:
    """Compare metrics by name, in the order of names.

    Args:
        old: The metrics before.
        new: The metrics after.
        higher: Says whether a metric is better when higher; default: by its name.
    """
    return [
        Change(name, old.get(name), new.get(name), _direction(old.get(name), new.get(name), higher(name)))
        for name in sorted({*old, *new})
    ]


def _direction(old: float | None, new: float | None, higher: bool) -> Direction:  # noqa: FBT001 - a fact
    if old is None:
        return "new"
    if new is None:
        return "gone"
    if old == new:
        return "same"
    return "better" if (new > old) == higher else "worse"


def diff_table(changes: Sequence[Change], old: str, new: str) -> list[str]:
    """Return the changes as lines of a table.

    Args:
        changes: What `metric_diff` found.
        old: Head of the column of figures before, such as ``v3``.
        new: Head of the column of figures after.
    """
    rows = [("metric", old, new, "change", "")]
    for change in changes:
        moved = "" if change.delta is None else signed(change.delta)
        rows.append((clean(change.metric), _figure(change.old), _figure(change.new), moved, change.direction))
    return align(rows)


def diff_document(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Return the changes for JSON."""
    return [{**vars(change), "delta": change.delta} for change in changes]


def signed(value: float) -> str:
    """Write a difference with its sign: ``+0.02``."""
    return f"+{number(value)}" if value > 0 else number(value)


def _figure(value: float | None) -> str:
    return "-" if value is None else number(value)
