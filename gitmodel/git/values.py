"""Values of git that cannot hold nonsense."""

import re
from dataclasses import dataclass
from typing import Self

from gitmodel.errors import UsageError

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# The rules of `git check-ref-format`, less the component that needs a slash.
_BAD_REF = r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[/.-]|[/.]\Z|\A@\Z"


class Oid(str):
    """The full hexadecimal name of a git object (SHA-1 or SHA-256)."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the form.

        Raises:
            ValueError: If ``text`` is not 40 or 64 lower-case hexadecimal digits.
        """
        if not _OID.match(text):
            raise ValueError(f"not an object id: {text!r}")
        return super().__new__(cls, text)

    @classmethod
    def of_git(cls, text: str) -> Self:
        """Take what git itself has printed in the place of an id, unchecked: there may be very many."""
        return super().__new__(cls, text)

    @property
    def short(self) -> str:
        """The first eight digits, for people."""
        return self[:8]


def check_ref(name: str) -> str:
    """Return ``name`` if git accepts it as the name of a ref.

    Raises:
        UsageError: If it does not.
    """
    if not name or re.search(_BAD_REF, name):
        raise UsageError(f"{name!r} is not a valid name for a git ref")
    return name


@dataclass(frozen=True)
class RefUpdate:
    """A change of one ref, made only while the ref is at ``old``.

    Attributes:
        ref: Full name, such as ``refs/tags/credit-risk@v4``.
        new: What it shall point to; ``None`` deletes it.
        old: What it must point to before; ``None``: it must not exist.
    """

    ref: str
    new: Oid | None
    old: Oid | None

    def __post_init__(self) -> None:
        check_ref(self.ref)
