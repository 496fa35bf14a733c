"""How a version does while it serves: its metrics on labelled rows, latency, errors."""

from dataclasses import replace
from datetime import datetime
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gitmodel.artifacts import Predictor, plain_errors
from gitmodel.errors import GitmodelError, UsageError
from gitmodel.evaluation.datasets import Dataset
from gitmodel.evaluation.intervals import Estimate, interval, share
from gitmodel.evaluation.scoring import Scores, rank, score
from gitmodel.monitoring.frames import CONTRADICTING, REPEATED, Frames
from gitmodel.monitoring.measurement import Counts, Measured
from gitmodel.monitoring.recorded import Answers, Recorded, matched, positive_of, recorded_answers, relevance
from gitmodel.monitoring.segments import as_text, microseconds
from gitmodel.monitoring.subject import Subject

_RESAMPLED = 5000  # rows; of more, the interval of a sample is narrowed as that of a mean
_Z = NormalDist().inv_cdf(0.975)


def measure(frames: Frames, subject: Subject, since: datetime, until: datetime) -> Measured:
    """Measure a version over the predictions of a window."""
    span = microseconds(since), microseconds(until)
    own = _own(frames, subject.version)
    within = own & (frames.at >= span[0])
    answered = frames.predictions["status"].is_null().to_numpy()
    rows = np.flatnonzero(within & answered)
    labelled = rows[frames.label.is_valid().to_numpy(zero_copy_only=False)[rows]]
    failed = int((within & ~answered).sum())
    counts = _counts(frames, own, within, span)
    silent = int(frames.silent[labelled].sum())
    waiting = int((within & frames.waiting).sum())
    counts = replace(counts, predictions=len(rows), failed=failed)
    counts = replace(counts, labelled=len(labelled), silent=silent, waiting=waiting)
    metrics = _requests(frames, rows, failed)
    problem = ""
    try:
        found = recorded_answers(frames, labelled, subject)
        left_out = len(labelled) - len(found.truth)
        counts = replace(counts, labelled=len(found.truth), broken=counts.broken + left_out)
        metrics |= _quality(found, subject)
    except GitmodelError as error:
        problem = error.message
    return Measured(
        subject.model, subject.environment, subject.version, since, until, counts, metrics, problem=problem
    )


def served(frames: Frames, since: datetime) -> list[str]:
    """Return the versions that were asked since then."""
    import pyarrow as pa

    recent = frames.predictions["version"].filter(pa.array(frames.at >= microseconds(since)))
    return sorted(str(each) for each in recent.unique().to_pylist() if each is not None)


def answered_rows(frames: Frames, version: str, since: datetime) -> NDArray[np.int64]:
    """Return the rows of the predictions that a version made since then."""
    answered = frames.predictions["status"].is_null().to_numpy()
    return np.flatnonzero(_own(frames, version) & answered & (frames.at >= microseconds(since)))


def replayed(
    frames: Frames, subject: Subject, predictor: Predictor, since: datetime, until: datetime
) -> tuple[int, dict[str, Estimate]]:
    """Let a version predict what others were asked in a window, and compare with the labels.

    Returns:
        How many labelled rows there were, the newest 5000 at most, and the metrics.

    Raises:
        GitmodelError: If there are no labels, or the version cannot predict from what was kept.
    """
    import pandas as pd

    within = (frames.at >= microseconds(since)) & (frames.at <= microseconds(until))
    known = frames.label.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(within & known & frames.predictions["status"].is_null().to_numpy())
    newest_last = np.argsort(frames.at.take(rows), kind="stable")
    rows = np.sort(rows[newest_last][-_RESAMPLED:])
    if not len(rows):
        raise UsageError("no prediction has a label yet")
    truth = frames.label.take(rows).to_numpy(zero_copy_only=False)
    if predictor.classes is None or subject.group is not None:
        truth = relevance(truth)
        good = np.isfinite(truth)
    else:
        classes = {as_text(label): label for label in predictor.classes}
        words, good = matched(truth, list(classes))
        truth = np.array([classes.get(word) for word in words], object)
    inputs = pd.DataFrame(frames.sample_inputs(rows[good]))
    labels = pd.Series(truth[good].tolist())
    data = Dataset("live predictions", "", inputs, labels, "label")
    with plain_errors(f"v{subject.version}"):
        if subject.group is not None:
            scores = rank(subject.group, subject.k, data, predictor)
        else:
            scores = score(subject.kind, data, predictor, subject.positive)
    return int(good.sum()), {metric: interval(metric, scores) for metric in scores.metrics}


def _own(frames: Frames, version: str) -> NDArray[np.bool_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    same = pc.is_in(frames.predictions["version"], value_set=pa.array([version]))  # a null is not
    found: NDArray[np.bool_] = same.to_numpy()
    return found


def _counts(
    frames: Frames, own: NDArray[np.bool_], within: NDArray[np.bool_], span: tuple[int, int]
) -> Counts:
    """Count what is odd about labels; those of no prediction, and broken lines, are of no version."""
    known = frames.label_row >= 0
    place = np.where(known, frames.label_row, 0)
    now = (frames.label_at >= span[0]) & (frames.label_at <= span[1])
    of_rows = known & (within[place] if len(within) else False)
    before = known & ((own & ~within)[place] if len(own) else False)
    return Counts(
        late=int((before & now & (frames.label_kind != REPEATED)).sum()),
        repeated=int((of_rows & (frames.label_kind == REPEATED)).sum()),
        contradicting=int((of_rows & (frames.label_kind == CONTRADICTING)).sum()),
        unknown=int((~known & now).sum()) - frames.foreign,
        foreign=frames.foreign,
        broken=frames.broken,
        future=frames.future,
        dropped=frames.dropped,
    )


def _requests(frames: Frames, rows: NDArray[np.int64], failed: int) -> dict[str, Estimate]:
    """Return latency and the share of failed requests; a request with several rows is one."""
    import pyarrow.compute as pc

    part = frames.predictions.select(["id", "ms"]).take(rows)
    first = pc.or_(pc.ends_with(part["id"], "-0"), pc.invert(pc.match_substring(part["id"], "-")))
    times = np.sort(part["ms"].filter(first).drop_null().to_numpy())
    requests = int(pc.sum(first).as_py() or 0) + failed
    found = {"error_rate": share(failed, requests)} if requests else {}
    if len(times):
        found |= {f"latency_p{percent}": _quantile(times, percent / 100) for percent in (50, 95)}
    return found


def _quantile(ordered: NDArray[np.float64], q: float) -> Estimate:
    """Return a quantile; its bounds are the values at the ranks that a binomial count lies between."""
    count = len(ordered)
    half = _Z * float(np.sqrt(q * (1 - q) * count))
    ranks = np.clip([q * count, q * count - half, q * count + half], 0, count - 1).astype(int)
    value, low, high = (float(ordered[rank]) for rank in ranks)
    return Estimate(value, low, high)


def _quality(answers: Answers, subject: Subject) -> dict[str, Estimate]:
    """Score recorded answers against labels.

    Raises:
        GitmodelError: If there are no labels, or the answers cannot be scored.
    """
    import pandas as pd

    count = len(answers.truth)
    if not count:
        raise UsageError("no prediction has a label yet")
    rows = pd.DataFrame({} if answers.groups is None else {subject.group: answers.groups}, range(count))
    data = Dataset("live predictions", "", rows, pd.Series(answers.truth), "label")
    recorded = Recorded(answers.prediction, answers.chances)
    if subject.group is not None:
        scores = rank(subject.group, subject.k, data, recorded)
    else:
        scores = score(answers.kind, data, recorded, positive_of(subject, recorded.classes))
    return {metric: _estimate(metric, scores) for metric in scores.metrics}


def _estimate(metric: str, scores: Scores) -> Estimate:
    """Return a metric of all rows; of very many, its interval is that of a sample, narrowed."""
    outcome, count = scores.outcome, scores.outcome.units
    if count <= _RESAMPLED:
        return interval(metric, scores)
    value = scores.value(metric)
    chosen = np.sort(np.random.default_rng(0).choice(count, _RESAMPLED, replace=False))
    found = interval(metric, replace(scores, outcome=outcome.part(chosen)))
    half = (found.high - found.low) / 2 * float(np.sqrt(_RESAMPLED / count))
    return Estimate(value, value - half, value + half)
