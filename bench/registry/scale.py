"""How soon a registry with many versions answers, beside git that reads the same."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.registry.measure import Act, Pair, alternate, environment
from gitmodel import process
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import Record, now
from gitmodel.registry.register import register
from gitmodel.registry.versions import Facts, RunRef

MODELS = (
    "credit-risk",
    "churn",
    "spam-filter",
    "fraud",
    "hello-world",
    "demand",
    "ranking",
    "price",
    "wear",
    "click",
)
# All that `list` and `log` show of a tag.
_OWN = (
    "refname:strip=2",
    "objecttype",
    "objectname",
    "*objectname",
    "creatordate:format:%Y-%m-%d %H:%M:%S %z",
)
FIELDS = "%00".join(f"%({name})" for name in (*_OWN, "taggername", "taggeremail", "contents"))
_FIRST = 1_700_000_000


def build(repo: Path, models: int, versions: int, *, number: str = "%d") -> None:
    """Make a bare repository with so many models of so many versions each, as `register` writes them.

    Args:
        repo: Where.
        models: How many.
        versions: Of each.
        number: How versions are numbered; `%d.0.0` for semantic ones.
    """
    process.run(["git", "init", "-q", "--bare", "-b", "main", str(repo)])
    process.run(
        ["git", "fast-import", "--quiet"], cwd=repo, stdin=b"".join(_stream(models, versions, number))
    )
    process.run(["git", "pack-refs", "--all"], cwd=repo)


def _stream(models: int, versions: int, number: str) -> Iterator[bytes]:
    names = [*MODELS, *(f"model-{number}" for number in range(len(MODELS), models))][:models]
    yield (
        b"commit refs/heads/main\nmark :1\ncommitter Ada <ada@example.org> %d +0000\ndata 5\nFirst\n" % _FIRST
    )
    for name in names:
        text = f"name: {name}\nowners: [{name}@example.org]\nartifact: {{path: m.skops}}\n".encode()
        yield b"M 100644 inline models/%s/model.yaml\ndata %d\n%s\n" % (name.encode(), len(text), text)
    for version in range(1, versions + 1):
        for at, name in enumerate(names):
            text = _message(name, version, number % version).encode()
            yield b"tag %s@v%s\nfrom :1\n" % (name.encode(), (number % version).encode())
            yield _by("tagger", _FIRST + version * 60 + at) + b"data %d\n%s\n" % (len(text), text)
    for env, version in (("staging", versions), ("production", max(versions - 1, 1))):
        yield b"commit refs/heads/env/%s\n" % env.encode() + _by("committer", _FIRST) + b"data 8\nPromote\n"
        for name in names:
            text = f"version: '{number % version}'\ntag: {name}@v{number % version}\n".encode()
            yield b"M 100644 inline %s.yaml\ndata %d\n%s\n" % (name.encode(), len(text), text)


def _by(role: str, moment: int) -> bytes:
    return f"{role} Ada <ada@example.org> {moment} +0000\n".encode()


def _message(name: str, version: int, number: str) -> str:
    metrics = {
        "accuracy": round(0.8 + version % 100 / 1000, 4),
        "roc_auc": round(0.7 + version % 97 / 1000, 4),
    }
    parameters = {"criterion": "gini", "max_depth": version % 12 + 1, "random_state": 12345}
    digest = f"{version:064x}"
    artifact = {"md5": digest[-32:], "path": f"models/{name}/m.skops", "sha256": digest, "size": 3145}
    data = {f"models/{name}/data/train.csv": {"md5": digest[-32:], "rows": 9857, "size": 812345}}
    trailers = {
        "Model-Name": name,
        "Model-Version": number,
        "Content-Encoding": "skops",
        "Algo": "DecisionTreeClassifier",
        "Metrics": _json(metrics),
        "Parameters": _json(parameters),
        "Artifact": _json(artifact),
        "Data": _json(data),
        "Run": f"{version:040x} {digest}",
    }
    lines = "\n".join(f"{key}: {value}" for key, value in trailers.items())
    return f"Retrained on the data of day {version}\n\n{lines}\n"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def answers(folder: Path, rounds: int) -> list[Pair]:
    """Time `list`, `log` and `show` on 10 models with 10,000 versions beside their floor.

    The floor is what git needs to read what is shown, and Python to import the command line's library.
    """
    repo = folder / "many.git"
    build(repo, 10, 1000)
    every, one = "refs/tags", "refs/tags/credit-risk@v*"
    questions = [
        (["list"], every),
        (["log", "credit-risk"], one),
        (["show", "credit-risk:500"], "refs/tags/credit-risk@v500"),
    ]
    return [
        *(_answer(repo, argv, pattern, rounds, "10,000 versions") for argv, pattern in questions),
        _growth(folder, repo, rounds),
        _registering(folder, rounds),
    ]


def _growth(folder: Path, repo: Path, rounds: int) -> Pair:
    """Time `list` on ten times as many versions."""
    large = folder / "more.git"
    build(large, 10, 10_000)
    program, variables = str(Path(sys.executable).with_name("gitmodel")), environment()

    def reader(where: Path) -> Act:
        return lambda _number: (process.run([program, "list"], cwd=where, env=variables), None)[1]

    what = "`gitmodel list`, 100,000 versions"
    return alternate(what, "the same, 10,000", reader(large), reader(repo), rounds=rounds, bound=11.0)


def _registering(folder: Path, rounds: int) -> Pair:
    """Time `register` of a new result beside 10,000 versions of the model, and beside 10."""
    repos = [folder / "ten.git", folder / "ten-thousand.git"]
    for path, versions in zip(repos, (10, 10_000), strict=True):
        build(path, 1, versions)

    def registrar(path: Path) -> Act:
        repo = Repository.open(path)
        tree = repo.git("rev-parse", "main^{tree}")

        def act(number: int) -> None:
            commit = Oid(repo.git("commit-tree", "-p", "main", "-m", f"Run {number}", tree))
            facts = Facts("Trained", metrics={"auc": 0.9}, run=RunRef(commit, f"{number:f>64}"))
            record = Record(MODELS[0], "training", {"auc": 0.9}, now(), "ada@example.org")
            assert register(
                repo, MODELS[0], commit=commit, facts=facts, records=[record], is_new=True
            ).created

        return act

    few, many = map(registrar, repos)
    return alternate(
        "`register` of a new result, 10,000 versions", "the same, 10", many, few, rounds=rounds, bound=1.5
    )


def beside_gto(folder: Path, rounds: int) -> Pair:
    """Time `list` beside `gto show`, which knows semantic versions only, on 10,000 of them."""
    repo = folder / "semantic"
    build(folder / "semantic.git", 10, 1000, number="%d.0.0")
    process.run(["git", "clone", "-q", str(folder / "semantic.git"), str(repo)])
    programs, variables = Path(sys.executable).parent, environment()

    def ours(_number: int) -> None:
        process.run([str(programs / "gitmodel"), "list"], cwd=repo, env=variables)

    def theirs(_number: int) -> None:
        process.run([str(programs / "gto"), "show"], cwd=repo, env=variables)

    return alternate(
        "`gitmodel list`, 10,000 semantic versions", "`gto show`", ours, theirs, rounds=rounds, bound=0.01
    )


def _answer(repo: Path, argv: list[str], pattern: str, rounds: int, size: str) -> Pair:
    program = str(Path(sys.executable).with_name("gitmodel"))
    variables = environment()

    def ours(_number: int) -> None:
        process.run([program, *argv], cwd=repo, env=variables)

    def floor(_number: int) -> None:
        process.run(["git", "for-each-ref", f"--format={FIELDS}", pattern], cwd=repo, env=variables)
        process.run([sys.executable, "-c", "import click"], cwd=repo, env=variables)

    for act in (ours, floor):
        act(0)
    what = f"`gitmodel {' '.join(argv)}`, {size}"
    return alternate(what, "`git for-each-ref` and `import click`", ours, floor, rounds=rounds, bound=1.5)
