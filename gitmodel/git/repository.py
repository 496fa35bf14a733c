"""Find a repository and run git in it."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel import process
from gitmodel.errors import UsageError

# Hooks of the repository are for people's commands, not for ours; pagers and colours neither.
_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "--no-pager")
# Objects of a push that is not accepted yet are visible only through these.
_QUARANTINE = ("GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")


@dataclass(frozen=True)
class Repository:
    """A git repository on this machine.

    Attributes:
        git_dir: The common git folder (shared by all work trees).
        root: Top of the work tree; ``None`` for a bare repository.
        extra_env: Variables that git needs beside the clean environment.
    """

    git_dir: Path
    root: Path | None
    extra_env: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def open(cls, path: str | Path = ".") -> "Repository":
        """Find the repository that holds ``path``.

        Raises:
            UsageError: If there is none.
        """
        start = Path(path).absolute()
        for folder in (start, *start.parents):
            if (folder / ".git").is_dir():
                return cls(folder / ".git", folder)
            if (folder / ".git").is_file():
                return cls._open_linked(folder)
            if _is_git_dir(folder):
                return cls(folder, None)
        raise UsageError(
            f"{start} is not inside a git repository",
            hint="change into a models repository, or make one with `gitmodel init`",
        )

    @classmethod
    def _open_linked(cls, folder: Path) -> "Repository":
        """Open a linked work tree or a submodule, whose ``.git`` is a file."""
        done = process.run(["git", "rev-parse", "--path-format=absolute", "--git-common-dir"], cwd=folder)
        return cls(Path(done.text.rstrip("\n")), folder)

    @classmethod
    def open_in_hook(cls) -> "Repository":
        """Open the repository whose hook we are, with the objects that are being pushed."""
        extra = {name: os.environ[name] for name in _QUARANTINE if name in os.environ}
        found = cls.open(Path(os.environ.get("GIT_DIR", ".")))
        return cls(found.git_dir, found.root, extra)

    @property
    def is_bare(self) -> bool:
        """Whether there is no work tree."""
        return self.root is None

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off when the repository was cloned."""
        return (self.git_dir / "shallow").exists()

    @property
    def state(self) -> Path:
        """The folder where gitmodel keeps what is only of this copy: runs, caches, packages."""
        return self.git_dir / "gitmodel"

    @property
    def workdir(self) -> Path:
        """Where git runs."""
        return self.root or self.git_dir

    def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        check: bool = True,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> process.Completed:
        """Run git here; see `process.run` for errors."""
        return process.run(
            ["git", *_OPTIONS, *args],
            cwd=cwd or self.workdir,
            env=self._environment(env),
            stdin=stdin,
            check=check,
        )

    def stream(self, *args: str, sink: Callable[[str], None]) -> int:
        """Run git here, hand each line that it prints to ``sink`` as it comes, return its exit code."""
        return process.stream(["git", *_OPTIONS, *args], cwd=self.workdir, env=self._environment(), sink=sink)

    def _environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return process.clean_environment({"LC_ALL": "C.UTF-8", **self.extra_env, **(extra or {})})

    def git(self, *args: str, stdin: bytes | None = None) -> str:
        """Run git here and return what it printed, without the last newline."""
        return self.run(*args, stdin=stdin).text.rstrip("\n")

    def config(self, key: str) -> str | None:
        """Read one setting of git; ``None`` where it is not set."""
        done = self.run("config", "--get", key, check=False)
        return done.text.rstrip("\n") if done.code == 0 else None

    def identity(self) -> dict[str, str]:
        """Return the variables that name who commits: the user's own, or a fallback for automation."""
        import socket

        found = self.run("config", "-z", "--get-regexp", r"^user\.(name|email)$", check=False).text
        known = dict(entry.split("\n", 1) for entry in found.split("\0") if "\n" in entry)
        name = os.environ.get("GIT_COMMITTER_NAME") or known.get("user.name") or "gitmodel"
        email = os.environ.get("GIT_COMMITTER_EMAIL") or known.get("user.email")
        email = email or f"gitmodel@{socket.gethostname()}"
        return {
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
            "GIT_AUTHOR_NAME": os.environ.get("GIT_AUTHOR_NAME") or name,
            "GIT_AUTHOR_EMAIL": os.environ.get("GIT_AUTHOR_EMAIL") or email,
        }

    def changed_files(self, paths: Sequence[str] = ()) -> list[str]:
        """Return the files of the work tree that differ from HEAD or are new, below ``paths``."""
        if self.root is None:
            return []
        out = self.git("status", "--porcelain", "-z", "--no-renames", "--", *paths)
        return [entry[3:] for entry in out.split("\0") if entry]


def _is_git_dir(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
