"""Segments written by hand, as a service and its collection leave them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def prediction(
    number: int, output: Any, *, hours: float = 1, version: str = "1", **more: Any
) -> dict[str, Any]:
    """Return a line of a prediction that was made some hours before ``NOW``."""
    chances = {"prediction": output} if not isinstance(output, dict) else output
    line = {"id": f"{number:016x}-0", "at": stamp(NOW - timedelta(hours=hours)), "model": "credit-risk"}
    return {**line, "version": version, "input": {}, "output": chances, "ms": 3.0, **more}


def label(number: int, value: Any, *, hours: float = 0.5, **more: Any) -> dict[str, Any]:
    """Return a line of a label for a prediction."""
    at = stamp(NOW - timedelta(hours=hours))
    return {"id": f"f{number}", "prediction": f"{number:016x}-0", "at": at, "label": value, **more}


def write(
    folder: Path,
    kind: str,
    lines: Sequence[Any],
    *,
    host: str = "host-1",
    model: str = "credit-risk",
    end: str = "\n",
    number: int = 0,
) -> Path:
    """Write a segment; texts among the lines stand as they are."""
    file = folder / host / kind / model / f"20261127T100000-1-{number:03}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts) + end, "utf-8", "surrogateescape")
    return file
