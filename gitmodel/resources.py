"""Where the folders that ship beside the code are: in the source tree, or inside the wheel."""

from pathlib import Path
from typing import Literal

Name = Literal["schemas", "ci-templates", "hooks", "examples"]


def folder(name: Name) -> Path:
    """Return the folder of that name, from the wheel where there is one, else from the source tree.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_resources" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the installation of gitmodel lacks its folder {name!r}; install it again")
