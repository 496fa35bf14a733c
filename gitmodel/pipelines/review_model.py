"""The review of one model: the result of a training beside what it began from and what runs."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from gitmodel.delivery import materials
from gitmodel.delivery.gates import GateResult, Measuring
from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.releasing import goes_to
from gitmodel.pipelines.review_parts import (
    code_of,
    drawings_of,
    interval_between,
    items_of,
    own_scores,
    verdict_of,
)
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef, Version
from gitmodel.reports import plots
from gitmodel.reports.compare import Comparison, compare
from gitmodel.reports.complete import complete
from gitmodel.reports.diff import metric_diff
from gitmodel.reports.review.document import Drawn, Figure, GateLine, Item, ModelReview, Point, Shift, Verdict
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_model
from gitmodel.spec.metric_names import higher_is_better
from gitmodel.training import fetch_file
from gitmodel.training.lock import executed_notebooks

if TYPE_CHECKING:
    import pandas as pd

    from gitmodel.evaluation import Scores

_HISTORY = 30
_MOVED = 0.02  # PSI from which on a column is worth a line
_COLUMNS = 5
_TIMES = 30


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: a version or a run, its name, and its model as it was then."""

    name: str
    version: Version
    spec: ModelSpec


@dataclass(frozen=True)
class Reviewing:
    """The review of one model.

    ``base`` is ``None`` where there is nothing to compare with; ``versions`` are those of the model, newest
    first; ``is_registered``: the head's result is one of them already.
    """

    repo: Repository
    item: Touched
    head: Side
    base: Side | None
    environments: Sequence[EnvironmentSpec]
    versions: Sequence[Version]
    is_registered: bool

    def review(self) -> ModelReview:
        """Gather all of it."""
        spec, version = self.item.spec, self.head.version
        gates = self._measuring.gates()
        verdict = verdict_of(gates)
        found = self._compared()
        metric = (spec.gates[0].metric if spec.gates else "") or next(iter(version.facts.metrics), "")
        production, sides = self._production, self._sides()
        return ModelReview(
            spec.name,
            self.item.reason,
            verdict,
            self._headline(verdict, gates),
            merge=tuple(self._merge(verdict)),
            base=self.base.name if self.base else "",
            production=production.name if production and not self._is_base(production) else "",
            rows=self._rows(),
            gates=tuple(GateLine(gate.verdict, gate.reason) for gate in gates),
            metrics=tuple(self._figures()),
            parameters=items_of(found.parameters + found.environment) if found else (),
            data=(*items_of(found.data), *self._columns()) if found else (),
            shifts=self._shifts(),
            code=tuple(code_of(found)) if found else (),
            artifact=items_of([pair for pair in found.artifact if pair.name != "sha256"]) if found else (),
            latency=self._latency(),
            history_metric=metric,
            history=tuple(self._history(metric)),
            notebooks=tuple(executed_notebooks(self.repo, spec, version.commit)),
            drawn=tuple(Drawn(side.name, side.commit) for side in sides),
            plots=tuple(drawings_of(self.repo, sides)),
        )

    @property
    def _fate(self) -> str:
        number = f"v{self.head.version.version}"
        return f"is {number} already" if self.is_registered else f"becomes {number} on merge"

    def _headline(self, verdict: Verdict, gates: Sequence[GateResult]) -> str:
        if verdict != "passed":
            return "; ".join(gate.reason for gate in gates if not gate.passed)
        return f"passes its gates, and {self._fate}" if gates else self._fate

    def _merge(self, verdict: Verdict) -> Iterator[str]:
        """Say what becomes of the version in each environment."""
        if verdict != "passed":
            yield f"It {self._fate}, and goes nowhere."
            return
        for environment in self.environments:
            if not goes_to(self.item.spec, environment):
                continue
            name = environment.name
            desired = read_desired(self.repo, name).get(self.item.spec.name)
            if desired and desired.hold:
                yield f"{name}: held at v{desired.version} since {desired.hold.at}: {desired.hold.reason}"
            elif self.is_registered and desired and desired.version == self.head.version.version:
                yield f"{name}: promoted already"
            elif environment.approval == "review":
                yield f"{name}: a pull request, for a person to merge"
            else:
                after = f" once it runs in {environment.after}" if environment.after else ""
                yield f"{name}: promoted and deployed{after}"

    @cached_property
    def _production(self) -> Side | None:
        """Return the version in the last environment that has one."""
        for environment in reversed([each for each in self.environments if goes_to(self.item.spec, each)]):
            with suppress(GitmodelError):
                desired = read_desired(self.repo, environment.name).get(self.item.spec.name)
                if desired and desired.tag:
                    version = Registry(self.repo).version(desired.tag)
                    spec = load_model(self.repo, version.commit, version.model)
                    return Side(f"{environment.name} v{version.version}", version, spec)
        return None

    def _is_base(self, production: Side) -> bool:
        return self.base is not None and self.base.version.object == production.version.object

    def _compared(self) -> Comparison | None:
        """Compare by what git knows; a version is read as its commit is, like the result of a run."""
        if self.base is None:
            return None
        version = self.base.version
        facts = version.facts
        plain = replace(version, facts=Facts(facts.subject, encoding=facts.encoding))
        whole = complete(self.repo, plain)
        source = RunRef(version.source, "")
        algo = facts.algo if self.head.version.facts.algo else None
        return compare(
            self.repo,
            replace(whole, facts=replace(whole.facts, run=source, algo=algo)),
            self.head.version,
        )

    @cached_property
    def _measuring(self) -> Measuring:
        return Measuring(self.repo, self.item.spec, self.head.version)

    @cached_property
    def _scores(self) -> "dict[str, Scores | None]":
        """The scores of each side on the head's rows; ``None`` where that cannot be."""
        found = {self.head.name: own_scores(self._measuring)}
        for side in filter(None, (self.base, self._production)):
            found[side.name] = self._score(side) if found[self.head.name] else None
        return found

    def _score(self, side: Side) -> "Scores | None":
        try:
            return self._measuring.score(side.spec, side.version)
        except GitmodelError:
            return None

    @property
    def unscored(self) -> list[str]:
        """Names of the sides whose metrics are those that their training reported."""
        return [name for name, scores in self._scores.items() if scores is None]

    def _metrics(self, side: Side | None) -> Mapping[str, float]:
        if side is None:
            return {}
        scores = self._scores[side.name]
        return scores.metrics if scores else side.version.facts.metrics

    def _figures(self) -> Iterator[Figure]:
        old, new, running = map(self._metrics, (self.base, self.head, self._production))
        scores = self._scores[self.head.name]
        other = self._scores[self.base.name] if self.base else None
        better = {gate.metric: gate.higher_is_better for gate in self.item.spec.gates}
        for change in metric_diff(old, new, lambda name: better.get(name, higher_is_better(name))):
            low, high = interval_between(change.metric, scores, other)
            yield Figure(
                change.metric, change.old, change.new, running.get(change.metric), change.direction, low, high
            )

    def _rows(self) -> str:
        rows, unscored = self._measuring.rows, self.unscored
        if rows is None or self.head.name in unscored:
            return "as each training reported it, perhaps on other rows"
        if unscored:
            others = " and ".join(unscored)
            return f"on {rows.rows} rows of {rows.name}; {others} as trained, perhaps on other rows"
        told = f"all on the same {rows.rows} rows of {rows.name}"
        old = self.base.version.facts.data.get(rows.name) if self.base else None
        if self.base and old and old.md5 and old.md5 != rows.md5:
            told += f", which are not those that {self.base.name} was tested on: it may have learnt from some"
        return told

    def _history(self, metric: str) -> Iterator[Point]:
        for version in reversed(self.versions[:_HISTORY]):
            if metric in version.facts.metrics:
                yield Point(f"v{version.version}", version.facts.metrics[metric])
        if metric in self.head.version.facts.metrics and not self.is_registered:
            yield Point("head", self.head.version.facts.metrics[metric])

    def _sides(self) -> list[plots.Side]:
        """Return the results whose plots are drawn; one where nothing has changed."""
        found = {side.version.commit: side for side in (self.base, self.head) if side}
        return [plots.Side.of(side.name, commit, side.spec) for commit, side in found.items()]

    @cached_property
    def _tables(self) -> "tuple[pd.DataFrame, pd.DataFrame] | None":
        """The training data of both, where they differ and can be had."""
        from gitmodel.evaluation import read_frame

        files = [file for side in (self.base, self.head) if (file := self._train_file(side))]
        if len(files) != 2 or files[0] == files[1]:  # noqa: PLR2004 - a pair
            return None
        try:
            return read_frame(files[0]), read_frame(files[1])
        except InvalidFile:
            return None

    def _train_file(self, side: Side | None) -> Path | None:
        if side is None or side.spec.data is None or side.spec.data.train is None:
            return None
        try:
            return fetch_file(self.repo, side.version.commit, side.spec.path(side.spec.data.train))
        except GitmodelError:
            return None

    def _columns(self) -> Iterator[Item]:
        tables = self._tables
        if tables is None:
            return
        before, after = (set(map(str, table.columns)) for table in tables)
        for name in sorted(before - after):
            yield Item(f"column {name}", "there", None)
        for name in sorted(after - before):
            yield Item(f"column {name}", None, "there")
        if len(tables[0]) != len(tables[1]):
            yield Item("rows to train on", str(len(tables[0])), str(len(tables[1])))

    def _shifts(self) -> tuple[Shift, ...]:
        tables = self._tables
        if tables is None:
            return ()
        from gitmodel.evaluation.shifts import shifts

        moved = [each for each in shifts(*tables) if each.psi >= _MOVED][:_COLUMNS]
        return tuple(Shift(each.column, round(each.psi, 4), each.before, each.after) for each in moved)

    def _latency(self) -> tuple[float, ...]:
        """Time predictions of one row, of both in turn."""
        rows = self._measuring.rows
        if rows is None or self.base is None:
            return ()
        from gitmodel.artifacts import plain_errors

        row = rows.frame.head(1)
        try:
            sides = (self.base, self.head)
            both = [materials.predictor(self.repo, side.spec, side.version) for side in sides]
            times: list[list[float]] = [[], []]
            with plain_errors():
                for _ in range(_TIMES):
                    for predictor, taken in zip(both, times, strict=True):
                        begun = time.perf_counter()
                        predictor.answer(row)
                        taken.append((time.perf_counter() - begun) * 1000)
        except (GitmodelError, ValueError, TypeError):
            return ()  # the rows of the new data may not be the old model's
        return tuple(round(median(taken[5:]), 3) for taken in times)
