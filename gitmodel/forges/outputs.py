"""Hand values on to the jobs and pages of a forge, in the files that it names for that."""

import secrets
from collections.abc import Mapping
from pathlib import Path

_SUMMARY_LIMIT = 1024 * 1024  # bytes of a job's summary on GitHub


def set_outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Hand values to later jobs; nothing where the forge has no such file (GitLab, a desk).

    On GitHub each value stands between delimiters that nobody can guess, so that none can end early and
    set another.
    """
    file = environ.get("GITHUB_OUTPUT")
    if not file:
        return
    lines = []
    for name, value in values.items():
        end = secrets.token_hex(16)
        lines.append(f"{name}<<{end}\n{value}\n{end}\n")
    _append(Path(file), "".join(lines))


def add_summary(environ: Mapping[str, str], markdown: str) -> None:
    """Show Markdown on the page of the run; nothing where there is no such page."""
    file = environ.get("GITHUB_STEP_SUMMARY")
    if file:
        _append(Path(file), markdown.encode()[:_SUMMARY_LIMIT].decode("utf-8", "ignore") + "\n")


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(text)
