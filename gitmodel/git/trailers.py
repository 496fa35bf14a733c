"""Messages with git trailers: a subject, a body, then ``Key: value`` lines.

The round trip law: ``parse(format(m)) == m`` for every message whose subject and values are one line each
and whose body does not end in a block of trailers itself.
"""

import re
from dataclasses import dataclass, field

from gitmodel.errors import InvalidFile

_TRAILER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): ?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """The parts of a message."""

    subject: str
    body: str = ""
    trailers: dict[str, str] = field(default_factory=dict)


def format_message(message: Message) -> str:
    """Write a message as git stores it.

    Raises:
        InvalidFile: If a value has more than one line, so that git would read something else.
    """
    for key, value in {"subject": message.subject, **message.trailers}.items():
        if "\n" in value or "\r" in value:
            raise InvalidFile(f"{key} must be one line, not {value!r}")
    lines = [f"{key}: {value}" for key, value in message.trailers.items()]
    blocks = [message.subject, message.body.strip("\n"), "\n".join(lines)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def parse_message(text: str) -> Message:
    """Read a message: as `git interpret-trailers`, the last paragraph holds the trailers if all of it does.

    Of a key that is there more than once, the last one counts.
    """
    text = text.replace("\r\n", "\n").strip("\n")
    subject, _, rest = text.partition("\n")
    head, found, last = rest.strip("\n").rpartition("\n\n")
    pairs = _TRAILER.findall(last)
    if not last or len(pairs) != last.count("\n") + 1:
        return Message(subject, rest.strip("\n"))
    trailers = {key: value.strip() for key, value in pairs}
    return Message(subject, head.strip("\n") if found else "", trailers)
