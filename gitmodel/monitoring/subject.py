"""What is measured while it serves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """What is measured: a model, where, its version, and how its answers are compared with labels.

    ``kind`` is that of the evaluation, ``None``: by the answers; ``positive`` is the label of the positive
    class; ``group`` and ``k`` are those of a ranking.
    """

    model: str
    environment: str
    version: str
    kind: str | None = None
    positive: str | int | bool | None = None
    group: str | None = None
    k: int = 10
