"""The report as titles and tables of plain text, which each format writes in its own way."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitmodel.reports.diff import signed
from gitmodel.reports.review.document import Figure, Item, ModelReview, Review
from gitmodel.reports.words import number

_SHOWN = 20
MARKS = {"passed": "✅", "failed": "❌", "inconclusive": "⚠️", "error": "⚠️", "untrained": "❌"}
_DIRECTIONS = {"better": "🟢", "worse": "🔴"}


@dataclass(frozen=True)
class Section:
    """A table with a title; ``numbers`` are the columns that are set flush right.

    ``brief`` sections are shown at once, others where somebody opens them. ``plot``: pictures say it better.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    brief: bool = False
    plot: bool = False


def summary(review: Review) -> str:
    """Return the verdict on all models in a line."""
    if not review.models:
        return "No model is touched."
    passed = sum(model.verdict == "passed" for model in review.models)
    total = len(review.models)
    if total == 1:
        return review.models[0].headline
    return f"{passed} of {total} models pass their gates" if passed < total else f"All {total} models pass"


def sections(model: ModelReview) -> Iterator[Section]:
    """Yield the tables of a model that have something in them, those that matter most first."""
    if model.metrics:
        yield _metrics(model)
    if model.gates:
        found = tuple((f"{MARKS[gate.verdict]} {gate.verdict}", gate.reason) for gate in model.gates)
        yield Section("Gates", ("gate", "what it found"), found, brief=True)
    yield from _plots(model)
    yield from _items("Parameters", model.parameters)
    yield from _items("Data", model.data)
    if model.shifts:
        moved = tuple((each.column, f"{each.psi:.3f}", each.base, each.head) for each in model.shifts)
        yield Section("Columns that moved most", ("column", "PSI", "base", "head"), moved, (1,))
    yield from _items("Artifact", model.artifact)
    if model.latency:
        timed = (*(f"{value:.2f} ms" for value in model.latency), _times(model.latency))
        yield Section("One prediction, both timed here", ("base", "head", ""), (timed,), (0, 1))
    if model.code:
        rows = tuple(
            (each.path, "binary" if each.added < 0 else f"+{each.added} -{each.removed}")
            for each in model.code[:_SHOWN]
        )
        more = len(model.code) - _SHOWN
        rows += ((f"and {more} more", ""),) if more > 0 else ()
        yield Section("Files", ("file", "lines"), rows)
    if model.notebooks:
        title = "Notebook of the failure" if model.failure else "Executed notebooks"
        yield Section(title, ("file",), tuple((path,) for path in model.notebooks))


def _plots(model: ModelReview) -> Iterator[Section]:
    for each in model.plots:
        if each.rows:
            title = f"{each.title}, {' → '.join(side.name for side in model.drawn)}"
            yield Section(title, each.head, each.rows, plot=True)
    others = tuple((each.title, each.note or each.name) for each in model.plots if each.note or not each.rows)
    if others:
        yield Section("Plots", ("plot", ""), others, plot=True)


def _metrics(model: ModelReview) -> Section:
    head = ["metric", model.base or "base", "head", "difference", ""]
    interval = any(figure.low is not None for figure in model.metrics)
    production = bool(model.production) and any(figure.production is not None for figure in model.metrics)
    if interval:
        head.insert(4, "95 % interval")
    if production:
        head.append(model.production)
    rows = []
    for figure in model.metrics:
        row = [figure.metric, _value(figure.base), _value(figure.head), _difference(figure)]
        row += [_interval(figure)] if interval else []
        row += [_direction(figure)]
        row += [_value(figure.production)] if production else []
        rows.append(tuple(row))
    flush = (1, 2, 3, *((4,) if interval else ()), *((len(head) - 1,) if production else ()))
    return Section("Metrics", tuple(head), tuple(rows), flush, brief=True)


def _value(value: float | None) -> str:
    return "-" if value is None else number(float(f"{value:.4g}"))


def _direction(figure: Figure) -> str:
    """Say which way a metric went; a difference that other rows could turn round is none."""
    if figure.low is not None and figure.high is not None and figure.low <= 0 <= figure.high:
        return "no clear difference" if figure.direction != "same" else "same"
    return marked(figure.direction)


def marked(direction: str) -> str:
    """Return which way a metric went, with a mark beside the word."""
    return f"{_DIRECTIONS.get(direction, '')} {direction}".strip()


def _difference(figure: Figure) -> str:
    if figure.base is None or figure.head is None:
        return ""
    return signed(float(f"{figure.head - figure.base:.3g}"))


def _interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:+.4f} … {figure.high:+.4f}"


def _items(title: str, items: tuple[Item, ...]) -> Iterator[Section]:
    if items:
        rows = tuple((item.name, item.base or "-", item.head or "-") for item in items[:_SHOWN])
        more = len(items) - _SHOWN
        rows += ((f"and {more} more", "", ""),) if more > 0 else ()
        yield Section(title, ("", "base", "head"), rows)


def _times(latency: tuple[float, ...]) -> str:
    if len(latency) < 2 or not latency[0]:  # noqa: PLR2004 - a pair
        return ""
    return f"{latency[1] / latency[0]:.2f} times"
