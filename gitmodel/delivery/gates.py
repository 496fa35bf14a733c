"""Measure what the gates of a model ask for, and let them judge."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gitmodel.delivery import materials
from gitmodel.delivery.verdicts import GateResult, Measurement, Verdict, decide_gate
from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import Gate, ModelSpec, load_model

if TYPE_CHECKING:
    from gitmodel.evaluation import Dataset, Scores

__all__ = ["GateResult", "Measurement", "Verdict", "decide_gate", "evaluate_gates"]

_SCORED = ("classification", "regression", "ranking")


def evaluate_gates(repo: Repository, spec: ModelSpec, version: Version) -> list[GateResult]:
    """Judge a version by the gates of its spec; one that cannot be measured has the verdict ``error``.

    Bounds are judged by the version's score on the test rows, or by the figure of its training where the
    metric is not computed there. ``versus`` scores both versions on the test rows of the new one.

    Args:
        repo: The repository.
        spec: The model's spec at the version's commit.
        version: Which version.
    """
    return Measuring(repo, spec, version).gates()


@dataclass(frozen=True)
class Measuring:
    """Artifacts, rows and scores of a version, each brought and computed once, and only if it is asked for.

    ``spec`` is the model at the version's commit.
    """

    repo: Repository
    spec: ModelSpec
    version: Version

    def gates(self) -> list[GateResult]:
        """Judge the version by the gates of its spec."""
        return [decide_gate(gate, _measure(self, gate)) for gate in self.spec.gates]

    @cached_property
    def rows(self) -> "Dataset | None":
        """The test rows; ``None`` where there are none, or they are scored by a command."""
        kind = self.spec.evaluate.kind if self.spec.evaluate else None
        if kind is not None and kind not in _SCORED:
            return None
        return materials.test_rows(self.repo, self.spec, self.version)

    @cached_property
    def scores(self) -> "Scores | None":
        """How the version does on its test rows."""
        return self.score(self.spec, self.version)

    def score(self, spec: ModelSpec, version: Version) -> "Scores | None":
        """Score a version, given with its own spec, on the rows of the judged one and by the spec of that."""
        from gitmodel.evaluation import score_by

        if self.rows is None:
            return None
        return score_by(self.spec.evaluate, self.rows, materials.predictor(self.repo, spec, version))

    def champion(self, environment: str) -> Version | None:
        """Return the version that should run in an environment, if any."""
        desired = read_desired(self.repo, environment).get(self.version.model)
        if desired is None or desired.tag is None:
            return None
        return Registry(self.repo).version(desired.tag)


def _measure(measuring: Measuring, gate: Gate) -> Measurement:
    try:
        return _value(measuring, gate) if gate.versus is None else _versus(measuring, gate, gate.versus)
    except GitmodelError as error:
        words = "\n".join(filter(None, (error.message, error.detail)))
        return Measurement(problem=f"{gate.metric} could not be measured: {words}")


def _value(measuring: Measuring, gate: Gate) -> Measurement:
    scores, trained = measuring.scores, measuring.version.facts.metrics
    if scores is not None and gate.metric in scores.metrics:
        return Measurement(scores.metrics[gate.metric], f"on {_told(measuring)}")
    if gate.metric in trained:
        return Measurement(trained[gate.metric], "as training reported it")
    known = ", ".join(sorted({*trained, *(scores.metrics if scores else {})})) or "none"
    return Measurement(problem=f"{gate.metric} is no metric of {measuring.version.name}; known are: {known}")


def _versus(measuring: Measuring, gate: Gate, environment: str) -> Measurement:
    from gitmodel.evaluation import paired_difference

    champion = measuring.champion(environment)
    own = _value(measuring, gate) if gate.min is not None or gate.max is not None else Measurement()
    if champion is None:
        return Measurement(own.value, own.source, unopposed=f"no version was promoted to {environment}")
    if champion.object == measuring.version.object:
        return Measurement(own.value, own.source, unopposed=f"{environment} has this very version")
    scores = measuring.scores
    if scores is None:
        return Measurement(
            problem=f"{gate.metric} versus {environment} needs `data.test` and `data.target` in model.yaml"
        )
    spec = load_model(measuring.repo, champion.commit, champion.model)
    other = measuring.score(spec, champion)
    assert other is not None
    interval = None
    if gate.confidence is not None:
        found = paired_difference(gate.metric, scores, other, gate.confidence)
        interval = (found.low, found.high)
    return Measurement(
        scores.value(gate.metric),
        f"on {_told(measuring)}",
        other.value(gate.metric),
        f"v{champion.version} in {environment}",
        interval,
    )


def _told(measuring: Measuring) -> str:
    assert measuring.rows is not None
    return f"{measuring.rows.rows} rows of {measuring.rows.name}"
