"""The commands that read: what they print is compared literally."""

import json

import pytest

from gitmodel import process
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from tests.cli.conftest import Run, tag
from tests.conftest import commit_all

ID_3, ID_4, ID_HELLO = "11c3baa8", "ff5cb8ba", "d6e5c4d3"

LIST = """\
credit-risk  v4
hello-world  v1
spam-filter  -
"""

LOG = f"""\
Model-ID: {ID_4}
Model-Name: credit-risk
Model-Version: 4
Date: 2026-11-27 15:46:31 +0000

    Updated model with August data

    More loans.

Model-ID: {ID_3}
Model-Name: credit-risk
Model-Version: 3
Date: 2026-10-01 08:00:00 +0200

    First\\x1b[2J try
"""

SHOW = f"""\
Model-ID: {ID_4}
Model-Name: credit-risk
Model-Version: 4
Date: 2026-11-27 15:46:31 +0000
Content-Encoding: skops
Algo: DecisionTreeClassifier
Accuracy: 0.85
Roc-Auc: 0.912346
Parameters: max_depth=4;train.criterion=gini;train.weights=null
Data: data/loans.csv md5:1f3c… 9857 rows
Commit: COMMIT
Environments: production, staging

    Updated model with August data

    More loans.
"""


def test_list(models: Repository, run: Run) -> None:
    assert run("list").out == LIST
    found = json.loads(run("list", "--json").out)
    assert [(row["model"], row["version"]) for row in found] == [
        ("credit-risk", "4"),
        ("hello-world", "1"),
        ("spam-filter", None),
    ]
    assert found[0]["environments"] == {"production": "4", "staging": "4"}
    assert found[0]["metrics"]["accuracy"] == 0.85


def test_list_sorted_and_filtered(models: Repository, run: Run) -> None:
    lines = run("list", "--all-versions", "--where", "model=credit-risk", "--sort", "metrics.accuracy").out
    assert [line.split()[:2] for line in lines.splitlines()] == [
        ["MODEL", "VERSION"],
        ["credit-risk", "v4"],
        ["credit-risk", "v3"],
    ]
    none = run("list", "--where", "metrics.accuracy>1")
    assert (none.code, none.out, none.err) == (0, "", "no version meets that\n")


def test_list_finds_models_where_the_repository_says_they_are(models: Repository, run: Run) -> None:
    commit_all(
        models, {"gitmodel.yaml": "models: ['ml/**/model.yaml']\n", "ml/a/b/model.yaml": "name: deep\n"}
    )
    assert run("list").out == "credit-risk  v4\ndeep         -\nhello-world  v1\n"


def test_list_passes_over_broken_model_files(models: Repository, run: Run) -> None:
    commit_all(
        models, {"models/odd/model.yaml": "name: 'Odd!'\nname: [\n", "models/q/model.yaml": 'name: "q" # x\n'}
    )
    assert run("list").out == LIST.replace("spam", "q            -\nspam")


def test_list_in_a_repository_without_anything(bare: Repository, run: Run) -> None:
    done = run("-C", bare.git_dir, "list")
    assert (done.code, done.out) == (0, "")
    assert "no model here yet" in done.err


def test_log(models: Repository, run: Run) -> None:
    assert run("log", "credit-risk").out == LOG


def test_log_of_all_models_is_newest_first(models: Repository, run: Run) -> None:
    names = [line for line in run("log").out.splitlines() if line.startswith("Model-ID")]
    assert names == [f"Model-ID: {name}" for name in (ID_4, ID_HELLO, ID_3)]


def test_log_with_all_keys(models: Repository, run: Run) -> None:
    out = run("log", "credit-risk", "-a", "-n", "1").out
    assert out == _show(models).replace("Environments: production, staging\n", "")


def test_log_as_json(models: Repository, run: Run) -> None:
    found = json.loads(run("log", "credit-risk", "--json").out)
    assert [version["version"] for version in found] == ["4", "3"]
    assert found[0]["metrics"] == {"accuracy": 0.85, "roc_auc": 0.9123456789}
    assert found[1]["subject"] == "First\x1b[2J try"


def test_log_of_a_model_without_versions(models: Repository, run: Run) -> None:
    done = run("log", "spam-filter")
    assert done.code == 2
    assert done.err == (
        "error: there is no version of spam-filter\nhint: models with versions: credit-risk, hello-world\n"
    )


def test_log_names_what_cannot_be_read(models: Repository, run: Run) -> None:
    tag(models, "credit-risk@v5", "Bad\n\nMetrics: {\x1b\n", "2026-11-28T00:00:00+0000")
    done = run("log", "-a", "credit-risk")
    assert done.code == 0
    assert "Model-Version: 5" not in done.out
    assert done.err == "warning: credit-risk@v5 is left out: the trailer Metrics is not valid: '{\\x1b'\n"


def _show(models: Repository) -> str:
    return SHOW.replace("COMMIT", models.git("rev-parse", "HEAD")[:7])


@pytest.mark.parametrize(
    "ref", ["credit-risk:4", "credit-risk", "credit-risk:production", "credit-risk@v4", ID_4]
)
def test_show(models: Repository, run: Run, ref: str) -> None:
    assert run("show", ref).out == _show(models)


def test_show_as_json_has_all_keys(models: Repository, run: Run) -> None:
    found = json.loads(run("show", "credit-risk:4", "--json").out)
    bare = json.loads(run("show", "hello-world", "--json").out)
    assert list(found) == [
        "id", "object", "model", "version", "tag", "commit", "date", "tagger", "subject", "body", "encoding",
        "algo", "metrics", "parameters", "artifact", "data", "run", "environments", "records",
    ]  # fmt: skip
    assert list(bare) == list(found)
    assert found["environments"] == ["production", "staging"]
    assert found["artifact"]["size"] == 3145
    assert bare["artifact"] is None


def test_show_what_was_measured_since(models: Repository, run: Run) -> None:
    commit = Oid(models.git("rev-parse", "HEAD"))
    feedback = Dataset("feedback", rows=500)
    records = [
        Record("credit-risk", "training", {"auc": 0.9}, "2026-11-27T15:46:31Z", "ada"),
        Record("credit-risk", "live", {"roc_auc": 0.7}, "2026-12-01T00:00:00Z", "cron", "4", feedback),
        Record(
            "credit-risk", "live", {"roc_auc": 0.6, "n": 3}, "2026-12-02T00:00:00Z", "cron", "4", feedback
        ),
        Record("credit-risk", "evaluation", {"roc_auc": 0.8}, "2026-11-30T00:00:00Z", "gate", "4"),
        Record("credit-risk", "live", {"roc_auc": 0.1}, "2026-12-03T00:00:00Z", "cron", "3", feedback),
        Record("hello-world", "live", {"roc_auc": 0.1}, "2026-12-03T00:00:00Z", "cron", "4", feedback),
    ]
    append_notes(models, METRICS_REF, {commit: [*map(format_record, records), "broken"]})
    measured = (
        "Evaluation: roc_auc=0.8, 2026-11-30T00:00:00Z\n"
        "Live: n=3;roc_auc=0.6 on feedback, 500 rows, 2026-12-02T00:00:00Z\n"
    )
    assert run("show", "credit-risk:4").out == _show(models).replace("staging\n", f"staging\n{measured}")
    assert len(json.loads(run("show", "credit-risk:4", "--json").out)["records"]) == 4


def test_show_without_a_version(models: Repository, run: Run) -> None:
    assert "which model?" in run("show").err
    models.git("tag", "-d", "hello-world@v1")
    assert run("show").out == _show(models)


def test_a_broken_environment_does_not_stop_show(models: Repository, run: Run) -> None:
    from tests.registry.test_desired import promote

    promote(models, "odd", {"credit-risk.yaml": b"- a"})
    assert run("show", "credit-risk:4").out == _show(models)


def test_in_a_real_process(models: Repository) -> None:
    for argv, expected in ((["list"], LIST), (["log", "credit-risk"], LOG), (["show", ID_4], _show(models))):
        assert process.run(["gitmodel", *argv], cwd=models.root).text == expected
    assert process.run(["python", "-m", "gitmodel", "list"], cwd=models.root).text == LIST
