"""pre-receive on a server: refuse what would break the registry, and say what to do instead.

A push that is refused changes nothing. An error of this hook itself refuses too.
"""

import sys

from gitmodel.hooks.loose import read_object
from gitmodel.hooks.tag_rules import MALFORMED, Problem, check_object, looks_like_version, moved, split_tag

_TAGS, _BRANCHES = "refs/tags/", "refs/heads/"


def main() -> int:
    """Read what is being pushed from standard input; return 0 to take it and 1 to refuse it."""
    lines = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").splitlines()
    problems = []
    for line in lines:
        old, new, ref = line.split(" ", 2)
        found = _guarded(ref, _oid(old), _oid(new))
        if found:
            problems.append((ref, found))
    if problems:
        _tell(problems)
    return 1 if problems else 0


def _oid(text: str) -> str | None:
    return text if text.strip("0") else None


def _guarded(ref: str, old: str | None, new: str | None) -> Problem | None:
    try:
        return check(ref, old, new)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, what was not checked is not taken
        what = f"could not be checked ({type(error).__name__}: {error})"
        detail = getattr(error, "detail", "")
        return (
            f"{what}\n{detail}" if detail else what,
            "this is an error of the server: tell its administrator, who runs `gitmodel doctor` there",
        )


def check(ref: str, old: str | None, new: str | None) -> Problem | None:
    """Return why a ref may not move from ``old`` to ``new`` (``None``: it is created or deleted)."""
    if ref.startswith(_TAGS):
        return _check_tag(ref.removeprefix(_TAGS), old, new)
    if not ref.startswith((_BRANCHES, "refs/notes/")):
        return None
    from gitmodel.hooks import branch_rules

    if branch_rules.is_only_added_to(ref):
        return branch_rules.check_history(ref, old, new)
    if ref.startswith(_BRANCHES) and new is not None:
        return branch_rules.check_specifications(old, new)
    return None


def _check_tag(name: str, old: str | None, new: str | None) -> Problem | None:
    if split_tag(name) is None:
        return MALFORMED if new is not None and looks_like_version(name) else None
    if old is not None:
        return moved(name, deleted=new is None) if old != new else None
    return check_object(name, *read_object(new)) if new is not None else None


def _tell(problems: list[tuple[str, Problem]]) -> None:
    lines = ["gitmodel refuses this push; nothing has changed."]
    for ref, (what, fix) in problems:
        first, *rest = what.split("\n")
        name = ref.removeprefix(_TAGS).removeprefix(_BRANCHES)
        lines += ["", f"  {name} {first}", *(f"      {line}" for line in rest), f"    -> {fix}"]
    text = "\n".join([*lines, ""])
    sys.stderr.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stderr.flush()
