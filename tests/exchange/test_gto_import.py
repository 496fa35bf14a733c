"""A GTO registry comes in: here, from elsewhere, twice, half, beside what people do."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program
from gitmodel.delivery.history import history
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.exchange import gto_import
from gitmodel.exchange.changes import Change, Written, write_changes
from gitmodel.exchange.gto_import import Imported, import_gto
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from tests.conftest import clone, commit_all, make_repository
from tests.exchange.conftest import START, Gto, refs


def bring(repo: Repository, source: str | None = None, *wanted: str) -> Imported:
    return import_gto(repo, source, wanted, say=lambda _: None)


def log(repo: Repository, env: str) -> list[str]:
    """Return the branch of an environment, oldest first: author, date, subject."""
    out = repo.git("log", "--reverse", "--format=%an %at %s", f"env/{env}")
    return out.splitlines()


def test_stages_become_environments_with_their_history(churn: Gto) -> None:
    done = bring(churn.repo)
    assert done.tags == ()
    assert log(churn.repo, "prod") == [
        f"Ada {START + 120} Promote churn v1.0.0",
        f"Grace {START + 300} Promote churn v1.0.0 -> v1.1.0",
        f"Grace {START + 360} Promote churn v1.1.0 -> v1.0.0",
    ]
    assert log(churn.repo, "staging") == [
        f"Grace {START + 240} Promote churn v1.1.0",
        f"Grace {START + 420} Withdraw churn v1.1.0",
    ]
    desired = read_desired(churn.repo, "prod")["churn"]
    assert desired.tag == "churn@v1.0.0"
    assert desired.object == churn.repo.git("rev-parse", "churn@v1.0.0")
    assert desired.promoted is not None
    assert (desired.promoted.by, desired.promoted.at) == ("grace@example.org", "2023-11-14T22:19:20Z")
    assert desired.promoted.reason == "too many false alarms"
    assert read_desired(churn.repo, "staging") == {}
    assert [change.action for change in history(churn.repo, "prod")] == ["promote"] * 3


def test_metrics_become_notes_of_the_versions(churn: Gto) -> None:
    bring(churn.repo)
    notes = read_notes(churn.repo, METRICS_REF)
    assert notes == {
        version.commit: [
            format_record(Record("churn", "training", {"auc": auc}, at, "grace@example.org", version.version))
        ]
        for version, auc, at in zip(
            Registry(churn.repo).versions(),
            (0.8, 0.7),
            ("2023-11-14T22:16:20Z", "2023-11-14T22:14:20Z"),
            strict=True,
        )
    }


def test_a_second_run_does_nothing_and_the_first_changes_nothing(churn: Gto) -> None:
    before = refs(churn.repo)
    bring(churn.repo)
    after = refs(churn.repo)
    assert {ref: after[ref] for ref in before} == before
    assert after.keys() - before.keys() == {
        "refs/heads/env/prod", "refs/heads/env/staging", "refs/notes/metrics"
    }  # fmt: skip
    assert bring(churn.repo) == Imported((), (), (), ())
    assert refs(churn.repo) == after


def test_what_happens_later_is_added(churn: Gto) -> None:
    bring(churn.repo)
    churn.tag("churn#prod#", "churn@v1.1.0")
    assert bring(churn.repo).changes == ("prod: Promote churn v1.0.0 -> v1.1.0",)
    assert len(log(churn.repo, "prod")) == 4


def test_where_people_go_on_here_they_are_left_alone(churn: Gto) -> None:
    bring(churn.repo)
    version = Registry(churn.repo).version("churn:1.1.0")
    promote(churn.repo, version, "prod", by="ada@example.org")
    churn.tag("churn#prod#", "churn@v1.1.0")
    before = refs(churn.repo)
    assert bring(churn.repo).skipped == ("churn in prod is left alone: its history goes on here",)
    assert refs(churn.repo) == before


def test_the_history_can_be_gone_back_in(churn: Gto) -> None:
    bring(churn.repo)
    done = rollback(churn.repo, "churn", "prod", reason="worse", by="ada@example.org")
    assert done.subject == "Roll back churn v1.0.0 -> v1.1.0"


def test_an_import_that_was_killed_is_finished_by_the_next(
    churn: Gto, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = clone(churn.repo, churn.repo.workdir.with_name("whole"))
    whole.git("remote", "remove", "origin")
    bring(whole)

    def killed(repo: Repository, env: str, changes: Sequence[Change]) -> Written:
        if env == "staging":
            raise KeyboardInterrupt
        return write_changes(repo, env, changes)

    with monkeypatch.context() as patch:
        patch.setattr(gto_import, "write_changes", killed)
        with pytest.raises(KeyboardInterrupt):
            bring(churn.repo)
    assert "refs/heads/env/staging" not in refs(churn.repo)
    bring(churn.repo)
    assert log(churn.repo, "staging") == log(whole, "staging")
    assert log(churn.repo, "prod") == log(whole, "prod")
    assert read_notes(churn.repo, METRICS_REF) == read_notes(whole, METRICS_REF)


@pytest.fixture
def upper(gto: Gto) -> Gto:
    """Return a registry of models that have no name here."""
    gto.commit(0.7)
    gto.tag("Churn@v1.0.0", message="First\n\nModel-Name: Churn")
    gto.tag("models/a=b@v0.1.0")
    gto.tag("Churn#Prod_EU#")
    gto.tag("churn@v9", message="counted in another way")
    return gto


def test_names_that_are_none_here_are_told(upper: Gto) -> None:
    assert bring(upper.repo).skipped == (
        "'Churn' is no name that a model can get: take it with --model 'Churn=churn'",
        "'models/a:b' is no name that a model can get: take it with --model 'models/a:b=models-a-b'",
    )


def test_under_another_name_a_version_keeps_date_tagger_and_message(upper: Gto) -> None:
    done = bring(upper.repo, None, "Churn=churn")
    assert done.tags == ("churn@v1.0.0",)
    version = Registry(upper.repo).version("churn:1.0.0")
    assert (version.date, version.tagger) == ("2023-11-14 22:14:20 +0000", "Grace <grace@example.org>")
    assert version.facts.subject == "First"
    assert version.commit == upper.repo.git("rev-parse", "Churn@v1.0.0^{commit}")
    assert log(upper.repo, "prod-eu") == [f"Grace {START + 180} Promote churn v1.0.0"]
    upper.repo.git("tag", "-d", "churn@v1.0.0")
    bring(upper.repo, None, "Churn=churn")
    assert Registry(upper.repo).version("churn:1.0.0").object == version.object


def test_metrics_of_a_model_in_a_folder_are_those_of_its_own_pipeline(gto: Gto) -> None:
    gto.commit(0.7)
    stages = "stages:\n  train:\n    cmd: x\n    wdir: out\n    metrics: [{scores.yaml: {cache: false}}]\n"
    commit_all(gto.repo, {"models/seg/dvc.yaml": stages, "models/seg/out/scores.yaml": "f1: 0.5\n"})
    gto.tag("models/seg=seg@v0.1.0")
    bring(gto.repo, None, "models/seg:seg=seg")
    ((line,),) = read_notes(gto.repo, METRICS_REF).values()
    assert '"metrics":{"f1":0.5},"model":"seg"' in line


def test_metrics_that_dvc_keeps_are_read_from_its_cache(gto: Gto) -> None:
    gto.commit(0.7)
    text = b'{"auc": 0.6}'
    md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
    place = gto.repo.workdir / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True)
    place.write_bytes(text)
    gto.repo.git("rm", "-q", "--cached", "metrics.json")
    lock = f"schema: '2.0'\nstages:\n  t:\n    outs:\n    - {{path: metrics.json, md5: {md5}, hash: md5}}\n"
    commit_all(gto.repo, {".gitignore": "/metrics.json\n/.dvc/cache\n", "dvc.lock": lock})
    gto.tag("churn@v1.0.0")
    assert bring(gto.repo).skipped == ()
    ((line,),) = read_notes(gto.repo, METRICS_REF).values()
    assert '"metrics":{"auc":0.6}' in line


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"auc": NaN}', "auc is nan, not a finite number"),
        ('{"auc": "high"}', "auc is 'high', not a number"),
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        (None, "neither git nor DVC tracks it there"),
    ],
)
def test_metrics_that_are_none_are_told_and_the_rest_comes_in(gto: Gto, text: str | None, why: str) -> None:
    gto.commit(0.7, metrics__json="")
    assert gto.repo.root is not None
    if text is None:
        gto.repo.git("rm", "-q", "metrics.json")
        commit_all(gto.repo, {"other": ""})
    else:
        commit_all(gto.repo, {"metrics.json": text})
    gto.tag("churn@v1.0.0")
    gto.tag("churn#prod#")
    (reason,) = bring(gto.repo).skipped
    assert why in reason
    assert log(gto.repo, "prod")
    assert read_notes(gto.repo, METRICS_REF) == {}


def test_a_version_that_gto_took_back_stays_a_version(gto: Gto) -> None:
    gto.commit(0.7)
    gto.tag("churn@v1.0.0")
    gto.tag("churn#prod#")
    gto.tag("churn@v1.0.0!")
    done = bring(gto.repo)
    assert done.skipped == ("churn: 1.0.0 taken back in GTO; here they stay, in no environment",)
    assert log(gto.repo, "prod")[-1] == f"Grace {START + 180} Withdraw churn v1.0.0"
    assert read_desired(gto.repo, "prod") == {}
    assert [version.version for version in Registry(gto.repo).versions()] == ["1.0.0"]


def test_stages_that_become_one_environment_are_told(gto: Gto) -> None:
    gto.commit(0.7)
    gto.tag("churn@v1.0.0")
    gto.tag("churn#Prod#")
    gto.tag("churn#prod#")
    assert bring(gto.repo).skipped == ("the stages Prod and prod of churn become one environment, prod",)


def test_a_stage_that_no_environment_can_be_named_after_is_told(gto: Gto) -> None:
    gto.commit(0.7)
    gto.tag("churn@v1.0.0")
    gto.tag("churn#eu/prod#")
    (reason,) = bring(gto.repo).skipped
    assert "'eu/prod' is no name of an environment" in reason


def test_another_repository_comes_in_with_its_tags_as_they_are(churn: Gto, tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here")
    done = bring(here, str(churn.repo.root))
    assert done.tags == ("churn@v1.0.0", "churn@v1.1.0")
    for tag in done.tags:
        assert here.git("rev-parse", tag) == churn.repo.git("rev-parse", tag)
    bring(churn.repo)
    assert log(here, "prod") == log(churn.repo, "prod")
    assert not [ref for ref in refs(here) if ref.startswith("refs/gitmodel/")]
    assert bring(here, str(churn.repo.root)) == Imported((), (), (), ())


def test_all_of_it_arrives_at_the_remote(churn: Gto, bare: Repository, tmp_path: Path) -> None:
    here = clone(bare, tmp_path / "here")
    commit_all(here, {"README": "x"})
    here.git("push", "-q", "origin", "HEAD:main")
    bring(here, str(churn.repo.root))
    there = refs(bare)
    assert {"refs/tags/churn@v1.0.0", "refs/heads/env/prod", "refs/notes/metrics"} <= there.keys()
    other = clone(bare, tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    assert bring(other, str(churn.repo.root)) == Imported((), (), (), ())
    assert refs(bare) == there


def test_a_number_that_is_taken_by_another_version_is_left(churn: Gto, tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here")
    here.git("tag", "-a", "-m", "ours", "churn@v1.0.0")
    before = here.git("rev-parse", "churn@v1.0.0")
    done = bring(here, str(churn.repo.root))
    assert done.tags == ("churn@v1.1.0",)
    assert done.skipped == (
        "churn@v1.0.0: churn@v1.0.0 is another commit's version here",
        "churn#prod#1: there is no version 1.0.0 of churn here",
        "churn#prod!#4: there is no version 1.0.0 of churn here",
    )
    assert log(here, "prod") == [f"Grace {START + 300} Promote churn v1.1.0"]
    assert list(read_notes(here, METRICS_REF)) == [here.git("rev-parse", "churn@v1.1.0^{commit}")]
    assert here.git("rev-parse", "churn@v1.0.0") == before


@pytest.mark.parametrize(
    "source", ["--upload-pack=touch x", "ext::sh -c touch% x", "nowhere", "https://127.0.0.1:1/x"]
)
def test_a_source_is_never_a_command(repo: Repository, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    with pytest.raises(ToolFailed, match="could not read"):
        bring(repo, source)
    assert not (repo.root / "x").exists()


def test_where_there_is_nothing_it_says_so(repo: Repository) -> None:
    with pytest.raises(UsageError, match="no tags of GTO"):
        bring(repo)


def test_the_command_tells_what_it_does(churn: Gto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(churn.repo.workdir)
    ran = CliRunner().invoke(program, ["import", "gto"], catch_exceptions=False)
    assert ran.exit_code == 0
    assert ran.output.splitlines() == [
        "[import] prod: Promote churn v1.0.0",
        "[import] prod: Promote churn v1.0.0 -> v1.1.0",
        "[import] prod: Promote churn v1.1.0 -> v1.0.0",
        "[import] staging: Promote churn v1.1.0",
        "[import] staging: Withdraw churn v1.1.0",
        "0 tags, 2 notes, 5 changes of environments are new",
    ]
    ran = CliRunner().invoke(program, ["import", "gto", "--model", "chrun"])
    assert ran.exit_code == 2
    assert "there is no model 'chrun' there\nhint: models there: 'churn'" in ran.output
