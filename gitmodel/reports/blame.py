"""Which version moved a metric, and what changed in it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.reports.compare import Comparison, Pair, compare
from gitmodel.reports.diff import Change, signed
from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean
from gitmodel.reports.words import number

_FILES_NAMED = 3


@dataclass(frozen=True)
class Move:
    """A version in which a metric is another than in the one before, and all that differs between them."""

    version: Version
    change: Change
    comparison: Comparison


def find_moves(
    repo: Repository, versions: Sequence[Version], metric: str, limit: int | None = None
) -> list[Move]:
    """Return the versions that moved a metric, newest first; versions without it are passed over.

    Args:
        repo: Where they are.
        versions: Those of one model, newest first.
        metric: Name of the metric.
        limit: Return at most so many.

    Raises:
        UsageError: If no version has the metric.
    """
    having = [version for version in versions if metric in version.facts.metrics]
    if not having:
        from gitmodel.spec.problems import did_you_mean

        names = sorted({name for version in versions for name in version.facts.metrics})
        hint = did_you_mean(metric, names) or f"there are: {', '.join(names) or 'none'}"
        raise UsageError(f"no version has the metric {metric!r}", hint=hint)
    moved = [
        (old, new)
        for new, old in itertools.pairwise(having)
        if new.facts.metrics[metric] != old.facts.metrics[metric]
    ]
    found = (compare(repo, old, new) for old, new in moved[:limit])
    return [
        Move(each.new, change, each) for each in found for change in each.metrics if change.metric == metric
    ]


def blame_text(moves: Sequence[Move], metric: str) -> list[str]:
    """Return the moves as a table, and first the version that moved the metric most."""
    if not moves:
        return [f"{clean(metric)} has been the same in all versions"]
    most = max(moves, key=lambda move: abs(move.change.delta or 0.0))
    rows = [("VERSION", "DATE", clean(metric).upper(), "CHANGE", "", "WHAT CHANGED")]
    rows += [
        (
            f"v{move.version.version}",
            move.version.date[:10],
            number(move.change.new or 0.0),
            signed(move.change.delta or 0.0),
            move.change.direction,
            clean("; ".join(reasons(move.comparison)) or "nothing that git knows of"),
        )
        for move in moves
    ]
    first = f"v{most.version.version} moved {clean(metric)} most: {signed(most.change.delta or 0.0)}"
    return [f"{first} ({most.change.direction})", "", *align(rows)]


def reasons(found: Comparison) -> Iterator[str]:
    """Say in a few words what differs between two versions."""
    yield from (_change(pair) for pair in found.parameters)
    if found.data:
        yield f"data: {', '.join(pair.name for pair in found.data)}"
    files = [path for path, _added, _removed in found.code if not (found.parameters and _is_parameters(path))]
    if files:
        more = len(files) - _FILES_NAMED
        yield f"code: {', '.join(files[:_FILES_NAMED])}{f' and {more} more' if more > 0 else ''}"
    yield from (_change(pair) for pair in found.environment)


def _change(pair: Pair) -> str:
    return f"{pair.name} {'-' if pair.old is None else pair.old} -> {'-' if pair.new is None else pair.new}"


def _is_parameters(path: str) -> bool:
    return path.rpartition("/")[2] == "params.yaml"


def blame_document(moves: Sequence[Move]) -> list[dict[str, Any]]:
    """Return the moves for JSON."""
    return [
        {
            "version": move.version.version,
            "id": move.version.model_id,
            "date": move.version.date,
            "old": move.change.old,
            "new": move.change.new,
            "delta": move.change.delta,
            "direction": move.change.direction,
            "what_changed": list(reasons(move.comparison)),
        }
        for move in moves
    ]
