"""Install git hooks: small files that start gitmodel. A hook that a person made is kept and runs first."""

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import gitmodel
from gitmodel import resources
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository

Say = Callable[[str], None]
CLIENT = ("pre-push", "post-merge", "post-checkout")
SERVER = ("pre-receive", "post-receive")
_KEPT = ".before-gitmodel"
_MARK = b"# gitmodel: "


def install_hooks(repo: Repository, say: Say) -> bool:
    """Install the hooks of a clone, or of a server's bare repository; say whether anything changed.

    Running it again brings them up to date. A hook that is there already gets the ending
    ``.before-gitmodel`` and is called first.

    Raises:
        UsageError: If git looks for hooks in a folder that other repositories use too.
    """
    folder = hooks_folder(repo)
    folder.mkdir(parents=True, exist_ok=True)
    changed = [name for name in _names(repo) if _install(folder / name, say)]
    return bool(changed)


def _names(repo: Repository) -> Sequence[str]:
    return SERVER if repo.is_bare else CLIENT


def hooks_folder(repo: Repository) -> Path:
    """Return where git looks for the hooks of this repository.

    Raises:
        UsageError: If that was set for other repositories too.
    """
    asked = repo.run("config", "--show-scope", "--type=path", "--get-all", "core.hooksPath", check=False)
    scoped = [line.split("\t", 1) for line in asked.text.splitlines()]
    chosen = [(scope, path) for scope, path in scoped if scope != "command"]  # that one is ours, see `run`
    if not chosen:
        return repo.git_dir / "hooks"
    scope, path = chosen[-1]
    if scope not in ("local", "worktree"):
        raise UsageError(
            f"git is told ({scope} configuration) to look for hooks in {path}, for all repositories",
            hint=f"for this one: `git -C {shlex.quote(str(repo.workdir))} config core.hooksPath "
            f"{shlex.quote(str(repo.git_dir / 'hooks'))}`, then run the command again",
        )
    return repo.workdir / path


def shim(name: str) -> str:
    """Return the text of a hook, with the paths of this installation."""
    text = (resources.folder("hooks") / name).read_text("utf-8")
    library = Path(gitmodel.__file__).resolve().parent.parent
    for place, path in (("@PYTHON@", Path(sys.executable)), ("@LIBRARY@", library)):
        text = text.replace(place, shlex.quote(str(path)))
    return text


def _install(file: Path, say: Say) -> bool:
    wanted = shim(file.name)
    if file.is_symlink() or file.exists():
        if _is_ours(file):
            if file.read_text("utf-8") == wanted and file.stat().st_mode & 0o111:
                return False
        elif any(_is_ours(other) for other in file.parent.glob(f"{file.name}.*")):
            say(f"kept: {file.name}, which calls the hook of gitmodel")  # as pre-commit does
            return False
        else:
            _set_aside(file, say)
    part = file.with_name(f".{file.name}.part")
    part.write_text(wanted, "utf-8")
    part.chmod(0o755)
    part.replace(file)
    say(f"installed: {file.name}")
    return True


def _is_ours(file: Path) -> bool:
    return file.is_file() and _MARK in file.read_bytes()


def _set_aside(file: Path, say: Say) -> None:
    kept = file.with_name(file.name + _KEPT)
    if kept.exists():
        raise UsageError(
            f"there are {file} and {kept}, and neither is gitmodel's",
            hint="make one hook of the two, remove the other, and run the command again",
        )
    file.rename(kept)
    say(f"kept: your {file.name} is now {kept.name} and is called first")


def uninstall_hooks(repo: Repository, say: Say) -> bool:
    """Take the hooks away and put back those that were there before; say whether there were any."""
    found = False
    for name in _names(repo):
        file = hooks_folder(repo) / name
        if not _is_ours(file):
            continue
        found = True
        file.unlink()
        say(f"removed: {name}")
        kept = file.with_name(name + _KEPT)
        if kept.exists():
            kept.rename(file)
            say(f"put back: your {name}")
    return found
