"""The values that a ``dvc.yaml`` fills into its own texts, read without DVC.

Values are texts, as the file has them. What cannot be told that way is ``None``: whoever asks then takes
the widest meaning.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from math import prod
from typing import Any

_HOLE = re.compile(r"\$\{([^{}]*)\}")
# DVC would write these otherwise than the file does: 1e3 as 1000.0, True as true.
_REWRITTEN = re.compile(r"[-+.\d][-+.\w]*|true|false|null|~|", re.IGNORECASE)
_COUNT = re.compile(r"0|[1-9]\d*")
_MOST = 10_000  # cells of a matrix


def read_yaml(text: bytes) -> Any:
    """Return a document whose scalars are all texts; quickly, for there may be a thousand.

    Raises:
        ValueError: If it is not YAML.
    """
    import yaml

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("not YAML") from error


@cache
def _loader() -> Any:
    """Return PyYAML's safe loader, which knows of all implicit types only the merging of mappings."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    merge = [("tag:yaml.org,2002:merge", re.compile("<<"))]
    return type("_Texts", (base,), {"yaml_implicit_resolvers": {"<": merge}})


def merged(values: Mapping[str, Any], more: Any) -> dict[str, Any]:
    """Return values with more of them, mappings merged; what is no mapping adds nothing."""
    found = dict(values)
    for key, value in more.items() if isinstance(more, dict) else ():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def fill(text: str, values: Mapping[str, Any]) -> str | None:
    """Return a text with each ``${name.of.a.value}`` filled in; ``None``: a value is not known."""
    if "${" not in text:
        return text
    found = {name: _look_up(name, values) for name in _HOLE.findall(text)}
    if not all(isinstance(value, str) and _is_kept(value) for value in found.values()):
        return None
    filled = _HOLE.sub(lambda match: str(found[match[1]]), text)
    return None if "${" in filled else filled


def expand(stage: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the values of each stage that an entry stands for: several with ``foreach`` or ``matrix``."""
    if "foreach" in stage:
        items = _known(stage["foreach"], values)
        pairs = items.items() if isinstance(items, dict) else ((None, item) for item in _listed(items))
        yield from ({**values, "key": key, "item": _entry(item, values)} for key, item in pairs)
    elif "matrix" in stage:
        yield from ({**values, **cell} for cell in _cells(stage["matrix"], values))
    else:
        yield values


def _cells(matrix: Any, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = matrix if isinstance(matrix, dict) else {}
    axes = [[*enumerate(_listed(_known(axis, values)))] for axis in named.values()]
    if not axes or prod(map(len, axes)) > _MOST:
        yield {"key": None, "item": None}
        return
    for chosen in product(*axes):
        cell: dict[str, Any] = {}
        parts: list[str | None] = []
        for name, (at, item) in zip(named, chosen, strict=True):
            cell[name] = _entry(item, values)
            parts.append(_part(cell[name], f"{name}{at}"))
        known = [part for part in parts if part is not None]
        yield {"key": "-".join(known) if len(known) == len(parts) else None, "item": cell}


def _part(item: Any, other: str) -> str | None:
    """Return what an item is called in the key of a cell."""
    if isinstance(item, str):
        return item if _is_kept(item) else None
    return other if item is not None else None


def _listed(value: Any) -> list[Any]:
    """Return a list; what is not known to be one is one item that is not known."""
    return value if isinstance(value, list) else [None]


def _entry(item: Any, values: Mapping[str, Any]) -> Any:
    """Return an item with what its texts name filled in."""
    if isinstance(item, dict):
        return {key: _known(each, values) for key, each in item.items()}
    return _known(item, values)


def _known(value: Any, values: Mapping[str, Any]) -> Any:
    """Return what a text names or says; what is no text is left as it is."""
    if not isinstance(value, str):
        return value
    hole = _HOLE.fullmatch(value)
    return _look_up(hole[1], values) if hole else fill(value, values)


def _look_up(name: str, values: Mapping[str, Any]) -> Any:
    """Return the value that ``a.b[0]`` names; ``None``: there is none."""
    found: Any = values
    for part in re.split(r"[.\[\]]+", name.strip().removesuffix("]")):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and _COUNT.fullmatch(part) and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _is_kept(value: str) -> bool:
    """Say whether DVC writes a value as the file has it."""
    return bool(_COUNT.fullmatch(value)) or not _REWRITTEN.fullmatch(value)
