"""What was measured of a live version over a window, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gitmodel.evaluation.intervals import Estimate


@dataclass(frozen=True)
class Counts:
    """What was found among predictions and labels.

    Attributes:
        predictions: Rows that were predicted in the window.
        labelled: Those whose label is known.
        silent: Those of them of which nobody has said anything: silence is their label.
        waiting: Those whose label does not count yet, as silence would not.
        failed: Requests that got no prediction.
        late: Labels that came after the window of their prediction.
        repeated: Labels that say again what was known.
        contradicting: Labels that say something else than an earlier one of the same prediction.
        unknown: Labels of predictions that are not there.
        foreign: Labels of another model's predictions.
        broken: Lines that could not be read.
        future: Lines of a clock that is ahead.
        dropped: Lines that the service could not keep.
    """

    predictions: int = 0
    labelled: int = 0
    silent: int = 0
    waiting: int = 0
    failed: int = 0
    late: int = 0
    repeated: int = 0
    contradicting: int = 0
    unknown: int = 0
    foreign: int = 0
    broken: int = 0
    future: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Measured:
    """A live version over a window.

    Attributes:
        model: Name of the model.
        environment: Where it serves.
        version: Number of the version.
        since: Begin of the window, UTC.
        until: Its end.
        counts: How much there was.
        metrics: By name: those of the evaluation on labelled rows, ``error_rate`` (0..1 of requests),
            ``latency_p50`` and ``latency_p95`` (ms), ``drift`` (the largest PSI of a column).
        drift: PSI by column; outputs are named ``output``.
        problem: Why quality could not be measured; "" where it could.
    """

    model: str
    environment: str
    version: str
    since: datetime
    until: datetime
    counts: Counts = Counts()
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    drift: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""
