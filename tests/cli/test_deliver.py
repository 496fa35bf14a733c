"""The commands that change what should run."""

import json

import pytest

from gitmodel.delivery.outcomes import Outcome, format_outcome
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import DEPLOYMENTS_REF
from tests.cli.conftest import Run
from tests.conftest import clone, commit_all

ENVIRONMENT = "name: {name}\nport: {port}\n"


@pytest.fixture
def delivered(models: Repository) -> Repository:
    """Return the models with two environments defined, on ports where nothing listens."""
    files = {
        f"environments/{name}.yaml": ENVIRONMENT.format(name=name, port=port)
        for name, port in (("staging", 1), ("production", 2))
    }
    hello = {"models/hello-world/model.yaml": "name: hello-world\n"}
    commit_all(models, {**files, **hello}, "Define environments")
    models.git("tag", "-a", "-m", "It works better", "hello-world@v2")
    models.git("tag", "-f", "-a", "-m", "It works", "hello-world@v1", "HEAD")
    return models


def test_promote_then_roll_back(delivered: Repository, run: Run) -> None:
    done = run("promote", "hello-world:1", "staging")
    assert done.code == 0
    assert done.out.splitlines() == [
        "[gate] hello-world:1: there are no gates",
        "Promote hello-world v1",
        "run `gitmodel deploy staging` to roll it out",
    ]
    assert (
        "Promote hello-world v1 -> v2\n" in run("promote", "hello-world", "staging", "--reason", "nicer").out
    )
    assert run("promote", "hello-world:2", "staging").out.endswith("staging has hello-world:2 already\n")
    back = run("rollback", "hello-world", "staging", "--reason", "ugly")
    assert back.out.startswith("Roll back hello-world v2 -> v1\n")
    desired = read_desired(delivered, "staging")["hello-world"]
    assert desired.version == "1"
    assert desired.hold is not None
    assert (desired.hold.reason, desired.hold.bad_version) == ("ugly", "2")
    assert "nicer" in delivered.git("log", "-1", "--skip=1", "--format=%B", "env/staging")


@pytest.mark.parametrize("to", ["1", "v1", "hello-world:1"])
def test_roll_back_to_a_version(delivered: Repository, run: Run, to: str) -> None:
    run("promote", "hello-world:2", "staging")
    run("rollback", "hello-world", "staging", "--to", to, "--reason", "the audited one")
    assert read_desired(delivered, "staging")["hello-world"].version == "1"


def test_hold_and_lift(delivered: Repository, run: Run) -> None:
    assert run("hold", "credit-risk", "production", "--reason", "audit").out == "Hold credit-risk at v4\n"
    assert (
        run("hold", "credit-risk", "production", "--reason", "x").out
        == "credit-risk is held already in production\n"
    )
    assert run("hold", "credit-risk", "production", "--lift").out == "Lift the hold of credit-risk\n"
    assert run("hold", "credit-risk", "production", "--lift").out == "credit-risk is not held in production\n"


def test_a_push_to_the_remote_is_told_so(
    delivered: Repository, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = clone(delivered, tmp_path_factory.mktemp("clone") / "copy")
    done = run("-C", copy.root or "", "promote", "hello-world:1", "production")
    assert "the server rolls it out" in done.out
    assert read_desired(delivered, "production")["hello-world"].version == "1"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["promote", "hello-world:9", "staging"], "there is no version hello-world@v9"),
        (
            ["promote", "hello-world:1", "stagin"],
            'there is no environment "stagin"\nhint: did you mean "staging"?',
        ),
        (
            ["promote", "hello-world:1", "qa"],
            'there is no environment "qa"\nhint: there are: production, staging',
        ),
        (["promote"], "expected [VERSION] ENV, found nothing"),
        (["promote", "a", "b", "c"], "expected [VERSION] ENV, found a b c"),
        (["promote", "staging"], "which model?\nhint: name one of: credit-risk, hello-world"),
        (
            ["rollback", "hello-world", "staging", "--reason", "x"],
            "no version of hello-world was promoted to staging",
        ),
        (
            ["rollback", "credit-risk", "staging", "--reason", "x"],
            "no good version of credit-risk ran there before v4",
        ),
        (
            ["rollback", "credit-risk", "staging", "--to", "4", "--reason", "x"],
            "credit-risk:4 is what runs now",
        ),
        (["hold", "credit-risk", "staging"], "a hold needs a reason"),
        (["deploy", "qa"], 'there is no environment "qa"'),
        (
            ["deploy", "staging", "--check", "--down"],
            "--check, --down, --continue and --abort are not for one command",
        ),
        (
            ["deploy", "staging", "--continue", "--abort"],
            "--check, --down, --continue and --abort are not for one command",
        ),
        (["status", "qa"], 'there is no environment "qa"'),
    ],
)
def test_what_makes_no_sense_is_told_and_changes_nothing(
    delivered: Repository, run: Run, argv: list[str], message: str
) -> None:
    before = delivered.git("for-each-ref")
    done = run(*argv)
    assert done.code == 2
    assert done.err.startswith(f"error: {message}")
    assert delivered.git("for-each-ref") == before


def test_a_gate_refuses(delivered: Repository, run: Run) -> None:
    gate = "name: hello-world\nmetrics: [m.json]\ngates: [{metric: auc, min: 0.9}]\n"
    commit_all(delivered, {"models/hello-world/model.yaml": gate})
    delivered.git("tag", "-a", "-m", 'Worse\n\nMetrics: {"auc":0.5}', "hello-world@v3")
    done = run("promote", "hello-world:3", "staging")
    assert done.code == 1
    assert done.out.startswith("[gate] hello-world:3: failed: auc 0.5 ")
    assert done.err.startswith("error: hello-world:3 is not promoted: failed: auc 0.5 ")
    assert "hello-world" not in read_desired(delivered, "staging")


STATUS = """\
ENVIRONMENT  MODEL        SHOULD RUN  RUNS  STATE  URL
production   credit-risk  v4          -     down   http://127.0.0.1:2/credit-risk
staging      credit-risk  v4          -     down   http://127.0.0.1:1/credit-risk
    held since MOMENT by ada@example.org: audit
"""


def test_status(delivered: Repository, run: Run) -> None:
    run("hold", "credit-risk", "staging", "--reason", "audit")
    hold = read_desired(delivered, "staging")["credit-risk"].hold
    assert hold is not None
    assert run("status").out == STATUS.replace("MOMENT", hold.at)
    found = json.loads(run("status", "staging", "--json").out)
    assert found == [
        {
            "environment": "staging", "model": "credit-risk", "desired": "4", "live": None, "model_id": None,
            "in_sync": False, "url": "http://127.0.0.1:1/credit-risk",
            "hold": {"by": "ada@example.org", "at": hold.at, "reason": "audit", "bad_version": None},
            "hosts": [],
            "last_deployment": None,
        }
    ]  # fmt: skip


def test_status_where_nothing_was_promoted(
    repo: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    done = run("status")
    assert (done.code, done.out, done.err) == (0, "", "nothing was promoted yet\n")


def test_withdraw(delivered: Repository, run: Run) -> None:
    last = run("withdraw", "credit-risk", "production", "--reason", "replaced")
    assert (last.code, "say --empty" in last.err) == (1, True)
    run("promote", "hello-world:1", "production")
    done = run("withdraw", "credit-risk", "production", "--reason", "replaced", "--forget")
    assert done.out.startswith("Withdraw credit-risk v4\n")
    desired = read_desired(delivered, "production")["credit-risk"]
    assert (desired.version, desired.hold and desired.hold.reason) == (None, "replaced")
    body = delivered.git("log", "-1", "--format=%(trailers:key=Forgets,valueonly)", "env/production")
    assert body.strip() == "credit-risk"
    again = run("withdraw", "credit-risk", "production", "--reason", "replaced")
    assert (again.code, "should not run in production anyway" in again.err) == (2, True)


def test_status_checks(delivered: Repository, run: Run) -> None:
    run("promote", "hello-world:1", "staging")
    assert run("status", "staging").code == 0
    done = run("status", "staging", "--check")
    assert (done.code, "  down  " in done.out) == (1, True)


def test_deployments_are_read_back(delivered: Repository, run: Run) -> None:
    run("promote", "hello-world:1", "staging")
    tip = Oid(delivered.git("rev-parse", "env/staging"))
    made = (
        Outcome("staging", "hello-world", "1", "deployed", "2026-11-20T10:00:00Z", "ada", 2.5, "u"),
        Outcome("staging", "hello-world", "2", "failed", "2026-11-21T10:00:00Z", "ci", 9, "u", "no", "1"),
    )
    append_notes(delivered, DEPLOYMENTS_REF, {tip: map(format_outcome, made)})
    out = run("log", "--deployments", "staging").out.splitlines()
    assert out[1].split()[:6] == ["2026-11-21", "10:00:00", "hello-world", "v2", "v1", "failed"]
    assert out[2] == "    no"
    found = json.loads(run("log", "--deployments", "staging", "-n", "1", "--json").out)
    assert [(each["outcome"], each["from"], each["commit"]) for each in found] == [("failed", "1", tip)]
    ran = json.loads(run("log", "--deployments", "staging", "--at", "2026-11-20", "--json").out)
    assert ran == [
        {
            "model": "hello-world",
            "version": "1",
            "since": "2026-11-20T10:00:00Z",
            "by": "ada",
            "until": None,
        }
    ]
    assert "2026-11-20 10:00:00  now" in run("log", "--deployments", "staging", "--at", "2026-11-20").out
    early = run("log", "--deployments", "staging", "--at", "2026-11-20T09:59")
    assert (early.code, early.out) == (0, "")
    assert run("log", "--deployments", "staging", "--at", "yesterday").code == 2
    assert run("log", "--at", "2026-11-20").code == 2


def test_nothing_is_underway(delivered: Repository, run: Run) -> None:
    run("promote", "hello-world:1", "staging")
    done = run("deploy", "staging", "--abort")
    assert (done.code, done.out) == (0, "staging: no canary or shadow is underway any more\n")
