"""Small parts of the review of a model: verdicts, bounds, and what differs in the report's own terms."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitmodel.delivery.gates import GateResult, Measuring
from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.reports.compare import Comparison, Pair
from gitmodel.reports.review.document import Code, Item, Verdict

if TYPE_CHECKING:
    from gitmodel.evaluation import Scores


def own_scores(measuring: Measuring) -> "Scores | None":
    """Return how a version does on its own test rows; ``None`` where that cannot be measured."""
    try:
        return measuring.scores
    except GitmodelError:
        return None  # a gate tells why


def interval_between(
    metric: str, scores: "Scores | None", other: "Scores | None"
) -> tuple[float | None, float | None]:
    """Return the bounds of the difference of two models on the same rows, where there are any."""
    if scores is None or other is None:
        return None, None
    from math import isfinite

    from gitmodel.evaluation import paired_difference

    try:
        found = paired_difference(metric, scores, other)
    except InvalidFile:
        return None, None
    return (found.low, found.high) if isfinite(found.low) and isfinite(found.high) else (None, None)


def verdict_of(gates: Sequence[GateResult]) -> Verdict:
    """Return what gates say together: the gravest of their verdicts."""
    order: tuple[Verdict, ...] = ("failed", "error", "inconclusive")
    return next((verdict for verdict in order if any(gate.verdict == verdict for gate in gates)), "passed")


def items_of(pairs: Sequence[Pair]) -> tuple[Item, ...]:
    """Return what differs as the report has it."""
    return tuple(Item(pair.name, pair.old, pair.new) for pair in pairs)


def code_of(found: Comparison) -> Iterator[Code]:
    """Yield the files that differ as the report has them."""
    for path, added, removed in found.code:
        yield Code(path, *((int(added), int(removed)) if added.isdigit() else (-1, -1)))
