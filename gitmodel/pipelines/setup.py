"""Make repositories: a server's bare one that acts on pushes, and a models repository to work in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel import resources
from gitmodel.errors import UsageError
from gitmodel.git.create import create
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.git.values import Oid
from gitmodel.pipelines.local import write_environment
from gitmodel.pipelines.rendering import render_into
from gitmodel.pipelines.shims import install_hooks
from gitmodel.spec.loading import read_settings
from gitmodel.spec.repository import FILE, RepositorySpec
from gitmodel.spec.trees import FolderTree, model_files

Say = Callable[[str], None]
STARTER = "hello-world"
# Set where the repository says nothing else.
_SERVER_SETTINGS = {
    "core.logAllRefUpdates": "true",  # a bare repository keeps no log of its refs by default
    "receive.denyDeletes": "false",  # branches may go; what may not, pre-receive knows
    "receive.fsckObjects": "true",
    "uploadpack.allowFilter": "true",  # `gitmodel.open` of its URL brings tags and notes, not all files
}
_SCHEMA_LINE = re.compile(r"\A# yaml-language-server: \$schema=\.\.[^\n]*\n")  # leads to nowhere in a copy

_SETTINGS = """\
# Where models are, and how their versions count (integer or semver).
models: [models/*/model.yaml, model.yaml]
versions: integer
"""
_PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: gitmodel-validate
        name: gitmodel validate
        entry: gitmodel validate
        language: system
        files: (^|/)model\\.yaml$|^environments/[^/]+\\.yaml$|^gitmodel\\.yaml$
        require_serial: true
      - id: gitmodel-notebooks
        name: gitmodel notebook --strip
        entry: gitmodel notebook --strip
        language: system
        files: \\.ipynb$
        exclude: \\.output\\.ipynb$
"""
_PRE_COMMIT_CI = """\
      - id: gitmodel-ci-check
        name: gitmodel ci check
        entry: gitmodel ci check
        language: system
        files: (^|/)model\\.yaml$|^environments/|^gitmodel\\.yaml$|^\\.github/|^\\.gitlab
        pass_filenames: false
"""
# Not copied with an example: they are rendered where a provider is named.
_RENDERED = (".github", ".gitlab-ci.yml")


@dataclass
class Made:
    """What was made.

    Attributes:
        repo: The repository.
        written: Files that are new.
        kept: Files that were there and stay as they are.
        commit: The first commit, where one was made.
    """

    repo: Repository
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    commit: Oid | None = None


def init_server(path: Path, *, port: int | None = None, say: Say = lambda _line: None) -> Repository:
    """Make a bare repository that acts on pushes, or complete one; what is there stays as it is.

    Beside it comes a folder for data (``models.git`` has ``models.dvc``), inside it the environment
    ``local``, which runs models on this machine.

    Args:
        path: Where.
        port: Where the router of ``local`` listens; default: the first free one from 8400 on.
        say: Told what was made.

    Raises:
        UsageError: If something else is there.
    """
    path = path.absolute()
    repo = _bare(path, say)
    for key, value in _SERVER_SETTINGS.items():
        if repo.config(key) is None:
            repo.git("config", key, value)
    install_hooks(repo, say)
    data = path.with_name(f"{path.name.removesuffix('.git')}.dvc")
    if not data.exists():
        data.mkdir()
        say(f"made: {data}, where data and models are kept")
    write_environment(repo, port, say)
    return repo


def _bare(path: Path, say: Say) -> Repository:
    if (path / ".git").exists():
        raise UsageError(
            f"{path} is a repository to work in",
            hint="name a folder that does not exist yet, such as models.git",
        )
    if not (path / "HEAD").is_file():
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} holds something else", hint="name a folder that does not exist yet")
        path.mkdir(parents=True, exist_ok=True)
        create(path, bare=True)
        say(f"made: {path}")
    return Repository(path, None)


def init_repository(
    path: Path, *, example: str | None = None, provider: str | None = None, say: Say = lambda _line: None
) -> Made:
    """Make a models repository, or make one of an ordinary repository; files that exist are kept.

    Where there is no commit yet, what was written is committed, so that it can be trained at once; in a
    repository with history that is left to its owner.

    Args:
        path: Its folder; made where it does not exist.
        example: An example to begin with, whole; default: a model as small as can be, unless there is one.
        provider: The forge to render pipelines for; default: none.
        say: Told what was made.

    Raises:
        UsageError: If there is no such example, the folder lies within another repository, or the settings
            that are there do not name the provider.
    """
    source = _example(example or STARTER)
    made = Made(_work_tree(path.absolute(), say))
    wanted = _files(source, "") if example else _starter(made.repo, source)
    if provider:
        _add_provider(made.repo, wanted, provider)
    for name, content in wanted.items():
        _write(made, name, content)
    if provider:
        made.written += render_into(made.repo.workdir)
    _tell(made, say)
    install_client_hooks(made.repo, say)
    if default_remote(made.repo) is None:
        write_environment(made.repo, None, say)
    made.commit = _first_commit(made, example, say)
    return made


def install_client_hooks(repo: Repository, say: Say) -> bool:
    """Install the hooks of a clone and let its data go where its origin's is; say whether anything changed.

    Raises:
        UsageError: See `shims.install_hooks`.
    """
    changed = install_hooks(repo, say)
    return connect_data(repo, say) or changed


def connect_data(repo: Repository, say: Say) -> bool:
    """Use the data folder beside the origin where no DVC remote is configured; say whether that is new."""
    from gitmodel.training.sharing import connect

    address = connect(repo)
    if address:
        say(f"data goes to {address} (.dvc/config.local)")
    return address is not None


def _example(name: str) -> Path:
    known = sorted(folder.name for folder in resources.folder("examples").iterdir() if folder.is_dir())
    if name not in known:
        raise UsageError(f"there is no example {name!r}", hint=f"there are: {', '.join(known)}")
    return resources.folder("examples") / name


def _work_tree(path: Path, say: Say) -> Repository:
    if not (path / ".git").exists():
        _refuse_nested(path)
        path.mkdir(parents=True, exist_ok=True)
        create(path, bare=False)
        say(f"made: {path}")
    return Repository.open(path)


def _refuse_nested(path: Path) -> None:
    try:
        outer = Repository.open(path)
    except UsageError:
        return
    raise UsageError(
        f"{path} is inside the repository {outer.workdir}",
        hint="run the command at the top of that repository, or name a folder outside of it",
    )


def _starter(repo: Repository, source: Path) -> dict[str, bytes]:
    """Return settings and, where there is no model, the smallest one in a folder of its own."""
    assert repo.root is not None
    files = {FILE: _SETTINGS.encode(), ".pre-commit-config.yaml": _PRE_COMMIT.encode()}
    files[".gitignore"] = b"__pycache__/\n/.venv\n"
    tree = FolderTree(repo.root)
    has_model = bool(model_files(tree.paths(), read_settings(tree)))
    for name, content in _files(source, "").items():
        if name.startswith(".dvc"):
            files[name] = content
        elif not has_model:
            files[f"models/{source.name}/{name}"] = content
    return files


def _add_provider(repo: Repository, files: dict[str, bytes], provider: str) -> None:
    """Let the settings that are to be written name the provider, and let pre-commit check the pipelines."""
    known = _settings(repo)
    if known is None:
        text = files.get(FILE, _SETTINGS.encode()).decode()
        block = f"ci:\n  provider: {provider}\n"
        found = re.search(r"^ci:\n", text, re.MULTILINE)
        files[FILE] = (text.replace(found[0], block, 1) if found else text + block).encode()
    elif known.ci.provider != provider:
        named = f"names {known.ci.provider}" if known.ci.provider else "names no provider"
        raise UsageError(
            f"{FILE} is there and {named}",
            hint=f"write `ci: {{provider: {provider}}}` into it, then try again",
        )
    files[".pre-commit-config.yaml"] = (_PRE_COMMIT + _PRE_COMMIT_CI).encode()


def _settings(repo: Repository) -> RepositorySpec | None:
    """Return the settings of the repository that was there; ``None``: there are none yet."""
    tree = FolderTree(repo.workdir)
    return read_settings(tree) if tree.read([FILE])[FILE] is not None else None


def _files(source: Path, prefix: str) -> dict[str, bytes]:
    """Return the files of an example, less what working with it leaves behind."""
    ignored = _ignored(source)
    found: dict[str, bytes] = {}
    for entry in sorted(source.iterdir()):
        if entry.name in ignored or entry.name in ("__pycache__", *_RENDERED):
            continue
        if entry.is_dir():
            found |= _files(entry, f"{prefix}{entry.name}/")
        else:
            text = entry.read_bytes()
            is_model = entry.name == "model.yaml"
            found[f"{prefix}{entry.name}"] = (
                _SCHEMA_LINE.sub("", text.decode()).encode() if is_model else text
            )
    return found


def _ignored(folder: Path) -> set[str]:
    file = folder / ".gitignore"
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    return {line.strip().strip("/") for line in lines if line.strip()}


def _write(made: Made, name: str, content: bytes) -> None:
    assert made.repo.root is not None
    file = made.repo.root / name
    if file.exists() or file.is_symlink():
        made.kept.append(name)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    made.written.append(name)


def _tell(made: Made, say: Say) -> None:
    for words, names in (("written", made.written), ("kept as it was", made.kept)):
        for name in names:
            say(f"{words}: {name}")


def _first_commit(made: Made, example: str | None, say: Say) -> Oid | None:
    repo = made.repo
    if not made.written:
        return None
    if resolve(repo, "HEAD") is not None:
        say("not committed yet: look at it, then `git add` and `git commit`")
        return None
    message = f"Start from the example {example}" if example else "Start a models repository"
    repo.git("add", "--", *made.written)
    repo.run("commit", "-q", "-m", message, "--", *made.written, env=repo.identity())
    commit = resolve(repo, "HEAD")
    say(f"committed: {message}")
    return commit
