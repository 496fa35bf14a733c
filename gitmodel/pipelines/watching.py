"""Watch the models of an environment: measure what serves, judge it by its conditions, note it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gitmodel import clock
from gitmodel.delivery.collecting import complete_until, live_folder
from gitmodel.delivery.materials import predictor
from gitmodel.errors import GitmodelError, UsageError
from gitmodel.git.refs import default_rev
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record, utc
from gitmodel.monitoring.conditions import Judged, judge
from gitmodel.monitoring.drift import OUTPUT, SAMPLE, Drift, measure_drift
from gitmodel.monitoring.frames import Frames, read_frames
from gitmodel.monitoring.live import answered_rows, measure, served
from gitmodel.monitoring.measurement import Measured
from gitmodel.monitoring.segments import as_text
from gitmodel.monitoring.subject import Subject
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import ModelSpec, load_model
from gitmodel.training import fetch_file

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_WINDOW = timedelta(days=7)  # of a model without conditions


@dataclass(frozen=True)
class Watched:
    """A model in an environment.

    Attributes:
        live: The version that should run, over the window of the first condition.
        others: Other versions that were asked in it.
        judged: Each condition with its verdict.
        drift_problem: Why drift could not be measured; "" where it could.
    """

    live: Measured
    others: tuple[Measured, ...]
    judged: tuple[Judged, ...]
    drift_problem: str = ""

    @property
    def is_broken(self) -> bool:
        """Say whether a condition failed."""
        return any(each.verdict == "failed" for each in self.judged)


def watch(
    repo: Repository,
    env: str,
    model: str | None = None,
    *,
    by: str,
    record: bool = True,
    now: datetime | None = None,
) -> list[Watched]:
    """Measure and judge a model, or all that should run in an environment; note it on the versions' commits.

    Args:
        repo: The repository; what it has collected is read.
        env: Name of the environment.
        model: Only this one.
        by: Who measures, as the notes name him.
        record: Write notes.
        now: End of the window; default: this moment.

    Raises:
        UsageError: If nothing of it should run there, or there is nothing to note: none was ever collected.
        ToolFailed: If notes cannot be published.
    """
    until = now or clock.now()
    wanted = read_desired(repo, env)
    names = sorted(name for name, desired in wanted.items() if desired.version and model in (None, name))
    if not names:
        raise UsageError(
            f"no version{f' of {model}' if model else ''} was promoted to {env}",
            hint="run `gitmodel status` to see what should run where",
        )
    if record and not live_folder(repo, env).is_dir():
        raise UsageError(f"nothing was collected from {env} on this machine", hint="leave out --no-collect")
    found = []
    for name in names:
        version = Registry(repo).version(wanted[name].tag or f"{name}:{wanted[name].version}")
        found.append(_Watching(repo, env, version, until).watch())
        if record:
            line = format_record(record_of(found[-1].live, by))
            publish(repo, [], {METRICS_REF: {version.commit: [line]}})
    return found


@dataclass(frozen=True)
class _Watching:
    """One model: ``version`` is the one that should run."""

    repo: Repository
    env: str
    version: Version
    until: datetime

    def watch(self) -> Watched:
        spec = load_model(self.repo, self._policy, self.version.model)
        frames = read_live(self.repo, self.env, spec, self.until)
        windows = list(dict.fromkeys(condition.window for condition in spec.quality)) or [_WINDOW]
        first = windows[0]
        reference, problem = self._reference(frames, max(windows))
        by_window = {window: self._measured(frames, spec, window, reference) for window in windows}
        judged = tuple(judge(condition, by_window[condition.window]) for condition in spec.quality)
        since = self.until - first
        others = [name for name in served(frames, since) if name != self.version.version]
        return Watched(
            by_window[first],
            tuple(measure(frames, subject_of(spec, self.env, name), since, self.until) for name in others),
            judged,
            problem,
        )

    @property
    def _policy(self) -> str:
        """Where the conditions are read: what people say today, not when the version was made."""
        return default_rev(self.repo) or self.version.commit

    def _measured(
        self, frames: Frames, spec: ModelSpec, window: timedelta, reference: "pd.DataFrame | None"
    ) -> Measured:
        since = self.until - window
        found = measure(frames, subject_of(spec, self.env, self.version.version), since, self.until)
        drift = self._drift(frames, spec, since, reference) if reference is not None else Drift()
        return replace(found, metrics={**found.metrics, **drift.metrics}, drift=drift.columns)

    def _drift(self, frames: Frames, spec: ModelSpec, since: datetime, reference: "pd.DataFrame") -> Drift:
        import pandas as pd

        rows = _sampled(answered_rows(frames, self.version.version, since))
        answers = frames.predictions["prediction"].take(rows).to_pandas()
        if pd.api.types.is_numeric_dtype(reference[OUTPUT]):
            answers = pd.to_numeric(answers, errors="coerce")
        live = pd.DataFrame(frames.sample_inputs(rows)).assign(**{OUTPUT: answers})
        without = {*spec.monitor.hash, *spec.monitor.exclude}
        group = (
            spec.evaluate.group if spec.evaluate else None
        )  # names whom rows are of: new ones are no drift
        return measure_drift(reference, live, without=without | ({group} if group else set()))

    def _reference(self, frames: Frames, window: timedelta) -> "tuple[pd.DataFrame | None, str]":
        """Return rows that the version was trained on, with what it answers to them."""
        if not len(answered_rows(frames, self.version.version, self.until - window)):
            return None, ""
        try:
            return self._training_rows(), ""
        except GitmodelError as error:
            return None, error.message

    def _training_rows(self) -> "pd.DataFrame":
        from gitmodel.artifacts import plain_errors
        from gitmodel.evaluation.datasets import read_frame

        spec = load_model(self.repo, self.version.commit, self.version.model)
        if spec.data is None or spec.data.train is None:
            raise UsageError("`data.train` is not set in model.yaml, so drift is not measured")
        path = spec.path(spec.data.train)
        frame = read_frame(fetch_file(self.repo, self.version.commit, path), path)
        frame = frame.sample(SAMPLE, random_state=0) if len(frame) > SAMPLE else frame
        frame = frame.drop(columns=[spec.data.target or ""], errors="ignore")
        with plain_errors(path):
            answers = predictor(self.repo, spec, self.version).predict(frame).tolist()
        plain = all(isinstance(each, int | float) and not isinstance(each, bool) for each in answers)
        return frame.assign(**{OUTPUT: answers if plain else [as_text(each) for each in answers]})


def read_live(repo: Repository, env: str, spec: ModelSpec, now: datetime) -> Frames:
    """Read and join what was collected of a model, as its model.yaml says."""
    complete = complete_until(repo, env, spec.name)
    return read_frames(live_folder(repo, env), spec.name, now, spec.feedback, complete)


def subject_of(spec: ModelSpec, env: str, version: str) -> Subject:
    """Return what is measured of a version, as its model declares it."""
    found = spec.evaluate
    if found is None:
        return Subject(spec.name, env, version)
    return Subject(spec.name, env, version, found.kind, found.positive, found.group, found.k)


def _sampled(rows: "NDArray[np.int64]") -> "NDArray[np.int64]":
    import numpy as np

    if len(rows) <= SAMPLE:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))


def record_of(measured: Measured, by: str) -> Record:
    """Return a measurement as a record; the bounds of a metric are ``<metric>.low`` and ``<metric>.high``."""
    counts = measured.counts
    numbers: dict[str, float] = {
        "predictions": counts.predictions,
        "labelled": counts.labelled,
        "failed": counts.failed,
        "window_seconds": (measured.until - measured.since).total_seconds(),
    }
    for name, estimate in measured.metrics.items():
        numbers |= {name: estimate.value, f"{name}.low": estimate.low, f"{name}.high": estimate.high}
    return Record(
        measured.model,
        "live",
        {name: value for name, value in numbers.items() if math.isfinite(value)},
        utc(measured.until.timestamp()),
        by,
        measured.version,
        Dataset(f"live/{measured.environment}", rows=counts.predictions),
    )


def watched_document(rows: Sequence[Watched]) -> list[dict[str, Any]]:
    """Return what ``monitor --json`` prints."""
    return [_document(row) for row in rows]


def _document(row: Watched) -> dict[str, Any]:
    live = row.live
    return {
        "model": live.model,
        "environment": live.environment,
        "version": live.version,
        "since": utc(live.since.timestamp()),
        "until": utc(live.until.timestamp()),
        "counts": asdict(live.counts),
        "metrics": _figures(live),
        "drift": dict(live.drift),
        "problem": live.problem or None,
        "drift_problem": row.drift_problem or None,
        "others": [
            {"version": each.version, "counts": asdict(each.counts), "metrics": _figures(each)}
            for each in row.others
        ],
        "conditions": [
            {
                "metric": each.condition.metric,
                "window_seconds": each.condition.window.total_seconds(),
                "min_samples": each.condition.min_samples,
                "min": each.condition.min,
                "max": each.condition.max,
                "verdict": each.verdict,
                "samples": each.samples,
                "reason": each.reason,
            }
            for each in row.judged
        ],
    }


def _figures(measured: Measured) -> dict[str, dict[str, float | None]]:
    return {
        name: {key: value if math.isfinite(value) else None for key, value in asdict(estimate).items()}
        for name, estimate in measured.metrics.items()
    }
