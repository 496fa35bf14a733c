"""The forge of a repository outside of its jobs: found by the address of the remote."""

import re
from collections.abc import Mapping

from gitmodel.forges import Forge, open_forge
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote

TOKEN = "GITMODEL_TOKEN"  # noqa: S105 - the name of a variable
_ADDRESS = re.compile(
    r"(?:https?://|ssh://|[^/@:]+@)(?:[^/@]*@)?(?P<host>[^/:]+)(?::\d+)?[/:](?P<path>.+?)(?:\.git)?/?\Z"
)
_HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}


def forge_of_remote(repo: Repository, provider: str | None, environ: Mapping[str, str]) -> Forge | None:
    """Return the repository on its forge; ``None`` where nothing names it, or there is no token.

    Args:
        repo: A copy of it.
        provider: What `ci.provider` says; ``None``: the host must be one that everybody knows.
        environ: Where the token is: only GITMODEL_TOKEN, which people set for this, counts.
    """
    found = _ADDRESS.match(_url(repo))
    provider = provider or _HOSTS.get(found["host"] if found else "")
    if provider is None or not environ.get(TOKEN):
        return None
    return open_forge(_named(repo, provider, environ))


def _named(repo: Repository, provider: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name the repository as a job of the forge does, after its remote's address.

    A token for another forge, which the environment may hold too, is not handed on.
    """
    known = {
        "github": ("GITHUB_REPOSITORY", "GITHUB_API_URL"),
        "gitlab": ("CI_PROJECT_ID", "CI_SERVER_URL"),
    }[provider]
    kept = {name: environ[name] for name in (TOKEN, *known) if name in environ}
    found = _ADDRESS.match(_url(repo))
    if found is None:
        return kept
    host, path = found["host"], found["path"]
    if provider == "gitlab":
        return {"CI_PROJECT_ID": path, "CI_SERVER_URL": f"https://{host}", **kept}
    api = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
    return {"GITHUB_REPOSITORY": path, "GITHUB_API_URL": api, **kept}


def _url(repo: Repository) -> str:
    return repo.config(f"remote.{default_remote(repo)}.url") or ""
