"""Small parts of the review of a model: verdicts, bounds, and what differs in the report's own terms."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitmodel.delivery.gates import GateResult, Measuring
from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.reports.compare import Comparison, Pair
from gitmodel.reports.plots import Side, draw_plots
from gitmodel.reports.plots.tables import table_of
from gitmodel.reports.review.document import Code, Drawing, Item, Verdict

if TYPE_CHECKING:
    from gitmodel.evaluation import Scores

_PLOTS, _NAME, _LONGEST = 20, 500, 2000  # as the schema of the report bounds them


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


def drawings_of(repo: Repository, sides: Sequence[Side]) -> Iterator[Drawing]:
    """Yield the plots of a result beside those of what it is compared with, as the report has them."""
    try:
        plots = draw_plots(repo, sides)
    except GitmodelError as error:
        yield Drawing("plots", "plots", error.message[:_LONGEST])
        return
    for plot in plots[:_PLOTS]:
        found = table_of(plot)
        rows = found.rows if found else ()
        note = "; ".join(plot.notes)[:_LONGEST]
        yield Drawing(plot.name[:_NAME], plot.title[:_NAME], note, found.head if found else (), rows)
