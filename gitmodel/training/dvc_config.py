"""The settings of DVC in a temporary work tree: those of the repository, with its cache and its remotes.

Used in the process of a job only: it imports DVC.
"""

import os
from pathlib import Path
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.training import storage

# The name of the remote of models that configure none.
_BESIDE = "gitmodel-beside"


def write_local_config(repo: Repository, dvc_folder: Path, dvc_root: str) -> None:
    """Write ``config.local`` of a work tree: what is of this copy (credentials too), cache and remotes.

    Args:
        repo: The repository.
        dvc_folder: The ``.dvc`` of the work tree.
        dvc_root: Folder of the repository that holds ``.dvc``; "" is the top.

    Raises:
        dvc.exceptions.DvcException: If a file of settings is not valid.
    """
    from dvc.config import Config, merge

    (dvc_folder / "config").touch()
    home = storage.dvc_folder(repo, dvc_root)
    cache = storage.cache_dir(repo, dvc_root)
    cache.mkdir(parents=True, exist_ok=True)
    config = Config(str(dvc_folder), validate=False)
    remotes = _moved_remotes(config, dvc_folder, home or repo.git_dir / ".dvc")
    with config.edit("local", validate=False) as local:
        merge(local, {"remote": remotes})
        if home:
            merge(local, Config(str(home), validate=False).load_one("local"))
        local["cache"]["dir"] = str(cache)
        merge(local, {"core": {"analytics": False, "check_update": False, "autostage": False}})
        merge(local, _fallback(repo, config, local))


def _moved_remotes(config: Any, dvc_folder: Path, home: Path) -> dict[str, dict[str, str]]:
    """Return remotes at relative paths, which mean another place in a work tree elsewhere."""
    moved = {}
    for name, remote in config.load_one("repo").get("remote", {}).items():
        url = str(remote.get("url", ""))
        if type(remote.get("url")).__name__ == "RelPath":
            inside = os.path.relpath(url, dvc_folder)
            moved[name] = {"url": os.path.normpath(home / inside)}
    return moved


def _fallback(repo: Repository, config: Any, local: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the remote beside the shared repository, where no default is configured."""
    if config.get("core", {}).get("remote") or local.get("core", {}).get("remote"):
        return {}
    address = storage.default_dvc_remote(repo)
    return {"core": {"remote": _BESIDE}, "remote": {_BESIDE: {"url": address}}} if address else {}
