"""Runs as a table and as a document."""

from collections.abc import Sequence
from typing import Any

from gitmodel.pipelines.runs import INTERRUPTED, Run
from gitmodel.reports.terminal import Colours

COLOURS: Colours = (
    (r"^\S+  (done)  ", "green"),
    (r"^\S+  (failed\S*(?: \(\d+\))?|interrupted\S*(?: \(\d+\))?)  ", "red"),
    (r"^\S+  (running|queued)  ", "yellow"),
)


def runs_table(runs: Sequence[Run]) -> list[list[str]]:
    """Return a row a run: id, state, when it was queued, how many seconds it took, what was pushed."""
    return [
        [
            run.id,
            f"{run.state_now} ({run.code})" if run.code else run.state_now,
            f"{run.queued[:19].replace('T', ' ')} +0000",
            "-" if run.seconds is None or run.state_now == INTERRUPTED else f"{run.seconds:.1f} s",
            run.words,
        ]
        for run in runs
    ]


def run_document(run: Run) -> dict[str, Any]:
    """Return a run for programs; ``code`` is its exit code, ``seconds`` how long it has taken."""
    pushed = [{"ref": item.ref, "old": item.old, "new": item.new} for item in run.pushed]
    document = {key: value for key, value in vars(run).items() if not key.startswith("pid")}
    return {**document, "state": run.state_now, "pushed": pushed, "seconds": run.seconds}
