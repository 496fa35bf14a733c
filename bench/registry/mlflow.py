"""The same questions to MLflow's registry in a SQLite database, each in a process of its own."""

import os
import sys
from pathlib import Path

from bench.registry.measure import Act, Pair, alternate, environment
from bench.registry.scale import build
from gitmodel import process

_VERSIONS = 10_000
_OPEN = """\
import logging, sys
logging.disable()
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1], sys.argv[1])
"""
_FILL = (
    _OPEN
    + """\
client.create_registered_model("credit-risk")
for number in range(int(sys.argv[2])):
    client.create_model_version("credit-risk", "/nowhere", tags={"auc": str(number % 97)})
"""
)
_LIST = _OPEN + "print([(m.name, m.latest_versions[0].version) for m in client.search_registered_models()])\n"
_SEARCH = (
    _OPEN + """print(len(client.search_model_versions("name='credit-risk' and tags.auc='96'", 10000)))\n"""
)
_REGISTER = _OPEN + """client.create_model_version("credit-risk", "/nowhere", tags={"auc": "1"})\n"""
_OURS = """\
import sys
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.register import register
from gitmodel.registry.versions import Facts, RunRef

repo = Repository.open(sys.argv[1])
commit = Oid(repo.git("commit-tree", "-p", "main", "-m", sys.argv[2], repo.git("rev-parse", "main^{tree}")))
facts = Facts("Trained", metrics={"auc": 0.9}, run=RunRef(commit, sys.argv[2].rjust(64, "f")))
assert register(repo, "credit-risk", commit=commit, facts=facts).created
"""


def beside_mlflow(folder: Path, rounds: int) -> list[Pair]:
    """Time list, search and register on one model of 10,000 versions, here and in MLflow's database."""
    repo = folder / "ours.git"
    build(repo, 1, _VERSIONS)
    database = f"sqlite:///{folder / 'mlflow.db'}"
    variables = environment({"MLFLOW_DISABLE_TELEMETRY": "true", "HOME": os.environ["HOME"]})
    program = str(Path(sys.executable).with_name("gitmodel"))

    def python(script: str, *arguments: str) -> None:
        process.run([sys.executable, "-c", script, *arguments], cwd=folder, env=variables)

    def asked(*words: str) -> Act:
        return lambda _number: (process.run([program, *words], cwd=repo, env=variables), None)[1]

    def theirs(script: str) -> Act:
        return lambda _number: python(script, database)

    python(_FILL, database, str(_VERSIONS))
    search = ("list", "--all-versions", "--where", "model=credit-risk", "--where", "metrics.roc_auc>=0.796")
    peer = "MLflow, SQLite"
    return [
        alternate("list", peer, asked("list"), theirs(_LIST), rounds=rounds, bound=1.0),
        alternate("search by a metric", peer, asked(*search), theirs(_SEARCH), rounds=rounds, bound=1.0),
        alternate(
            "register",
            peer,
            lambda number: python(_OURS, str(repo), f"a{number}"),
            theirs(_REGISTER),
            rounds=rounds,
            bound=1.0,
        ),
    ]
