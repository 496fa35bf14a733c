"""Check a repository: what it is connected to, and whether everything in it can be read."""

import configparser
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from gitmodel.errors import InvalidFile
from gitmodel.git.locks import stale_locks
from gitmodel.git.objects import read_file
from gitmodel.git.refs import resolve
from gitmodel.git.remotes import list_remote
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.metrics.unreadable import read_broken
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import environments
from gitmodel.registry.names import split_tag
from gitmodel.registry.registry import Registry
from gitmodel.reports.findings import Finding, guarded, several
from gitmodel.training import default_dvc_remote

_MEANT = r".+@[vV]?[0-9]"  # whoever made such a tag meant a version
_CLIENT_HOOKS = ("pre-push", "post-merge", "post-checkout")
_SERVER_HOOKS = ("pre-receive", "post-receive")


def check_repository(repo: Repository) -> Iterator[Finding]:
    """Yield the findings about a repository; none of the checks changes it."""
    yield Finding("repository", "ok", f"{repo.git_dir}{' (bare)' if repo.is_bare else ''}")
    checks: dict[str, Callable[[Repository], Finding]] = {
        "history": _history,
        "remote": _remote,
        "DVC remote": _dvc_remote,
        "hooks": _hooks,
        "specifications": _specifications,
        "version tags": _tags,
        "metrics notes": _notes,
        "locks": _locks,
        "environments": _environments,
    }
    for subject, check in checks.items():
        yield guarded(subject, lambda check=check: check(repo))  # type: ignore[misc]


def _history(repo: Repository) -> Finding:
    if repo.is_shallow:
        return Finding("history", "fail", "this clone is shallow", "run `git fetch --unshallow`")
    if resolve(repo, "HEAD") is None:
        return Finding("history", "warn", "there is no commit yet", "commit something, or push to it")
    return Finding("history", "ok", "complete")


def _remote(repo: Repository) -> Finding:
    if repo.is_bare:
        return Finding("remote", "ok", "none is needed: this is a server repository")
    remote = default_remote(repo)
    if remote is None:
        names = repo.git("remote").split()
        found = f"none of {', '.join(names)} is `origin`" if names else "none"
        return Finding("remote", "warn", found, "run `git remote add origin URL` to share versions")
    refs = list_remote(repo)
    return Finding("remote", "ok", f"{remote} answers ({len(refs)} refs)")


def _dvc_remote(repo: Repository) -> Finding:
    config = _dvc_config(repo)
    name = config.get("core", "remote", fallback="")
    section = next(
        (key for key in config.sections() if key.strip("'\"") in (f'remote "{name}', f"remote {name}")), ""
    )
    if name and section:
        return Finding("DVC remote", "ok", f"{name}: {config.get(section, 'url', fallback='?')}")
    shared = default_dvc_remote(repo)
    if shared:
        return Finding("DVC remote", "ok", f"{shared} (beside the server's repository)")
    todo = "run `dvc remote add -d NAME URL`, so that others can fetch data and models"
    return Finding("DVC remote", "warn", "none is configured", todo)


def _dvc_config(repo: Repository) -> configparser.ConfigParser:
    """Read what the committed and the local files of DVC say together."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    if repo.root is None:
        texts = [(read_file(repo, "HEAD", ".dvc/config") or b"").decode("utf-8", "replace")]
    else:
        files = (repo.root / ".dvc" / name for name in ("config", "config.local"))
        texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
    for text in texts:
        try:
            config.read_string("\n".join(line.strip() for line in text.splitlines()))
        except configparser.Error as error:
            raise InvalidFile(f".dvc/config cannot be read: {error}") from error
    return config


def _hooks(repo: Repository) -> Finding:
    folder = _hooks_folder(repo)
    wanted = _SERVER_HOOKS if repo.is_bare else _CLIENT_HOOKS
    missing = [name for name in wanted if not _is_ours(folder / name)]
    if not missing:
        return Finding("hooks", "ok", ", ".join(wanted))
    todo = "run `gitmodel hooks install`"
    if repo.is_bare:
        todo = f"run `gitmodel init --server {repo.git_dir}` for a server that acts on pushes"
    return Finding("hooks", "warn", f"not installed: {', '.join(missing)}", todo)


def _hooks_folder(repo: Repository) -> Path:
    """Return where people's git looks for hooks; ours is told to run none."""
    asked = repo.run("config", "--show-scope", "--type=path", "--get-all", "core.hooksPath", check=False)
    scoped = [line.split("\t", 1) for line in asked.text.splitlines()]
    chosen = [path for scope, path in scoped if scope != "command"]
    return repo.workdir / chosen[-1] if chosen else repo.git_dir / "hooks"


def _is_ours(file: Path) -> bool:
    return file.is_file() and b"gitmodel" in file.read_bytes()


def _specifications(repo: Repository) -> Finding:
    from gitmodel.spec.validation import validate_paths, validate_revision

    if repo.root is None and resolve(repo, "HEAD") is None:
        return Finding("specifications", "ok", "none yet")
    report = validate_paths(repo.root) if repo.root else validate_revision(repo, "HEAD")
    if report.problems:
        words = [str(problem) for problem in report.problems]
        return several("specifications", "fail", words, "run `gitmodel validate`")
    if not report.files:
        todo = "run `gitmodel init --example hello-world` to begin with one"
        return Finding("specifications", "warn", "there is no model here", todo)
    return Finding("specifications", "ok", f"{len(report.files)} valid")


def _tags(repo: Repository) -> Finding:
    versions, broken = Registry(repo).read()
    names = repo.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags/").splitlines()
    misnamed = [name for name in names if re.match(_MEANT, name) and split_tag(name) is None]
    if broken:
        words = [f"{tag.tag}: {tag.reason}" for tag in broken]
        words += [f"{name} is no name of a version" for name in misnamed]
        return several("version tags", "fail", words, "these are left out everywhere; register them again")
    if misnamed:
        words = [f"{name} is no name of a version" for name in misnamed]
        todo = "a version is <model>@v4 or <model>@v1.2.0, its model of lower-case letters, digits, - _ /"
        return several("version tags", "warn", words, todo)
    return Finding("version tags", "ok", f"{len(versions)} readable")


def _notes(repo: Repository) -> Finding:
    count, broken = read_broken(repo)
    if broken:
        words = [str(line) for line in broken]
        return several("metrics notes", "warn", words, "`gitmodel doctor --repair` sets such lines aside")
    return Finding("metrics notes", "ok", f"{count} records")


def _locks(repo: Repository) -> Finding:
    left = [f"{lock} is left by a git that was killed" for lock in stale_locks(repo)]
    if left:
        return several("locks", "fail", left, "`gitmodel doctor --repair` removes them; let no git run then")
    return Finding("locks", "ok", "none is left behind")


def _environments(repo: Repository) -> Finding:
    names, broken = environments(repo), []
    for name in names:
        try:
            read_desired(repo, name)
        except InvalidFile as error:
            broken.append(f"env/{name}: {error.message}")
    if broken:
        return several("environments", "fail", broken, "mend the file on that branch, or revert it")
    return Finding("environments", "ok", ", ".join(names) or "nothing was promoted yet")
