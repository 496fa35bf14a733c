"""Where DVC's data of a repository are: the cache on this machine and the remote that copies share."""

import configparser
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote

_SCP_LIKE = re.compile(r"(?P<host>[^/:]+):(?P<path>/.*)\Z")


def cache_dir(repo: Repository, dvc_root: str = "") -> Path:
    """Return the folder of DVC's cache that all work trees of this copy share.

    A bare repository keeps it in its state folder, a clone where DVC itself does: ``.dvc/cache``, or what
    ``cache.dir`` says.

    Args:
        repo: The repository.
        dvc_root: Folder of the repository that holds ``.dvc``, posix; "" is the top.
    """
    folder = dvc_folder(repo, dvc_root)
    if folder is None:
        return repo.state / "cache"
    for file in config_files(folder):
        value = read_config(file).get("cache", "dir", fallback="")
        if value:
            return (file.parent / Path(value).expanduser()).resolve()
    return folder / "cache"


def dvc_folder(repo: Repository, dvc_root: str = "") -> Path | None:
    """Return the ``.dvc`` of the main work tree; ``None`` in a bare repository, or where there is none."""
    if repo.root is None:
        return None
    main = repo.git_dir.parent if repo.git_dir.name == ".git" else repo.root
    folder = main / dvc_root / ".dvc"
    return folder if folder.is_dir() else None


def config_files(folder: Path) -> Iterator[Path]:
    """Yield the files that DVC reads its settings from, those that win first."""
    yield folder / "config.local"
    yield folder / "config"
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    yield Path(home) / "dvc" / "config"


def read_config(file: Path) -> configparser.ConfigParser:
    """Read a file of DVC's settings; one that is missing or broken says nothing (DVC itself complains)."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string("\n".join(line.strip() for line in file.read_text("utf-8").splitlines()))
    except (OSError, ValueError, configparser.Error):
        return configparser.ConfigParser(interpolation=None)
    return config


def default_dvc_remote(repo: Repository) -> str | None:
    """Return the DVC remote of a repository whose models configure none; ``None``: there is no such place.

    It is a folder beside the bare repository that is shared: ``/srv/models.git`` has ``/srv/models.dvc``,
    made when it is first used, where that may be written to.
    A clone finds it from its remote, if that is a path on this machine and the folder is there, or an ssh
    URL with an absolute path (the package ``dvc-ssh`` must be installed; forges, where one logs in as
    ``git``, hold no data).
    """
    if repo.is_bare:
        folder = _beside(repo.git_dir)
        return str(folder) if folder.is_dir() or os.access(folder.parent, os.W_OK) else None
    name = default_remote(repo)
    url = repo.config(f"remote.{name}.url") if name else None
    return beside_url(repo, url) if url else None


def beside_url(repo: Repository, url: str) -> str | None:
    """Return the folder for data beside the repository at a URL; ``None``: there is none to be had."""
    parts = urlsplit(url)
    scp = _SCP_LIKE.match(url)
    if parts.scheme == "file":
        return _existing(_beside(Path(parts.path)))
    if parts.scheme == "ssh" or (not parts.scheme and scp):
        host, path = (parts.netloc, parts.path) if parts.scheme or scp is None else (scp["host"], scp["path"])
        return _over_ssh(host, path)
    if parts.scheme:
        return None
    return _existing(_beside((repo.workdir / url).resolve()))


def _over_ssh(host: str, path: str) -> str | None:
    if host.startswith("git@") or not importlib.util.find_spec("dvc_ssh"):
        return None
    return f"ssh://{host}{_beside(Path(path))}"


def _beside(shared: Path) -> Path:
    return shared.with_name(f"{shared.name.removesuffix('.git')}.dvc")


def _existing(folder: Path) -> str | None:
    return str(folder) if folder.is_dir() else None
