"""Metrics as plain numbers by name, and the reading of metrics from a document."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gitmodel.errors import InvalidFile

Metrics = dict[str, float]
_HINT = "have the step that writes it write names with finite numbers, and words elsewhere"


def read_metrics(document: Any, file: str) -> Metrics:
    """Return the numbers of a metrics document; nested keys are joined by dots.

    Args:
        document: What the file holds.
        file: Its name, for messages.

    Raises:
        InvalidFile: If it is not a mapping, or a value is not a finite number.
    """
    found = dict(_flatten(document, file, "")) if isinstance(document, Mapping) else {}
    if not found:
        raise InvalidFile(f"{file} holds no metrics: expected names with numbers", hint=_HINT)
    return found


def _flatten(document: Mapping[Any, Any], file: str, prefix: str) -> Iterator[tuple[str, float]]:
    for key, value in document.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flatten(value, file, f"{name}.")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidFile(f"{file}: {name} is {value!r}, not a number", hint=_HINT)
        elif not _is_finite(value):
            raise InvalidFile(f"{file}: {name} is {_shown(value)}, not a finite number", hint=_HINT)
        else:
            yield name, value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no floating-point number can hold
        return False


def _shown(value: float) -> str:
    try:
        return str(float(value))
    except OverflowError:
        return "too large"
