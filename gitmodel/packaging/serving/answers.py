"""What a model says about rows, as JSON values."""

import math
from typing import TYPE_CHECKING, Any

from ...artifacts.portable.predictor import Label, Predictor  # noqa: TID252 - the same place in a package
from ...artifacts.portable.problem import Problem  # noqa: TID252

if TYPE_CHECKING:
    import pandas as pd

Answer = dict[str, Any]


def answers(predictor: Predictor, frame: "pd.DataFrame") -> list[Answer]:
    """Predict a table and return one object a row, in the shape of the signature's output.

    Raises:
        Problem: If the model cannot predict these rows, or predicts what JSON cannot hold.
    """
    if frame.empty:
        return []
    try:
        found, table = predictor.answer(frame)
    except (ValueError, TypeError) as error:  # what scikit-learn and onnxruntime raise at odd values
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise Problem(f"the model cannot predict these rows: {words[0]}") from error
    predictions = found.tolist()
    if table is None:
        result = [{"prediction": value} for value in predictions]
    else:
        names = [class_name(label) for label in table.columns]
        result = [
            {"prediction": value, "probabilities": dict(zip(names, chances, strict=True))}
            for value, chances in zip(predictions, table.to_numpy(dtype="float64").tolist(), strict=True)
        ]
    _check_finite(result)
    return result


def class_name(label: Label) -> str:
    """Return the key of a class in ``probabilities``; keys of JSON are texts."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def _check_finite(result: list[Answer]) -> None:
    for number, answer in enumerate(result):
        for value in (answer["prediction"], *answer.get("probabilities", {}).values()):
            if isinstance(value, float) and not math.isfinite(value):
                raise Problem(f"the model predicts {value} for row {number}")
