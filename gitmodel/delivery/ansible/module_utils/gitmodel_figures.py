"""What was measured of live models, put where their services read it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

_KEY = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?")


def write_figures(root: Path, figures: Mapping[str, str]) -> bool:
    """Write a file a model below the state folder, each by one rename; say whether any changed.

    Args:
        root: The environment's folder on this host; without one, nothing runs and nothing is written.
        figures: The text of each file, by the key of its model.

    Raises:
        ValueError: If a key is that of no model.
    """
    if not root.is_dir():
        return False
    folder = root / "state" / "live"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed = False
    for key, text in sorted(figures.items()):
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of a model")
        file = folder / f"{key}.json"
        if not file.is_file() or file.read_text("utf-8", "replace") != text:
            temporary = folder / f".{key}.{os.getpid()}"
            temporary.write_text(text, "utf-8")
            temporary.replace(file)
            changed = True
    return changed
