"""Look for the rows that a version does worst on, and keep what was found as a note."""

from gitmodel.delivery.gates import Measuring
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import now
from gitmodel.registry.versions import Version
from gitmodel.reports.card.slices import SliceFact, SliceReport, keep_slices
from gitmodel.spec import load_model
from gitmodel.spec.metric_names import higher_is_better

_SCORED = ("classification", "regression")
# What is taken where no gate names a metric: the first that can be computed.
_USUAL = ("roc_auc", "accuracy", "rmse", "mae")


def find_slices(
    repo: Repository, version: Version, by: str, measuring: Measuring | None = None
) -> SliceReport:
    """Score a version on its test rows, look for the groups that it does worst on, and keep them.

    Args:
        repo: The repository.
        version: Which.
        by: Who asks.
        measuring: That of its gates, where they were measured already.

    Raises:
        UsageError: If its model.yaml names no test rows, or it ranks or is scored by a command.
        GitmodelError: If data or model cannot be had, or it cannot be scored.
    """
    from gitmodel.evaluation.slices import worst_slices

    spec = load_model(repo, version.commit, version.model)
    measured = measuring or Measuring(repo, spec, version)
    if spec.evaluate and spec.evaluate.kind not in _SCORED:
        raise UsageError(f"slices are of classification and regression, not of {spec.evaluate.kind}")
    rows, scores = measured.rows, measured.scores
    if rows is None or scores is None:
        raise UsageError(
            f"{version.model} has no test rows to look for slices in",
            hint="set `data.test` and `data.target` in model.yaml",
        )
    better = {gate.metric: gate.higher_is_better for gate in spec.gates}
    metric = next((name for name in (*better, *_USUAL) if name in scores.metrics), next(iter(scores.metrics)))
    found = worst_slices(rows, scores, metric, higher_is_better=better.get(metric, higher_is_better(metric)))
    report = SliceReport(
        version.model,
        version.version,
        rows.name,
        rows.md5,
        rows.rows,
        metric,
        found.value,
        found.searched,
        tuple(SliceFact(**vars(each)) for each in found.worst),
        now(),
        by,
    )
    keep_slices(repo, version, report)
    return report
