"""A small registry in which everything that the site shows has happened, and one whose texts are hostile."""

import json
from collections.abc import Mapping

from gitmodel.delivery.outcomes import Outcome, format_outcome
from gitmodel.git.commits import commit_files
from gitmodel.git.notes import append_notes
from gitmodel.git.refs import update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from gitmodel.monitoring.incidents import INCIDENTS_REF, Kind, Step, format_step
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_branch, env_tip
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, format_version
from tests.cli.conftest import tag
from tests.conftest import commit_all
from tests.registry.test_desired import promote

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`\u2028 javascript:alert(3)"
_NINE = 1_793_437_200  # 2026-10-31, 9 o'clock
_MODEL = """\
name: credit-risk
description: Says how likely it is that a loan goes bad
owners: [ada@example.org, risk]
artifact: {path: model.skops, encoding: skops}
quality:
  - {metric: recall, window: 7d, min: 0.6}
"""
_LOCK = """\
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {path: data/train.parquet, md5: 15af15af15af15af15af15af15af15af, size: 81234}
    - {path: train.py, md5: 25af15af15af15af15af15af15af15af, size: 123}
    outs:
    - {path: model.skops, md5: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, size: 3145}
"""
_YAML = """\
stages:
  train:
    cmd: python train.py
    deps: [data/train.parquet, train.py]
    outs: [model.skops]
"""
_EVIL = "name: evil\ndescription: {0}\nowners: [{0}]\n"


def grow(repo: Repository, url: str = "http://127.0.0.1:8400/credit-risk") -> None:
    """Let credit-risk have three versions, two of them promoted, one bad for a while; spam has none."""
    folder = "models/credit-risk"
    files = {
        f"{folder}/model.yaml": _MODEL,
        f"{folder}/dvc.lock": _LOCK,
        f"{folder}/dvc.yaml": _YAML,
        "models/spam/model.yaml": "name: spam\nowners: [mail]\n",
    }
    commit_all(repo, files, "Add models")
    head = Oid(repo.git("rev-parse", "HEAD"))
    for number, (recall, depth) in enumerate(((0.61, 3), (0.68, 5), (0.71, 8)), 1):
        _version(repo, number, {"recall": recall, "log_loss": 0.5 - number / 20}, {"max_depth": depth}, head)
    for number in (1, 2):
        _promote(repo, number)
        note(repo, number, url)
    measure(repo, head)


def _promote(repo: Repository, number: int) -> None:
    """Promote a version to production, as `gitmodel promote` words it."""
    state = Desired("credit-risk", str(number), f"credit-risk@v{number}")
    before = f"v{number - 1} -> " if number > 1 else ""
    old = env_tip(repo, "production")
    new = commit_files(
        repo,
        parent=old,
        changes={"credit-risk.yaml": format_desired(state)},
        message=f"Promote credit-risk {before}v{number}\n\nIt finds more of the bad loans",
        at=_NINE + number * 86_400,
    )
    update_refs(repo, [RefUpdate(env_branch("production"), new, old)])


def _version(
    repo: Repository, number: int, metrics: Mapping[str, float], parameters: Mapping[str, int], head: Oid
) -> None:
    facts = Facts(
        f"Trained on the loans of day {number}",
        "With the newest labels.",
        "skops",
        "DecisionTreeClassifier",
        dict(metrics),
        {**parameters, "tree": {"criterion": "gini"}},
        ArtifactRef("models/credit-risk/model.skops", "aa" * 16, "bb" * 32, 3145),
        {"models/credit-risk/data/train.parquet": DataRef("15af" * 8, 5000 + number, 81234)},
        RunRef(head, "d" * 64),
    )
    text = format_version("credit-risk", str(number), facts)
    tag(repo, f"credit-risk@v{number}", text, f"2026-11-0{number}T08:00:00+0000")


def note(repo: Repository, number: int, url: str, *, model: str = "credit-risk", reason: str = "") -> None:
    """Note that a version was deployed to production."""
    outcome = Outcome(
        "production", model, str(number), "deployed", f"2026-11-0{number}T10:00:00Z", "ada", 4.5, url, reason
    )
    tip = Oid(repo.git("rev-parse", "env/production"))
    append_notes(repo, DEPLOYMENTS_REF, {tip: [format_outcome(outcome)]})


def measure(repo: Repository, head: Oid) -> None:
    """Note live figures, twelve of them, a measurement by somebody, and two incidents, one of them open."""
    lines = []
    for at in range(12):
        value = 0.66 - 0.01 * at
        figures = {
            "recall": value,
            "recall.low": value - 0.05,
            "recall.high": value + 0.05,
            "predictions": 90.0,
        }
        day = f"2026-11-{3 + at:02d}T12:00:00Z"
        lines.append(Record("credit-risk", "live", figures, day, "cron", "2", Dataset("live/production")))
    lines.append(
        Record(
            "credit-risk",
            "evaluation",
            {"recall": 0.6},
            "2026-11-05T00:00:00Z",
            "eve",
            "2",
            Dataset("holdout"),
        )
    )
    append_notes(repo, METRICS_REF, {head: [format_record(line) for line in lines]})
    tip = Oid(repo.git("rev-parse", "env/production"))
    steps = [
        _step("a" * 16, "opened", "2026-11-09T12:05:00Z"),
        _step("a" * 16, "resolved", "2026-11-11T00:00:00Z"),
        _step("b" * 16, "opened", "2026-11-14T12:05:00Z"),
    ]
    append_notes(repo, INCIDENTS_REF, {tip: [format_step(step) for step in steps]})


def _step(incident: str, kind: Kind, at: str, words: str = "recall >= 0.6 over 7d") -> Step:
    reason = "0.55 (0.5 to 0.6) of 900 rows"
    return Step(
        incident,
        kind,
        "credit-risk",
        "production",
        "2",
        words,
        "failed",
        "critical",
        reason,
        at,
        "cron",
    )


def poison(repo: Repository) -> None:
    """Add a version, and what is noted of it, whose every text tries to become something else."""
    facts = Facts(
        HOSTILE,
        f"{HOSTILE}\n__proto__",
        HOSTILE,
        HOSTILE,
        {HOSTILE: 1.0, "__proto__": 2.0, "constructor": 3.0},
        {HOSTILE: HOSTILE, "__proto__": {"x": 1}},
        ArtifactRef(f"{HOSTILE}.skops", HOSTILE, HOSTILE, 1),
        {HOSTILE: DataRef(HOSTILE, 1, 1), "javascript:alert(4)": DataRef()},
    )
    commit_all(repo, {"models/evil/model.yaml": _EVIL.format(json.dumps(HOSTILE))})
    for number in (1, 2):
        tag(repo, f"evil@v{number}", format_version("evil", str(number), facts), "2026-11-02T08:00:00+0000")
    promote(repo, "production", {"evil.yaml": format_desired(Desired("evil", "1"))})
    note(repo, 1, "javascript:alert(5)", model="evil", reason=HOSTILE)
    head = Oid(repo.git("rev-parse", "HEAD"))
    live = {HOSTILE: 0.5, "__proto__": 0.2}
    records = [
        Record("evil", "live", live, "2026-11-05T00:00:00Z", HOSTILE, "1", Dataset("live/production")),
        Record("evil", "evaluation", live, "2026-11-05T00:00:00Z", HOSTILE, "1", Dataset(HOSTILE)),
    ]
    append_notes(repo, METRICS_REF, {head: [format_record(record) for record in records]})
    step = Step(
        "c" * 16, "opened", "evil", "production", "1", HOSTILE, HOSTILE, "critical", HOSTILE,
        "2026-11-06T00:00:00Z", HOSTILE,
    )  # fmt: skip
    append_notes(repo, INCIDENTS_REF, {head: [format_step(step)]})
