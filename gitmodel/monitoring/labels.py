"""What feedback, and its absence, say of a prediction: one place for training data and for monitoring."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.monitoring.segments import as_text, microseconds
from gitmodel.spec.model import AS_SENT, PREDICTED, FeedbackSpec, Label

if TYPE_CHECKING:
    import pyarrow as pa

SILENCE = "silence"  # the origin of labels that nobody gave


def label_of(feedback: FeedbackSpec | None, signal: str, sent: Any) -> Any:
    """Return the label that a line of feedback gives; ``None``: none."""
    if feedback is None or feedback.signals is None or signal == "label":
        return sent
    meant = feedback.signals.get(signal)
    return sent if meant == AS_SENT else meant


def declared_labels(feedback: FeedbackSpec) -> list[Label]:
    """Return the labels that model.yaml itself names: they show of what kind labels are."""
    silent = [feedback.silence.label] if feedback.silence else []
    named = [*(feedback.signals or {}).values(), *silent]
    return [label for label in named if label not in {AS_SENT, PREDICTED}]


def settled_by(feedback: FeedbackSpec | None, complete: datetime | None) -> datetime | None:
    """Return the time up to which predictions have the label that they keep; ``None``: none has.

    Where silence is a label too, those that are younger have none: of them just what people did is known, and
    to judge by that, or to learn from it, would be to see nothing but clicks, or nothing but mistakes.

    Args:
        feedback: What model.yaml says.
        complete: All feedback that was given up to then is known; ``None``: that cannot be said of any time.
    """
    if feedback is None or feedback.silence is None:
        return datetime.max.replace(tzinfo=UTC)
    return complete and complete - feedback.silence.after


def silent_label(feedback: FeedbackSpec, answer: Any) -> Any:
    """Return the label of a settled prediction of which nothing was said; ``None``: it has none."""
    silence = feedback.silence
    if silence is None:
        return None
    return answer if silence.label == PREDICTED else silence.label


def meant(table: "pa.Table", feedback: FeedbackSpec | None) -> "pa.Table":
    """Return a table of feedback with the labels that `label_of` gives, without lines that give none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if feedback is None or feedback.signals is None:
        return table
    texts, kept = table["label"], np.ones(len(table), bool)
    for signal in table["signal"].unique().to_pylist():
        label = label_of(feedback, signal, AS_SENT)
        said = pc.equal(table["signal"], signal)
        if label is None:
            kept &= ~said.to_numpy()
        elif label != AS_SENT:
            texts = pc.if_else(said, as_text(label), texts)
    place = table.column_names.index("label")
    return table.set_column(place, "label", texts).filter(pa.array(kept))


def settle(
    predictions: "pa.Table",
    at: NDArray[np.int64],
    label: "pa.Array",
    feedback: FeedbackSpec | None,
    complete: datetime | None,
) -> "tuple[pa.Array, NDArray[np.bool_], NDArray[np.bool_]]":
    """Give settled predictions without a label that of their silence, and take those of the others away.

    Args:
        predictions: See `Segment.table`.
        at: When they were made, in microseconds.
        label: Of each its label, null where there is none.
        feedback: What model.yaml says.
        complete: See `settled_by`.

    Returns:
        The labels, which of them are those of silence, and which were taken away.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    given = label.is_valid().to_numpy(zero_copy_only=False)
    if feedback is None or feedback.silence is None:
        return label, np.zeros(len(label), bool), np.zeros(len(label), bool)
    by = settled_by(feedback, complete)
    settled = at <= microseconds(by) if by else np.zeros(len(label), bool)
    silent = settled & ~given & predictions["status"].is_null().to_numpy()
    predicted = feedback.silence.label == PREDICTED
    text = predictions["prediction"].combine_chunks() if predicted else as_text(feedback.silence.label)
    kept = pc.if_else(pa.array(settled), label, pa.scalar(None, pa.string()))
    return pc.if_else(pa.array(silent), text, kept), silent, given & ~settled
