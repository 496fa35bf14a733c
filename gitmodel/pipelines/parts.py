"""The parts of a proposed model.yaml, and how they are written: what is not known is a comment."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gitmodel.reports.terminal import clean

_WIDTH = 100


@dataclass(frozen=True)
class Part:
    """One key of a model.yaml.

    Attributes:
        key: The key.
        value: Its value; ``None``: it could not be guessed.
        why: Where the value comes from, else what is missing.
        example: A value to begin with, where there is none.
        others: What the value could be too.
        lacking: What is to be added to the value, where it is not whole.
    """

    key: str
    value: Any = None
    why: str = ""
    example: Any = None
    others: tuple[Any, ...] = ()
    lacking: str = ""


def render(part: Part) -> str:
    """Write a part as lines of a model.yaml; what is not known is a comment."""
    if part.value is None:
        return comment([f"To fill in: {part.why}"]) + "".join(
            f"# {line}\n" for line in one_key({part.key: part.example}).splitlines()
        )
    text = comment([_sentence(part.why)] if part.why else []) + one_key({part.key: part.value})
    text += "".join(f"# or {one_key({part.key: other})}" for other in part.others)
    return text + comment([f"To fill in: {part.lacking}"] if part.lacking else [])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def comment(lines: Iterable[str]) -> str:
    """Write lines of any text as comments, wrapped."""
    wrapped = (
        part
        for line in lines
        for part in textwrap.wrap(clean(line), _WIDTH, break_long_words=False, break_on_hyphens=False)
    )
    return "".join(f"# {line}\n" for line in wrapped)


def one_key(document: dict[str, Any]) -> str:
    """Write one key on one line, its value in the short form; mappings of a list each on its own."""
    ((key, value),) = document.items()
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"{key}:\n" + "".join(f"  - {in_short(item)}\n" for item in value)
    return f"{key}: {in_short(value)}\n"


def in_short(value: Any) -> str:
    """Write a value as YAML on one line."""
    import yaml

    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return text.removesuffix("...\n").rstrip("\n")
