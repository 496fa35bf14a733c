"""Forget predictions that are data of a model, once they are old."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from gitmodel.delivery.pruning import kept_for, prune
from gitmodel.pipelines.labelled import Labelled
from gitmodel.spec import ModelSpec


def forget(folder: Path, spec: ModelSpec, labelled: Labelled, known: Callable[[], Iterable[str]]) -> int:
    """Delete old copies of a model none of whose lines may still become a row; return how many.

    Args:
        folder: What was collected of an environment.
        spec: The model, which has `feedback`.
        labelled: Its labelled predictions.
        known: Returns those that are data; asked where something is old.
    """
    waits = bool(spec.feedback and spec.feedback.silence)  # for labels that come by themselves
    age = kept_for(spec)

    leave_out = cache(lambda: labelled.leave_out(known()))

    def is_needed(file: Path) -> bool:
        leave_out()
        if file.parents[1].name == "predictions":
            return labelled.are_needed(_words(file, "id"), all_of_them=waits)
        # The prediction of a label may come as long as a host keeps it, and be collected as late again.
        is_young = time.time() - file.stat().st_mtime < 2 * age.total_seconds()
        return labelled.are_needed(_words(file, "prediction"), all_of_them=waits or is_young)

    return prune(folder, spec.name, age, is_needed)


def _words(file: Path, field: str) -> Iterator[str]:
    """Yield the ids that the lines of a segment name; broken lines, and failed requests, name none."""
    with file.open("rb") as stream:
        for line in stream:
            try:
                found = json.loads(line)
                if field in found and "status" not in found:
                    yield str(found[field])
            except (ValueError, TypeError, RecursionError):
                continue
