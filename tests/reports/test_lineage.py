"""The lineage of a version, read from repositories as people and gitmodel leave them."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel import process
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from gitmodel.registry.desired import Desired, Hold, Promoted, format_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, Version, format_version
from gitmodel.reports.lineage import (
    File,
    Incident,
    Lineage,
    Stage,
    Training,
    lineage_document,
    lineage_mermaid,
    lineage_text,
    mermaid_label,
)
from gitmodel.reports.openlineage import declared_fields, event_lines, events, namespace_of
from gitmodel.reports.stages import Pipelines, without_credentials
from gitmodel.reports.tracing import read_lineage
from tests.conftest import clone, commit_all, make_repository
from tests.registry.test_desired import promote

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - {path: ../raw/loans.csv, md5: aa000000000000000000000000000001, size: 900}
    - {path: prepare.py, md5: aa000000000000000000000000000002, size: 10}
    outs:
    - {path: train.csv, md5: aa000000000000000000000000000003, size: 500}
  fit:
    cmd:
    - python fit.py
    - echo done
    deps:
    - {path: fit.py, md5: aa000000000000000000000000000004, size: 20}
    - {path: train.csv, md5: aa000000000000000000000000000003, size: 500}
    - {path: 's3://bucket/weights.bin', etag: abc}
    outs:
    - {path: model.skops, md5: aa000000000000000000000000000005, size: 3145}
"""
IMPORTED = """\
md5: 00
frozen: true
deps:
- {path: loans.csv, repo: {url: 'https://ada:secret@example.org/data.git', rev_lock: 1f2e3d4c}}
outs:
- {path: loans.csv, md5: aa000000000000000000000000000001, size: 900}
"""
FILES = {
    "gitmodel.yaml": "models: ['*/model.yaml']\n",
    "credit/dvc.yaml": "stages: {prepare: {cmd: python prepare.py}, fit: {cmd: python fit.py}}\n",
    "credit/dvc.lock": LOCK,
    "credit/prepare.py": "1\n",
    "credit/fit.py": "2\n",
    "credit/model.yaml": (
        "name: credit\nartifact: {path: model.skops, encoding: skops}\nmetrics: [metrics.json]\n"
        "data: {train: train.csv, target: good}\nsignature: {input: input.json}\n"
    ),
    "credit/input.json": json.dumps(
        {"type": "object", "properties": {"age": {"type": "integer"}, "income": {"type": ["number", "null"]}}}
    ),
    "raw/loans.csv.dvc": IMPORTED,
}
AT = "2026-11-27T15:46:31Z"


def facts(source: str) -> Facts:
    return Facts(
        "August data",
        "More loans.",
        "skops",
        metrics={"auc": 0.9},
        parameters={"depth": 4},
        artifact=ArtifactRef("credit/model.skops", "aa" + "0" * 29 + "5", "bb" * 32, 3145),
        data={"credit/train.csv": DataRef("aa" + "0" * 29 + "3", 99, 500)},
        run=RunRef(source, "digest"),
    )


def tag(repo: Repository, number: str, message: str | None = None) -> Version:
    """Tag HEAD as a version whose run was trained from the commit before."""
    text = (
        format_version("credit", number, facts(repo.git("rev-parse", "HEAD^")))
        if message is None
        else message
    )
    date = {"GIT_COMMITTER_DATE": f"2026-11-27T16:0{number}:00+0000"}
    repo.run("tag", "-a", "-F", "-", f"credit@v{number}", stdin=text.encode(), env=date)
    return Registry(repo).version(f"credit:{number}")


def choose(repo: Repository, version: str | None, at: str, **more: Any) -> None:
    """Write what production should run."""
    promoted = Promoted("eve@example.org", at, more.pop("previous", None), *more.pop("gates", ()))
    desired = Desired("credit", version, promoted=promoted, **more)
    promote(repo, "production", {"credit.yaml": format_desired(desired)})


def outcome(repo: Repository, version: str, result: str, at: str, **more: str) -> None:
    """Note what a deployment came to, on the newest commit of production."""
    tip = Oid(repo.git("rev-parse", "env/production"))
    line = {"env": "production", "model": "credit", "version": version, "outcome": result, "at": at, **more}
    text = json.dumps({**line, "by": "hook", "seconds": 1.0, "url": more.get("url", "")})
    append_notes(repo, "refs/notes/deployments", {tip: [text]})


@pytest.fixture(scope="module")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model whose version 2 was promoted, held, failed once, and rolled back."""
    repo = make_repository(tmp_path_factory.mktemp("lineage") / "models")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            patch.setenv(name, "2026-11-27T15:40:00+0000")
        write_history(repo)
    assert repo.root is not None
    return repo.root


def write_history(repo: Repository) -> None:
    commit_all(repo, {"README": "x\n"}, "Use more loans")
    commit_all(repo, FILES, "Train credit")
    tag(repo, "1")
    commit_all(repo, {"README": "y\n"}, "Use loans of August")
    commit_all(repo, {"credit/fit.py": "3\n"}, "Train credit")
    made = tag(repo, "2")
    repo.git("update-ref", "refs/runs/credit/0123", made.commit)
    record = Record("credit", "training", {"auc": 0.9}, AT, "ci", run="0123")
    live = Record("credit", "live", {"auc": 0.8}, "2026-12-02T00:00:00Z", "m", "2", Dataset("live", None, 7))
    other = Record("credit", "live", {"auc": 0.1}, "2026-12-02T00:00:00Z", "m", "1")
    append_notes(repo, METRICS_REF, {made.commit: [format_record(each) for each in (record, live, other)]})
    gate = {"metric": "auc", "verdict": "passed", "reason": "auc 0.9 is at least 0.7"}
    choose(repo, "1", "2026-11-28T08:00:00Z")
    choose(repo, "2", "2026-11-29T08:00:00Z", previous="1", gates=[[gate]], object=str(made.object))
    outcome(repo, "2", "failed", "2026-11-29T08:01:00Z", reason="the port was taken")
    outcome(repo, "2", "deployed", "2026-11-29T08:05:00Z", url="http://127.0.0.1:1/credit")
    outcome(repo, "1", "failed", "2026-11-28T08:05:00Z", reason="of another version")
    promote(repo, "production", {"other.yaml": b"version: '9'\n"})
    hold = Hold("eve@example.org", "2026-11-30T08:00:00Z", "an audit")
    choose(repo, "2", "2026-11-29T08:00:00Z", previous="1", object=str(made.object), hold=hold)
    choose(repo, "2", "2026-11-29T08:00:00Z", previous="1", object=str(made.object))
    bad = Hold("bob@example.org", "2026-12-01T08:00:00Z", "wrong for the young", "2")
    choose(repo, "1", "2026-12-01T08:00:00Z", previous="2", hold=bad)


@pytest.fixture
def version(repo: Repository, prototype: Path) -> Version:
    """Return version 2 of the model, in the repository of the test."""
    assert repo.root is not None
    shutil.rmtree(repo.root)
    shutil.copytree(prototype, repo.root)
    return Registry(repo).version("credit:2")


TEXT = """\
Data
    credit/train.csv  md5:aa00…  99 rows
        <- credit/dvc.yaml:prepare
    raw/loans.csv  md5:aa00…  900 bytes
        <- https://example.org/data.git loans.csv at 1f2e3d4c
    s3://bucket/weights.bin

Run
    commit COMMIT of SOURCE: Use loans of August
    written by Ada <ada@example.org>
    trained 2026-11-27T15:46:31Z by ci
    credit/dvc.yaml:prepare: python prepare.py
        raw/loans.csv, credit/prepare.py -> credit/train.csv
    credit/dvc.yaml:fit: python fit.py && echo done
        credit/fit.py, credit/train.csv, s3://bucket/weights.bin -> credit/model.skops
    parameters depth=4

Version
    credit:2  credit@v2  MODEL-ID  2026-11-27 16:02:00 +0000
    August data
    artifact credit/model.skops  md5:aa00…  3145 bytes
    training auc=0.9, 2026-11-27T15:46:31Z
    live auc=0.8 on live, 2026-12-02T00:00:00Z

Deployments
    production: promoted from v1 2026-11-29T08:00:00Z by eve@example.org, until 2026-12-01T08:00:00Z
        passed: auc 0.9 is at least 0.7
    production: deployed 2026-11-29T08:05:00Z by hook, http://127.0.0.1:1/credit

Incidents
    production: failed deployment 2026-11-29T08:01:00Z by hook: the port was taken
    production: hold 2026-11-30T08:00:00Z by eve@example.org, until 2026-11-27T15:40:00+00:00: an audit
    production: rollback 2026-12-01T08:00:00Z by bob@example.org: to v1: wrong for the young"""


def test_from_the_data_to_the_incidents(repo: Repository, version: Version) -> None:
    text = "\n".join(lineage_text(read_lineage(repo, version)))
    names = {
        version.commit[:7]: "COMMIT",
        repo.git("rev-parse", "--short=7", "HEAD^"): "SOURCE",
        version.model_id: "MODEL-ID",
    }
    for found, name in names.items():
        text = text.replace(found, name)
    # The hold was lifted by a commit, whose own date is all that is known; it is the clock's.
    assert re.sub(r"until 20\S+: an audit", "until 2026-11-27T15:40:00+00:00: an audit", text) == TEXT


def test_the_version_that_was_returned_to(repo: Repository, version: Version) -> None:
    lineage = read_lineage(repo, Registry(repo).version("credit:1"))
    assert [(stay.action, stay.previous, stay.until) for stay in lineage.stays] == [
        ("promote", None, "2026-11-29T08:00:00Z"),
        ("rollback", "2", None),
    ]
    assert [incident.reason for incident in lineage.incidents] == ["of another version"]


def test_json_holds_all_of_it(repo: Repository, version: Version) -> None:
    document = json.loads(json.dumps(lineage_document(read_lineage(repo, version))))
    assert document["version"]["tag"] == "credit@v2"
    assert document["training"]["refs"] == ["refs/runs/credit/0123"]
    kinds = {file["path"]: file["kind"] for file in document["files"]}
    assert kinds == {
        "credit/fit.py": "git",
        "credit/model.skops": "artifact",
        "credit/prepare.py": "git",
        "credit/train.csv": "data",
        "raw/loans.csv": "tracked",
        "s3://bucket/weights.bin": "external",
    }
    assert [incident["kind"] for incident in document["incidents"]] == [
        "failed deployment",
        "hold",
        "rollback",
    ]
    assert document["unknown"] == []


def test_a_handful_of_processes_however_long_the_history(
    repo: Repository, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    run = process.run

    def count(args: Sequence[str], **options: Any) -> process.Completed:
        calls.append(args)
        return run(args, **options)

    monkeypatch.setattr(process, "run", count)
    read_lineage(repo, version)
    short = len(calls)
    monkeypatch.setattr(process, "run", run)
    for number in range(20):
        choose(repo, str(number % 3), f"2027-01-01T00:00:{number:02}Z")
        outcome(repo, str(number % 3), "deployed", f"2027-01-01T00:00:{number:02}Z")
    monkeypatch.setattr(process, "run", count)
    calls.clear()
    assert len(read_lineage(repo, version).stays) > 5
    assert len(calls) == short <= 6


def test_a_tag_by_hand_says_what_is_not_known(repo: Repository) -> None:
    commit_all(repo, {"a.txt": "a\n"}, "Something")
    made = tag(repo, "1", "By hand\n")
    lineage = read_lineage(repo, made)
    told = "\n".join(lineage.unknown)
    for words in ("names no run", "names the data", "names the artifact", "no environment has a branch"):
        assert words in told
    assert lineage.training.subject == "Something"
    assert "Not known" in lineage_text(lineage)
    assert next(events(lineage, "file:///models"))["inputs"] == []


def test_a_tag_by_hand_is_completed_from_its_commit(repo: Repository) -> None:
    commit_all(repo, FILES, "Train credit")
    lineage = read_lineage(repo, tag(repo, "1", "By hand\n"))
    assert [stage.name for stage in lineage.stages] == ["credit/dvc.yaml:prepare", "credit/dvc.yaml:fit"]
    assert {file.kind for file in lineage.files} >= {"artifact", "data", "tracked"}
    assert lineage.training.source == repo.git("rev-parse", "HEAD^")  # the subject says that HEAD is a run


def test_a_lightweight_tag(repo: Repository) -> None:
    repo.git("tag", "credit@v1")
    lineage = read_lineage(repo, Registry(repo).version("credit:1"))
    assert lineage.training.commit == repo.git("rev-parse", "HEAD")


def test_a_bare_repository_and_clones(repo: Repository, version: Version, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", "--mirror", str(repo.git_dir), str(tmp_path / "bare.git"))
    expected = lineage_document(read_lineage(repo, version))
    assert lineage_document(read_lineage(Repository.open(tmp_path / "bare.git"), version)) == expected
    copy = clone(repo, tmp_path / "copy")
    copy.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*", "refs/runs/*:refs/runs/*")
    assert lineage_document(read_lineage(copy, version)) == expected


def test_a_shallow_clone_says_so(repo: Repository, version: Version, tmp_path: Path) -> None:
    process.run(["git", "clone", "-q", "--depth=1", f"file://{repo.git_dir}", str(tmp_path / "shallow")])
    shallow = Repository.open(tmp_path / "shallow")
    shallow.git("fetch", "-q", "--depth=1", "origin", "tag", "credit@v2")
    lineage = read_lineage(shallow, Registry(shallow).version("credit:2"))
    assert any("shallow" in told for told in lineage.unknown)
    assert lineage.training.source == version.facts.run.commit if version.facts.run else False
    assert lineage.training.subject is None
    assert [stage.name for stage in lineage.stages] == ["credit/dvc.yaml:prepare", "credit/dvc.yaml:fit"]


@pytest.mark.parametrize(
    "lock",
    ["[", "- 1", "stages: 3", "stages: {fit: 3}", "stages: {fit: {outs: {a: b}, deps: [1, {path: 2}]}}"],
)
def test_broken_files_take_nothing_else_away(repo: Repository, version: Version, lock: str) -> None:
    commit_all(repo, {"credit/dvc.lock": lock, "raw/loans.csv.dvc": "deps: [[]]"}, "Train credit")
    promote(repo, "production", {"credit.yaml": b"version: [\n"})
    append_notes(repo, "refs/notes/deployments", {version.commit: ["[]", "no json"]})
    append_notes(repo, METRICS_REF, {version.commit: ["no json"]})
    lineage = read_lineage(repo, tag(repo, "3"))
    assert lineage.stages == ()
    assert "where credit/model.skops comes from" not in lineage.unknown  # the tag knows its digest
    assert any("credit.yaml is broken" in told for told in lineage.unknown)
    assert len(read_lineage(repo, version).stays) == 1


def test_another_object_under_the_same_tag_is_told(repo: Repository, version: Version) -> None:
    choose(repo, "2", AT, object="d" * 40)
    assert any("another tag object" in told for told in read_lineage(repo, version).unknown)


def test_a_tag_and_a_branch_that_say_anything(repo: Repository, version: Version) -> None:
    trailers = (
        'Artifact: {"path":7,"md5":8,"size":"many"}\n'
        'Data: {"a\\nb":{"md5":[1],"rows":"x","size":{}},"s3://":{}}\n'
        'Parameters: {"a":{"b":[null]}}\nRun: HEAD x\n'
    )
    made = tag(repo, "3", f"Odd\n\n{trailers}")
    text = b"version: '3'\nobject: 7\npromoted: {by: 1, at: 2026-01-01, from: 2, gates: [1, {metric: 3}]}\n"
    promote(repo, "production", {"credit.yaml": text})
    append_notes(
        repo,
        METRICS_REF,
        {made.commit: ['{"model":"credit","kind":"training","metrics":{},"at":"x","by":"y"}']},
    )
    lineage = read_lineage(repo, made)
    assert lineage_text(lineage)
    assert json.dumps(lineage_document(lineage))
    check_chart(lineage_mermaid(lineage))
    for event in events(lineage, namespace_of(repo)):
        check_event(event)
        assert event["eventTime"] in {"2026-11-27T16:03:00Z", AT}


def test_stages_in_other_folders_and_of_a_kind() -> None:
    contents = {
        "m/dvc.yaml": b"stages: {fit: {foreach: [a, b], do: {wdir: ../work}}}",
        "m/dvc.lock": b"stages: {'fit@a': {cmd: x, deps: [{path: in}], outs: [{path: out.a, md5: '1'}]}}",
        "in.dvc": b"outs: [{path: in, md5: '2.dir'}]",
    }
    pipelines = Pipelines({**contents, "work/in.dvc": contents["in.dvc"]})
    stages, known = pipelines.trace(["work/out.a"])
    assert [(stage.name, stage.inputs) for stage in stages] == [("m/dvc.yaml:fit@a", ("work/in",))]
    assert (known["work/in"].kind, known["work/in"].md5) == ("tracked", "2.dir")


def test_a_file_of_a_folder_leads_to_what_made_the_folder() -> None:
    lock = b"stages: {cut: {cmd: cut, deps: [{path: raw}], outs: [{path: parts, md5: '1.dir'}]}}"
    stages, known = Pipelines({"dvc.lock": lock}).trace(["parts/a.csv"])
    assert [stage.name for stage in stages] == ["dvc.yaml:cut"]
    assert (known["parts/a.csv"].kind, known["parts/a.csv"].md5) == ("made", None)


def test_stages_that_feed_each_other_end() -> None:
    lock = b"stages: {a: {deps: [{path: x}], outs: [{path: y}]}, b: {deps: [{path: y}], outs: [{path: x}]}}"
    stages, _ = Pipelines({"dvc.lock": lock}).trace(["x"])
    assert {stage.name for stage in stages} == {"dvc.yaml:a", "dvc.yaml:b"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ada:secret@example.org/a@b", "https://example.org/a@b"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("data/loans.csv", "data/loans.csv"),
    ],
)
def test_no_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


HOSTILE = [
    '"',
    "<b>",
    "`x`",
    "]",
    "a\nb",
    "%%{init: {}}%%",
    "end",
    "#quot;",
    "\x1b[2J",
    "é",
    "--> n0",
    "\udc80",
    "",
]
_NODE = re.compile(r'  n\d+\["[A-Za-z0-9 _.,/:@+=#;-]+"\]')
_ARROW = re.compile(r"  n\d+ --> n\d+")
_TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))


def check_chart(lines: Sequence[str]) -> None:
    """See that nothing but the head, nodes with harmless labels, and arrows is there."""
    assert lines[0] == "flowchart LR"
    assert [line for line in lines[1:] if not (_NODE.fullmatch(line) or _ARROW.fullmatch(line))] == []


@given(st.lists(_TEXT, min_size=8, max_size=8))
def test_mermaid_is_safe_whatever_the_names_are(names: list[str]) -> None:
    oid = Oid("a" * 40)
    version = Version("m", names[0], "t", oid, oid, AT, "", Facts(""))
    check_chart(
        lineage_mermaid(
            Lineage(
                version,
                Training(oid, subject=names[1]),
                (File(names[2], "data", source=names[3]),),
                (Stage(names[4], names[5], (names[2],), (names[6],)),),
                incidents=(Incident(names[7], "rollback", AT, "x", names[0]),),
            )
        )
    )


@given(_TEXT)
def test_a_label_can_be_read_back(text: str) -> None:
    decoded = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), mermaid_label(text))
    assert decoded.isprintable() or not text.isprintable()
    if text and text.isprintable():
        assert decoded == text


def test_the_chart_of_a_version(repo: Repository, version: Version) -> None:
    lines = lineage_mermaid(read_lineage(repo, version))
    check_chart(lines)
    labels = dict(re.findall(r'  (n\d+)\["(.*)"\]', "\n".join(lines)))
    arrows = {
        tuple(labels[end].split(" ")[0] for end in line.split(" --> ")) for line in lines_of_arrows(lines)
    }
    assert {
        ("raw/loans.csv", "credit/dvc.yaml:prepare:"),
        ("credit/dvc.yaml:prepare:", "credit/train.csv"),
        ("credit/train.csv", "credit/dvc.yaml:fit:"),
        ("credit/dvc.yaml:fit:", "credit/model.skops"),
        ("credit/model.skops", "credit:2"),
        ("credit:2", "production"),
        ("production", "rollback"),
        ("https://example.org/data.git", "raw/loans.csv"),
    } <= arrows


def lines_of_arrows(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if " --> " in line]


# The structure that OpenLineage asks of an event, and of the facets that are used, in words of our own.
_BASE = {
    "type": "object",
    "required": ["_producer", "_schemaURL"],
    "properties": {
        "_producer": {"type": "string", "format": "uri"},
        "_schemaURL": {"type": "string", "format": "uri"},
    },
}


def _facet_rule(*required: str, **properties: Any) -> dict[str, Any]:
    known = {**_BASE["properties"], **properties}  # type: ignore[dict-item]
    return {"type": "object", "required": [*_BASE["required"], *required], "properties": known}


_TEXTUAL: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_NAMED: dict[str, Any] = {
    "type": "object",
    "required": ["namespace", "name"],
    "properties": {
        "namespace": {"type": "string", "format": "uri"},
        "name": {"type": "string", "minLength": 1},
    },
}
_UUID = {"type": "string", "format": "uuid"}
_RUN = {"type": "object", "required": ["runId"], "properties": {"runId": _UUID}}


def _facets(**known: Any) -> dict[str, Any]:
    return {"type": "object", "properties": known, "additionalProperties": False}


_STATISTICS = _facet_rule(rowCount=_WHOLE, size=_WHOLE)
_FIELDS = {
    "type": "array",
    "items": {"type": "object", "required": ["name"], "properties": {"type": _TEXTUAL}},
}
_DATASET_FACETS = _facets(
    dataSource=_facet_rule(name=_TEXTUAL, uri={"type": "string", "format": "uri"}),
    version=_facet_rule("datasetVersion", datasetVersion=_TEXTUAL),
    schema=_facet_rule(fields=_FIELDS),
)
_INPUT = {
    "allOf": [
        _NAMED,
        {"properties": {"facets": _DATASET_FACETS, "inputFacets": _facets(inputStatistics=_STATISTICS)}},
    ]
}
_OUTPUT = {
    "allOf": [
        _NAMED,
        {"properties": {"facets": _DATASET_FACETS, "outputFacets": _facets(outputStatistics=_STATISTICS)}},
    ]
}
_JOB = {
    "allOf": [
        _NAMED,
        {
            "properties": {
                "facets": _facets(
                    documentation=_facet_rule("description", description=_TEXTUAL),
                    jobType=_facet_rule("processingType", "integration", processingType={"enum": ["BATCH"]}),
                    sourceCodeLocation=_facet_rule("type", "url", url={"type": "string", "format": "uri"}),
                )
            }
        },
    ]
}
RULES = {
    "type": "object",
    "required": ["eventType", "eventTime", "producer", "schemaURL", "run", "job"],
    "additionalProperties": False,
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
        },
        "producer": {"type": "string", "format": "uri"},
        "schemaURL": {"type": "string", "format": "uri"},
        "run": {
            **_RUN,
            "properties": {
                "runId": _UUID,
                "facets": _facets(parent=_facet_rule("run", "job", run=_RUN, job=_NAMED)),
            },
        },
        "job": _JOB,
        "inputs": {"type": "array", "items": _INPUT},
        "outputs": {"type": "array", "items": _OUTPUT},
    },
}
_CHECKER = jsonschema.FormatChecker(("uuid",))
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


@_CHECKER.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(_URI.fullmatch(value))


def check_event(event: Mapping[str, Any]) -> None:
    jsonschema.Draft202012Validator(RULES, format_checker=_CHECKER).validate(event)


def test_events_are_as_openlineage_asks(repo: Repository, version: Version) -> None:
    lineage = read_lineage(repo, version)
    fields = declared_fields(repo, version)
    found = [json.loads(line) for line in event_lines(lineage, namespace_of(repo), fields)]
    for event in found:
        check_event(event)
    run, prepare, fit = found
    assert run["eventTime"] == AT
    assert [item["name"] for item in run["inputs"]] == [
        "credit/fit.py",
        "credit/prepare.py",
        "raw/loans.csv",
        "weights.bin",
    ]
    assert run["inputs"][-1]["namespace"] == "s3://bucket"
    assert [item["name"] for item in run["outputs"]] == ["credit/model.skops", "credit/train.csv"]
    assert run["job"]["facets"]["documentation"]["description"].endswith("Parameters: depth=4")
    assert run["job"]["facets"]["sourceCodeLocation"]["version"] == repo.git("rev-parse", "HEAD^")
    for stage in (prepare, fit):
        assert (
            stage["run"]["facets"]["parent"]["run"]["runId"] == run["run"]["runId"] != stage["run"]["runId"]
        )
    (made,) = prepare["outputs"]
    assert made["facets"]["version"]["datasetVersion"] == "md5:aa000000000000000000000000000003"
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 99
    assert made["facets"]["schema"]["fields"] == [
        {"name": "age", "type": "integer"},
        {"name": "income", "type": "number|null"},
        {"name": "good"},
    ]
    assert prepare["inputs"][0]["facets"]["dataSource"]["uri"] == "https://example.org/data.git"


def test_events_are_the_same_in_every_copy(repo: Repository, version: Version, tmp_path: Path) -> None:
    copy = clone(repo, tmp_path / "copy")
    copy.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    ids = [
        [event["run"]["runId"] for event in events(read_lineage(each, version), "x:y")]
        for each in (repo, copy)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    other = read_lineage(repo, Registry(repo).version("credit:1"))
    assert next(events(other, "x:y"))["run"]["runId"] not in ids[0]


@given(st.lists(_TEXT, min_size=6, max_size=6))
def test_events_hold_any_name(names: list[str]) -> None:
    oid = Oid("a" * 40)
    version = Version("m", "1", "t", oid, oid, "2026-11-27 15:46:31 +0200", "", Facts(names[0]))
    lineage = Lineage(
        version,
        Training(oid),
        (File(names[1], "tracked", source=names[2]),),
        (Stage(names[3], names[4], (names[1],), (f"s3://{names[5]}",)),),
    )
    for line in event_lines(lineage, "file:///models"):
        assert line.isascii()
        event = json.loads(line)
        check_event(event)
        assert event["eventTime"] == "2026-11-27T13:46:31Z"


@pytest.mark.parametrize(
    ("url", "namespace"),
    [
        ("https://ada:secret@example.org/m.git", "https://example.org/m.git"),
        ("git@example.org:org/m.git", "ssh://example.org/org/m.git"),
        ("ssh://git@example.org/a b.git", "ssh://example.org/a%20b.git"),
        ("/srv/my models.git", "file:///srv/my%20models.git"),
    ],
)
def test_the_namespace_is_the_repository(repo: Repository, url: str, namespace: str) -> None:
    repo.git("remote", "add", "origin", url)
    assert namespace_of(repo) == namespace


def test_without_a_remote_the_namespace_is_the_folder(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "my models")
    assert namespace_of(made) == f"file://{tmp_path}/my%20models"
