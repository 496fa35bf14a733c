"""Whether those who call a service are broken by another version of it: its signature before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class ContractChange:
    """A change of what a service takes or answers.

    Attributes:
        side: ``input`` or ``output``.
        name: The column or field.
        what: What has changed, in words.
        breaks: Whether a client that was right before fails now, or misreads the answer.
    """

    side: str
    name: str
    what: str
    breaks: bool


def compare_contracts(old: tuple[Schema, Schema], new: tuple[Schema, Schema]) -> list[ContractChange]:
    """Compare the JSON Schemas of input and output of two versions, those that break clients first.

    An input must still be taken, so it may only become wider; an answer must still be understood, so it may
    only become narrower.
    """
    found = [*_input(old[0], new[0]), *_output(old[1], new[1])]
    return sorted(found, key=lambda change: (not change.breaks, change.side, change.name))


def _input(old: Schema, new: Schema) -> Iterator[ContractChange]:
    before, after = _properties(old), _properties(new)
    required = set(new.get("required", ()))
    needed = set(old.get("required", ()))
    closed = new.get("additionalProperties") is False
    for name in sorted({*before, *after}):
        if name not in after:
            words = "is no longer taken: requests that have it are refused" if closed else "is no longer used"
            yield ContractChange("input", name, words, breaks=closed)
        elif name not in before:
            words = "is new and required" if name in required else "is new and may be absent"
            yield ContractChange("input", name, words, breaks=name in required)
        else:
            if name in required and name not in needed:
                yield ContractChange("input", name, "is required now", breaks=True)
            yield from _narrowed("input", name, before[name], after[name])


def _output(old: Schema, new: Schema) -> Iterator[ContractChange]:
    before, after = _properties(old), _properties(new)
    promised = set(old.get("required", ()))
    for name in sorted({*before, *after}):
        if name not in after:
            yield ContractChange("output", name, "is no longer answered", breaks=True)
        elif name not in before:
            yield ContractChange("output", name, "is new", breaks=False)
        else:
            if name in promised and name not in new.get("required", ()):
                yield ContractChange("output", name, "may be absent now", breaks=True)
            for change in _narrowed("output", name, after[name], before[name]):
                words = _turned(before[name], after[name])
                yield ContractChange("output", name, words or change.what, change.breaks)
            if isinstance(after[name].get("properties"), Mapping):
                for inner in _output(before[name], after[name]):
                    yield ContractChange("output", f"{name}.{inner.name}", inner.what, inner.breaks)


def _narrowed(side: str, name: str, wide: Schema, narrow: Schema) -> Iterator[ContractChange]:
    """Tell where ``narrow`` does not take all that ``wide`` does; for an answer they are turned round."""
    first, second = _types(wide), _types(narrow)
    if first and second and not first <= second:
        yield ContractChange(side, name, f"was {_words(first)}, is {_words(second)}", breaks=True)
    elif first != second:
        yield ContractChange(side, name, f"was {_words(first)}, is {_words(second)}", breaks=False)
    before, after = _values(wide), _values(narrow)
    if after is not None and (before is None or not before <= after):
        gone = sorted(before - after) if before is not None else []
        words = f"no longer takes {', '.join(gone)}" if gone else f"takes only {', '.join(sorted(after))}"
        yield ContractChange(side, name, words, breaks=True)
    elif before is not None and before != after:
        yield ContractChange(side, name, "takes more values", breaks=False)


def _turned(old: Schema, new: Schema) -> str:
    """Say in the words of an answer what has changed of its values."""
    if _types(old) != _types(new):
        return f"was {_words(_types(old))}, is {_words(_types(new))}"
    before, after = _values(old), _values(new)
    if before == after or after is None:
        return ""
    more = sorted(after - (before or set()))
    return (
        f"may be {', '.join(more)} now"
        if more
        else f"is never {', '.join(sorted((before or set()) - after))}"
    )


def _properties(schema: Schema) -> dict[str, Schema]:
    found = schema.get("properties")
    if not isinstance(found, Mapping):
        return {}
    return {str(name): each if isinstance(each, Mapping) else {} for name, each in found.items()}


def _types(schema: Schema) -> set[str]:
    """Return the types of a value; an integer is a number too."""
    found = schema.get("type")
    types = {found} if isinstance(found, str) else set(found or ())
    return types | ({"integer"} if "number" in types else set())


def _words(types: set[str]) -> str:
    return " or ".join(sorted(types - ({"integer"} if "number" in types else set()))) or "anything"


def _values(schema: Schema) -> set[str] | None:
    return {str(value) for value in schema["enum"]} if "enum" in schema else None
