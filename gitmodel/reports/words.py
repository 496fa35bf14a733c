"""Names and numbers as people read them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_LARGE, _INEXACT = 1e6, 1e15


def number(value: float) -> str:
    """Write a number with six significant digits; integers, and floats from a million on, in full."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if _LARGE <= abs(value) < _INEXACT else f"{value:.6g}"


def title(metric: str) -> str:
    """Write the name of a metric as a key: ``roc_auc`` is ``Roc-Auc``."""
    joined = re.sub(r"[\s_:-]+", "-", metric).strip("-")
    return re.sub(r"(?:^|[-./])[a-z]", lambda match: match[0].upper(), joined) or metric


def flatten(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the single parameters of nested ones, their names joined by dots."""
    for key, value in parameters.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def pairs(values: Mapping[str, Any]) -> str:
    """Write values as ``max_depth=4;criterion=gini``."""
    return ";".join(f"{key}={_value(value)}" for key, value in flatten(values))


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number(value)
    import json

    return json.dumps(value, ensure_ascii=False, default=str)
