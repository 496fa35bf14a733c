"""How soon a reading command and the check of a push are done, beside Python itself."""

import sys
from pathlib import Path

from bench.registry.measure import Pair, alternate, environment
from gitmodel import process

_MODEL = "credit-risk"
_ZEROS = "0" * 40


def list_one(folder: Path, rounds: int) -> Pair:
    """Time ``gitmodel list`` with one registered model."""
    repo = folder / "list"
    _repository(repo)
    program = str(Path(sys.executable).with_name("gitmodel"))
    done = process.run([program, "list"], cwd=repo, env=environment())
    assert done.text.split() == [_MODEL, "v1"], done.text
    return _alternate(
        "`gitmodel list`, one model",
        '`python -c "import click"`',
        [program, "list"],
        "import click",
        repo,
        rounds,
        2.5,
    )


def check_push(folder: Path, rounds: int) -> Pair:
    """Time the hook that judges a push of one version tag, started as git starts it."""
    server, clone = folder / "server.git", folder / "pushed"
    process.run(
        [str(Path(sys.executable).with_name("gitmodel")), "init", "--server", str(server)], env=environment()
    )
    _repository(clone)
    tag = process.run(["git", "rev-parse", f"{_MODEL}@v1"], cwd=clone).text.strip()
    process.run(["git", "fetch", "-q", str(clone), "main", "tag", f"{_MODEL}@v1"], cwd=server)
    process.run(["git", "update-ref", "-d", f"refs/tags/{_MODEL}@v1"], cwd=server)
    line = f"{_ZEROS} {tag} refs/tags/{_MODEL}@v1\n".encode()
    hook = [str(server / "hooks" / "pre-receive")]
    return _alternate(
        "`pre-receive`, one version tag", "`python -c pass`", hook, "pass", server, rounds, 3.0, stdin=line
    )


def _alternate(  # noqa: PLR0917 - one private caller a measurement
    what: str,
    peer: str,
    argv: list[str],
    program: str,
    cwd: Path,
    rounds: int,
    bound: float,
    *,
    stdin: bytes | None = None,
) -> Pair:
    variables = environment({"GIT_DIR": "."} if stdin else None)

    def ours(_number: int) -> None:
        process.run(argv, cwd=cwd, env=variables, stdin=stdin)

    def theirs(_number: int) -> None:
        process.run([sys.executable, "-c", program], cwd=cwd, env=variables)

    for act in (ours, theirs):
        act(0)  # the first start compiles and fills caches
    return alternate(what, peer, ours, theirs, rounds=rounds, bound=bound)


def _repository(path: Path) -> None:
    """Make a repository with one model and one version."""
    files = {"model.yaml": f"name: {_MODEL}\nartifact: {{path: model.skops, encoding: skops}}\n"}
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    for argv in (
        ("git", "init", "-q", "-b", "main"),
        ("git", "add", "-A"),
        ("git", "commit", "-q", "-m", "A model"),
        ("git", "tag", "-a", "-m", f"First\n\nModel-Name: {_MODEL}\nModel-Version: 1", f"{_MODEL}@v1"),
    ):
        process.run(argv, cwd=path)
