"""Single objects of a DVC remote, for whoever has neither a work tree nor a cache of the repository."""

import logging
import re
import threading
from configparser import ConfigParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from gitmodel.errors import ToolFailed
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.training.sharing import put, use_remote, words
from gitmodel.training.storage import beside_url, read_config

_REMOTE = re.compile(r"""['"]?remote "?[^"]""")
UNFINISHED = ".dvc-"  # how the folder of a fetch begins that has not ended
_ONE_AT_A_TIME = threading.Lock()  # nothing says that DVC may be used by several threads


def fetch_object(repo: Repository, rev: str, md5: str, place: Path, *, url: str) -> None:
    """Bring one object of the DVC remote that a commit configures; the other remotes are asked after it.

    Args:
        repo: A copy that has the commit, or knows where to fetch it.
        rev: The commit.
        md5: Which object.
        place: The file to write.
        url: Where ``repo`` is a copy of, for what is told relative to it.

    Raises:
        ToolFailed: If no remote has it, or one does not answer.
    """
    with _ONE_AT_A_TIME, TemporaryDirectory(dir=place.parent, prefix=UNFINISHED) as name:
        folder = Path(name)
        _configure(folder, read_file(repo, rev, ".dvc/config") or b"", repo, url)
        cached = folder / "cache" / "files" / "md5" / md5[:2] / md5[2:]
        _pull(folder, md5, cached)
        cached.replace(place)


def _configure(folder: Path, settings: bytes, repo: Repository, url: str) -> None:
    """Lay out what DVC needs to know: the remotes of the commit, and what holds for this one fetch."""
    file = folder / ".dvc" / "config"
    file.parent.mkdir()
    file.write_bytes(settings)
    shared = _only_remotes(read_config(file))
    with file.open("w", encoding="utf-8") as out:
        shared.write(out)
    local = ConfigParser(interpolation=None)
    _resolve_remotes(shared, local, url)
    beside = None if shared.get("core", "remote", fallback="") else beside_url(repo, url)
    if beside:
        use_remote(local, beside)
    put(local, "core", "no_scm", "true")
    put(local, "core", "analytics", "false")
    put(local, "core", "check_update", "false")
    put(local, "core", "site_cache_dir", str(folder / "site"))
    put(local, "cache", "dir", str(folder / "cache"))
    with (folder / ".dvc" / "config.local").open("w", encoding="utf-8") as out:
        local.write(out)


def _only_remotes(settings: ConfigParser) -> ConfigParser:
    """Return the remotes of some settings: the rest is not to be decided by a repository somewhere."""
    kept = ConfigParser(interpolation=None)
    for section in settings.sections():
        if _REMOTE.match(section):
            kept[section] = settings[section]
    default = settings.get("core", "remote", fallback="")
    if default:
        kept["core"] = {"remote": default}
    return kept


def _resolve_remotes(shared: ConfigParser, local: ConfigParser, url: str) -> None:
    """Have a remote at a relative path mean what it means in the repository that was copied."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return
    for section in shared.sections():
        path = shared.get(section, "url", fallback="")
        if path and "://" not in path and not Path(path).is_absolute():
            put(local, section, "url", str((Path(unquote(parts.path)) / ".dvc" / path).resolve()))


def _pull(folder: Path, md5: str, cached: Path) -> None:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    logging.getLogger("dvc_data").setLevel(logging.CRITICAL)
    failures: list[BaseException] = []
    try:
        with Repo(str(folder)) as dvc:
            for remote in _remotes(dvc):
                try:
                    dvc.cloud.pull([HashInfo("md5", md5)], remote=remote)
                except (DvcException, OSError) as error:
                    failures.append(error)
                if cached.is_file():
                    return
            known = ", ".join(_remotes(dvc))
    except (DvcException, OSError) as error:
        raise ToolFailed("the settings of DVC cannot be used", detail=words(error)) from error
    if failures:
        raise ToolFailed(f"could not fetch {md5} from the DVC remote", detail="\n".join(map(words, failures)))
    if not known:
        raise ToolFailed(
            f"the repository names no DVC remote that could have {md5}",
            hint="name it for this user: `dvc remote add --global -d NAME URL`; or in the .dvc/config of the "
            "repository, for the versions that come",
        )
    raise ToolFailed(f"{md5} is not on the DVC remote ({known})", hint="`dvc push` it from where it was made")


def _remotes(dvc: Any) -> list[str]:
    """Return the names of the remotes, the default one first."""
    default = dvc.config["core"].get("remote")
    return [*([default] if default else []), *(name for name in dvc.config["remote"] if name != default)]
