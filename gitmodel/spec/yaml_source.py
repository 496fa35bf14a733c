"""Read YAML with the line of everything in it.

What is read is the JSON part of YAML 1.2: ``on``, ``yes`` and ``12:30`` are texts, dates too. A key that
comes twice, a key that is no text, a tag, and an alias are refused.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from gitmodel.spec.problems import InvalidSpec, Path, Problem, dotted

LARGEST = 1_000_000  # bytes
DEEPEST = 50  # mappings and lists within each other

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)


_PLAIN = "plain"
_TEXT, _LIST, _MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_TAGS = frozenset((_PLAIN, _TEXT, _LIST, _MAPPING))
_EXACT = 2**53  # up to here 8400.0 and 8400 are one number, as in JSON Schema
# What helps with the usual reasons why a text is not YAML.
_HINT = 'put texts that contain ": " or begin with a special character in quotation marks'
_HINTED = ("mapping values are not allowed", "cannot start any token", "undefined alias")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The loader, in C where there is one; plain scalars are only marked, `_plain` reads them."""

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: Any) -> str:
        """Return the tag of a node that names none (PyYAML calls this)."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return _LIST if kind is yaml.SequenceNode else _MAPPING


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data, and the line (from 1) of every key and item by its path."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of a place, or of the innermost place around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, found: str, expected: str, hint: str = "") -> Problem:
        """Return a problem at that place of the file."""
        return Problem(self.file, self.line(path), dotted(path), found, expected, hint)


def parse(text: str | bytes, file: str) -> Document:
    """Read one YAML document.

    Args:
        text: The content; bytes are UTF-8.
        file: What to call it in messages.

    Raises:
        InvalidSpec: If it is not YAML, or not of the part of YAML that is read.
    """
    decoded = _decode(text, file)
    try:
        node = yaml.compose(decoded, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise InvalidSpec([_syntax(error, decoded, file)]) from None
    except yaml.YAMLError as error:
        raise InvalidSpec([_character(error, decoded, file)]) from None
    reader = _Reader(file)
    data = reader.read(node, ()) if node is not None else None
    if reader.problems:
        raise InvalidSpec(reader.problems)
    return Document(file, data, reader.lines)


def _decode(text: str | bytes, file: str) -> str:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > LARGEST:
        raise InvalidSpec([Problem(file, 1, "", f"{len(data)} bytes", f"at most {LARGEST} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02x}"
        raise InvalidSpec(
            [Problem(file, line, "", found, "text in UTF-8", "save the file as UTF-8")]
        ) from None


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Translate the parser's own error."""
    mark = error.problem_mark or error.context_mark
    number = min(mark.line, text.count("\n")) if mark else 0
    lines = text.split("\n")
    indentation = re.match(r"[ ]*\t", lines[number]) if number < len(lines) else None
    if indentation:
        return Problem(file, number + 1, "", "a tab at the start of the line", "spaces", "indent with spaces")
    words = " ".join(filter(None, (error.context, error.problem)))
    hint = _HINT if any(reason in words for reason in _HINTED) else ""
    return Problem(file, number + 1, "", f"what is not YAML ({words})", "YAML", hint)


def _character(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Translate an error about a character that YAML does not allow at all."""
    at = getattr(error, "position", None)
    position = at if isinstance(at, int) and at >= 0 else 0
    line = text.encode()[:position].count(b"\n") + 1
    return Problem(file, line, "", f"what is not YAML ({getattr(error, 'reason', error)})", "printable text")


class _Reader:
    """Turns nodes into data, and notes their lines and what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, _line(node))
        if not self._readable(node, path):
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        return _scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def _readable(self, node: yaml.Node, path: Path) -> bool:
        if id(node) in self._seen:
            # its own line is that of the anchor
            line = self.lines[path]
            self.problems.append(Problem(self.file, line, dotted(path), "an alias (*)", "the value itself"))
        elif len(path) > DEEPEST:
            self._refuse(node, path[:1], f"more than {DEEPEST} levels", "fewer")
        elif node.tag not in _TAGS:
            self._refuse(node, path, f"the tag {node.tag}", "a value without a tag")
        else:
            self._seen.add(id(node))
            return True
        return False

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                self._refuse(
                    key_node, path, "a key that is not a text", "a text", "put it in quotation marks"
                )
            elif key in data:
                found = f'the key "{key}" again (first in line {first[key]})'
                self._refuse(key_node, path, found, "each key once", "remove one of them")
            else:
                place = (*path, key)
                first[key] = self.lines[place] = _line(key_node)
                data[key] = self.read(value_node, place)
        return data

    def _refuse(self, node: yaml.Node, path: Path, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(self.file, _line(node), dotted(path), found, expected, hint))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _scalar(node: yaml.ScalarNode) -> Any:
    return _plain(str(node.value)) if node.tag == _PLAIN else str(node.value)


def _plain(text: str) -> Any:
    """Return what a text without quotation marks stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    return text
