"""Which models of a registry are taken to another one, and what they are called there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitmodel.errors import UsageError
from gitmodel.registry.names import MODEL

# What a tag may begin with and model.yaml allows too.
_OURS = re.compile(rf"(?=.{{1,100}}\Z)(?!.*//){MODEL.pattern}")


@dataclass(frozen=True)
class Chosen:
    """The new names by the old ones, and the reason for each that stays out."""

    names: dict[str, str]
    skipped: tuple[str, ...] = ()


def choose(
    known: Iterable[str],
    wanted: Sequence[str],
    *,
    usual: Mapping[str, str] | None = None,
    valid: re.Pattern[str] = _OURS,
) -> Chosen:
    """Decide which models are taken.

    Args:
        known: The names that the one registry has.
        wanted: ``NAME`` or ``NAME=NEW``; none: all.
        usual: New names where none is given; default: the name stays.
        valid: What a name in the other registry must match.

    Raises:
        UsageError: If a name is not known, a new one is not valid, or two models would become one.
    """
    there = list(known)
    pairs = dict(_pair(text, there) for text in wanted) if wanted else dict.fromkeys(there)
    names: dict[str, str] = {}
    skipped = []
    for old, given in pairs.items():
        new = given or (usual or {}).get(old, old)
        if valid.match(new):
            if new in names.values():
                raise UsageError(f"two models would become {new}", hint="name each by --model NAME=NEW")
            names[old] = new
        elif given:
            raise UsageError(f"{given!r} is no name that a model can get", hint=f"try {_suggestion(old)}")
        else:
            skipped.append(f"{new!r} is no name that a model can get: take it with {_suggestion(old)}")
    return Chosen(names, tuple(skipped))


def _pair(text: str, known: Sequence[str]) -> tuple[str, str | None]:
    """Split an option; a name that holds ``=`` itself is taken as a whole where it is known."""
    old, found, new = text.rpartition("=")
    if text in known or not found:
        return _known(text, known), None
    return _known(old, known), new


def _known(name: str, known: Sequence[str]) -> str:
    if name not in known:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=3, cutoff=0.4)
        shown = ", ".join(map(repr, close or known[:10])) or "none"
        raise UsageError(f"there is no model {name!r} there", hint=f"models there: {shown}")
    return name


def _suggestion(name: str) -> str:
    """Return an option that names a model so that it may come in."""
    letters = (char if char.isascii() and (char.isalnum() or char == "_") else "-" for char in name.lower())
    plain = "-".join(filter(None, "".join(letters)[:100].strip("-_").split("-"))) or "model"
    return f"--model {f'{name}={plain}'!r}"
