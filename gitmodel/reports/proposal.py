"""What the pull requests say that pipelines open by themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from gitmodel.registry.versions import Version
from gitmodel.reports.diff import metric_diff, signed
from gitmodel.reports.markdown import plain, table
from gitmodel.reports.review.sections import marked
from gitmodel.reports.words import number


def proposal_text(
    subject: str, before: str | None, version: Version, gates: Sequence[Mapping[str, Any]]
) -> str:
    """Return the text of a promotion that a person reviews, in Markdown."""
    lines = [
        f"{plain(subject)}: merging this deploys it, and reverting the merge rolls it back.",
        "",
        f"{plain(version.facts.subject)} (Model-ID `{version.model_id}`)",
        "",
    ]
    rows = [[plain(str(gate.get("verdict"))), plain(str(gate.get("reason")))] for gate in gates]
    lines += table(["gate", "what it found"], rows) if rows else ["There are no gates."]
    lines += ["", *metrics_table(f"v{before}" if before else None, None, version.facts.metrics)]
    return "\n".join(lines) + "\n"


def retrained_text(model: str, before: Version | None, metrics: Mapping[str, float]) -> str:
    """Return the text of a training by schedule that a person reviews, in Markdown."""
    name = f"v{before.version}" if before else None
    about = f"The data of {plain(model)} were brought up to date and it was trained anew. "
    lines = [
        about + "Merging this releases the result; nothing is trained again.",
        "",
        *metrics_table(name, before.facts.metrics if before else None, metrics),
    ]
    return "\n".join(lines) + "\n"


def metrics_table(name: str | None, old: Mapping[str, float] | None, new: Mapping[str, float]) -> list[str]:
    """Return the metrics beside those of an earlier version, if there is one to compare with."""
    if not name or old is None:
        return table(["metric", "value"], [[plain(key), number(value)] for key, value in new.items()], [1])
    rows = [
        [
            plain(change.metric),
            "-" if change.old is None else number(change.old),
            "-" if change.new is None else number(change.new),
            "" if change.delta is None else signed(change.delta),
            marked(change.direction),
        ]
        for change in metric_diff(old, new)
    ]
    return table(["metric", name, "now", "change", ""], rows, [1, 2, 3])
