"""Which models of another registry come in, under which names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitmodel.errors import UsageError
from gitmodel.registry.names import MODEL, check_model


@dataclass(frozen=True)
class Chosen:
    """Names here by names there, and the reason for each that stays out."""

    names: dict[str, str]
    skipped: tuple[str, ...] = ()


def choose(known: Iterable[str], wanted: Sequence[str]) -> Chosen:
    """Decide which models are taken.

    Args:
        known: The names that the other registry has.
        wanted: ``NAME`` or ``THEIRS=OURS``; none: all, each under its own name.

    Raises:
        UsageError: If a name is not known, a new one is not valid, or two models would become one.
    """
    there = list(known)
    pairs = dict(_pair(text, there) for text in wanted) if wanted else {name: name for name in there}
    renamed = {theirs for theirs, ours in pairs.items() if theirs != ours}
    names: dict[str, str] = {}
    skipped = []
    for theirs, ours in pairs.items():
        if theirs in renamed:
            check_model(ours)
        if not MODEL.match(ours):
            skipped.append(f"{theirs!r} is no name of a model here: take it with {_suggestion(theirs)}")
        elif ours in names.values():
            raise UsageError(
                f"two models would become {ours}", hint="name each of them by --model THEIRS=OURS"
            )
        else:
            names[theirs] = ours
    return Chosen(names, tuple(skipped))


def _pair(text: str, known: Sequence[str]) -> tuple[str, str]:
    theirs, found, ours = text.rpartition("=")
    if text in known or not found:
        theirs = ours = text
    if theirs not in known:
        from difflib import get_close_matches

        close = get_close_matches(theirs, known, n=3, cutoff=0.4)
        shown = ", ".join(map(repr, close or known[:10])) or "none"
        raise UsageError(f"there is no model {theirs!r} there", hint=f"models there: {shown}")
    return theirs, ours


def _suggestion(name: str) -> str:
    """Return an option that names a model so that it may come in."""
    letters = (char if char.isascii() and (char.isalnum() or char in "_/") else "-" for char in name.lower())
    plain = "-".join(filter(None, "".join(letters).strip("-_/").split("-"))) or "model"
    return f"--model {f'{name}={plain}'!r}"
