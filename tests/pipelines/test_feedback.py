"""Segments written by hand become rows of a model's data: real git, real DVC, once whatever happens."""

import json
import os
import time
import tracemalloc
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gitmodel import process
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.metrics.pruned import read_pruned
from gitmodel.pipelines.feedback import Appended, append_all
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.labelled import read_labelled
from gitmodel.pipelines.partitions import write_partition
from gitmodel.spec.model import FeedbackSpec
from gitmodel.training.fetching import fetch_folder
from gitmodel.training.keeping import share_file
from tests.conftest import clone, commit_all
from tests.forges.github_api import needs_description
from tests.forges.github_server import github
from tests.pipelines.forge_jobs import played
from tests.system.forge import BIN

FOLDER = "models/risk/data/feedback"
MODEL = "name: risk\ndata: {{target: Class}}\nfeedback: {{append_to: data/feedback{more}}}\n"


def row_id(number: int) -> str:
    return f"{number:016x}-0"


def prediction(number: int, **more: Any) -> str:
    at = f"2026-11-27T15:46:{number % 60:02}.{number % 1000:03}Z"
    line = {"id": row_id(number), "at": at, "model": "risk", "version": "4", "ms": 3.1, "output": "good"}
    return json.dumps({**line, "input": {"amount": number, "city": "Łódź"}, **more}) + "\n"


def label(number: int, value: Any, at: Any = "2026-11-28T00:00:00.000Z", **more: Any) -> str:
    line = {"id": f"f{number}", "prediction": row_id(number), "at": at, "label": value, "origin": "user"}
    return json.dumps({**line, **more}) + "\n"


class Desk:
    """A clone of a shared repository with a DVC remote, and what was collected of one host."""

    def __init__(self, tmp_path: Path, bare: Repository, more: str = "") -> None:
        self.remote = bare
        self.repo = clone(bare, tmp_path / "desk")
        assert self.repo.root is not None
        self.root = self.repo.root
        settings = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {tmp_path / 'dvc'}\n"
        ignored = "/config.local\n/tmp\n/cache\n"
        commit_all(self.repo, {".dvc/config": settings, ".dvc/.gitignore": ignored})
        commit_all(self.repo, {"models/risk/model.yaml": MODEL.format(more=more)})
        self.repo.git("push", "-q", "origin", "HEAD:main")
        self.said: list[str] = []

    def write(self, kind: str, *lines: str, host: str = "one", name: str = "1.jsonl") -> None:
        file = self.repo.state / "live/production" / host / kind / "risk" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.writelines(lines)

    def complete(self, at: str) -> None:
        """Say that all that hosts had at a time is here, as a collection does."""
        file = self.repo.state / "live/production/.complete/_all.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(at)

    def append(self, job: Job | None = None) -> Appended:
        (found,), code = append_all(job or Job(self.repo), "production", "", self.said.append)
        assert code == 0, self.said
        return found

    def rows(self, rev: str = "main") -> list[dict[str, Any]]:
        """Return the rows that the shared repository and the DVC remote have, as another clone sees them."""
        other = clone(self.remote, self.root.parent / f"other-{len(list(self.root.parent.iterdir()))}")
        files = fetch_folder(other, other.git("rev-parse", f"origin/{rev}"), FOLDER)
        return [
            {**row, "_file": name}
            for name, file in sorted(files.items())
            for row in pq.read_table(file).to_pylist()
        ]

    def count(self) -> int:
        return int(self.remote.git("rev-list", "--count", "main"))


@pytest.fixture
def desk(tmp_path: Path, bare: Repository) -> Desk:
    return Desk(tmp_path, bare)


def test_labelled_predictions_become_rows(desk: Desk) -> None:
    desk.write("predictions", prediction(1), prediction(2), prediction(3), prediction(4)[:-9])
    desk.write(
        "feedback", label(2, "bad"), label(1, "good", origin="teller"), label(9, "good"), label(4, "bad")
    )
    assert desk.append().rows == 2
    first, second = desk.rows()
    assert first.pop("_file").startswith("20261127T154601001Z-")
    assert first == {
        "Class": "good",
        "amount": 1,
        "city": "Łódź",
        "_prediction": row_id(1),
        "_version": "4",
        "_at": "2026-11-27T15:46:01.001Z",
        "_origin": "teller",
    }
    assert second["Class"] == "bad"
    changed = desk.remote.git("diff", "--name-only", "main^", "main").splitlines()
    assert changed == ["models/risk/data/.gitignore", "models/risk/data/feedback.dvc"]
    done = process.run([str(BIN / "dvc"), "status", "--json", f"{FOLDER}.dvc"], cwd=desk.root, check=False)
    assert done.code in {0, 1}  # DVC itself reads the file

    # Nothing new: no commit. A prediction whose label comes later: its row alone, in a partition of its own.
    commits = desk.count()
    assert desk.append() == Appended("risk")
    assert desk.count() == commits
    desk.write("feedback", label(3, "good"), label(1, "bad", at="2026-12-01T00:00:00.000Z"))
    assert desk.append().rows == 1
    rows = desk.rows()
    assert [row["_prediction"] for row in rows] == [row_id(1), row_id(2), row_id(3)]
    assert len({row["_file"] for row in rows}) == 2
    assert desk.remote.git("diff", "--name-only", "main^", "main") == "models/risk/data/feedback.dvc"


@pytest.mark.parametrize(("which", "wanted"), [("latest", "third"), ("first", "first")])
def test_which_label_counts(tmp_path: Path, bare: Repository, which: str, wanted: str) -> None:
    desk = Desk(tmp_path, bare, f", label: {which}")
    desk.write("predictions", prediction(1), prediction(1))
    times = {"second": "2026-11-28T02", "third": "2026-11-28T03", "first": "2026-11-28T01"}
    for host, (value, hour) in enumerate(times.items()):
        line = label(1, value, at=f"{hour}:00:00.000Z")
        desk.write("feedback", line, line, host=f"host-{host}")
    assert desk.append().rows == 1
    assert [row["Class"] for row in desk.rows()] == [wanted]


def test_holdout_is_a_share_by_id(tmp_path: Path, bare: Repository) -> None:
    desk = Desk(tmp_path, bare, ", holdout: 0.3")
    numbers = range(400)
    desk.write("predictions", *map(prediction, numbers))
    desk.write("feedback", *(label(number, number % 2) for number in numbers))
    found = desk.append()
    assert found.rows + found.held_out == 400
    assert 90 < found.held_out < 150
    held = {row["_prediction"] for row in desk.rows() if row["_file"].startswith("holdout/")}
    assert len(held) == found.held_out
    assert desk.append() == Appended("risk")


def test_rows_of_a_request_are_held_out_together(tmp_path: Path, bare: Repository) -> None:
    desk = Desk(tmp_path, bare, ", holdout: 0.5")
    names = [f"{request:016x}-{row}" for request in range(40) for row in range(5)]
    desk.write("predictions", *(prediction(n, id=name) for n, name in enumerate(names)))
    desk.write("feedback", *(label(n, 1, prediction=name) for n, name in enumerate(names)))
    desk.append()
    rows = desk.rows()
    sides = {(row["_prediction"][:16], row["_file"].startswith("holdout/")) for row in rows}
    assert len(rows) == 200
    assert len(sides) == 40
    assert 5 < sum(held for _, held in sides) < 35


def test_broken_lines_are_counted_and_named(desk: Desk) -> None:
    desk.write("predictions", prediction(1), "{broken\n", prediction(2, input=[1]), prediction(3, id="../x"))
    desk.write("predictions", '{"dropped": 3}\n', json.dumps({"id": row_id(7), "status": 500}) + "\n")
    desk.write("feedback", "\n", "[" * 9000 + "\n", label(1, None), label(1, {"a": 1}), label(1, "\ud800"))
    desk.write("feedback", label(1, "good"), label(2, "good", at=7))
    found = desk.append()
    assert (found.rows, found.broken) == (1, 9)
    told = [line for line in desk.said if "is broken" in line]
    assert len(told) == 3
    assert told[0].startswith("one: 1.jsonl, line 1 is broken: ")
    assert "[feedback] risk: 9 lines are broken and left out" in desk.said


def test_values_of_several_kinds(desk: Desk) -> None:
    inputs: list[dict[str, Any]] = [
        {"x": 1},
        {"x": 2.5, "y": None},
        {"z": [1, 2]},
        {"z": "text"},
        {"b": 2**70},
    ]
    desk.write("predictions", *(prediction(n, input=given) for n, given in enumerate(inputs)))
    desk.write("predictions", prediction(8), prediction(9))
    desk.write("feedback", *(label(number, number) for number in range(5)), label(8, "eight"))
    desk.write("feedback", label(9, value=True))
    found = desk.append()
    assert (found.rows, found.odd) == (5, 2)
    rows = desk.rows()
    assert [row["Class"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["x"] for row in rows] == [1.0, 2.5, None, None, None]
    assert [row["z"] for row in rows] == [None, None, "[1, 2]", "text", None]
    assert rows[4]["b"] == str(2**70)


def test_labels_that_are_no_classes_of_the_model(desk: Desk) -> None:
    chances = {"prediction": "good", "probabilities": {"good": 0.9, "bad": 0.1}}
    newer = {"prediction": "good", "probabilities": {"good": 0.9, "bad": 0.05, "ugly": 0.05}}
    desk.write("predictions", *(prediction(n, output=chances) for n in range(6)))
    desk.write("predictions", prediction(6, output=newer), prediction(7))
    desk.write("feedback", label(0, "good"), label(1, "bad"), label(2, "ugly"), label(6, "ugly"))
    desk.write("feedback", *(label(n, n) for n in (3, 4, 5)), label(7, "whatever"))
    found = desk.append()
    assert (found.rows, found.odd, found.unfit) == (4, 0, 4)
    assert [row["Class"] for row in desk.rows()] == ["good", "bad", "ugly", "whatever"]
    told = "[feedback] risk: 4 labels are not classes of the model, and left out: 'ugly', 3, 4"
    assert told in desk.said


def test_labels_as_classes_are_written(desk: Desk) -> None:
    for number, names in enumerate((["0", "1"], ["0.0", "1.0"], ["false", "true"])):
        output = {"prediction": 0, "probabilities": dict.fromkeys(names, 0.5)}
        desk.write("predictions", prediction(number, output=output))
    desk.write("feedback", label(0, value=True), label(1, 1), label(2, value=False))
    found = desk.append()
    assert (found.rows, found.odd, found.unfit) == (2, 1, 0)


@pytest.mark.parametrize(("kind", "wanted"), [("regression", [2.5, 7]), ("ranking, group: city", [2.5, 7])])
def test_labels_that_are_no_numbers(tmp_path: Path, bare: Repository, kind: str, wanted: list[float]) -> None:
    desk = Desk(tmp_path, bare, f"}}\nevaluate: {{kind: {kind}")
    desk.write("predictions", *map(prediction, range(5)))
    desk.write("feedback", label(0, 2.5), label(1, 7), *(label(n, "much") for n in (2, 3, 4)))
    found = desk.append()
    assert (found.rows, found.odd, found.unfit) == (2, 0, 3)
    assert "[feedback] risk: 3 labels are not numbers, and left out: 'much'" in desk.said
    assert [row["Class"] for row in desk.rows()] == wanted


SILENCE = ", silence: {{after: 1d, label: {}}}"


@pytest.mark.parametrize(
    ("label_", "wanted"), [("predicted", ["good", "bad", "bad"]), ("good", ["good", "good", "bad"])]
)
def test_silence_becomes_a_label(tmp_path: Path, bare: Repository, label_: str, wanted: list[str]) -> None:
    desk = Desk(tmp_path, bare, SILENCE.format(label_))
    said = {1: ("good", "00"), 2: ("bad", "00.500"), 3: ("good", "00"), 4: ("good", "59")}
    for number, (word, second) in said.items():
        at = f"2025-03-01T15:46:{second}Z"
        desk.write("predictions", prediction(number, at=at, output={"prediction": word}))
    desk.write("feedback", label(3, "bad"))
    # No collection was complete: what a host that is down has may be what was said.
    assert desk.append().rows == 0
    desk.complete("2025-03-02T15:45:59.999+00:00")
    assert desk.append().rows == 0  # else there would be nothing but what people say was wrong
    desk.complete("2025-03-02T15:46:00+00:00")
    assert desk.append().rows == 2
    desk.complete("2025-03-02T15:46:00.500+00:00")
    assert desk.append().rows == 1
    rows = sorted(desk.rows(), key=lambda row: str(row["_prediction"]))
    assert [row["Class"] for row in rows] == wanted
    assert [row["_origin"] for row in rows] == ["silence", "silence", "user"]
    # What is said of a prediction that has a row changes nothing; what is said in time is no silence.
    desk.write("feedback", label(1, "bad"), label(4, "bad"))
    desk.complete("2025-12-24T00:00:00+00:00")
    assert desk.append().rows == 1
    (last,) = (row for row in desk.rows() if row["_prediction"] == row_id(4))
    assert (last["Class"], last["_origin"]) == ("bad", "user")


def test_a_clock_ahead_makes_nothing_silent(tmp_path: Path, bare: Repository) -> None:
    desk = Desk(tmp_path, bare, SILENCE.format(0))
    desk.write("predictions", prediction(1, at="2999-01-01T00:00:00Z", output={"prediction": 1}))
    desk.complete("2999-12-31T00:00:00+00:00")
    assert desk.append() == Appended("risk")


def _asked(number: int) -> str:
    return prediction(number, at="2025-03-01T00:00:00Z", output={"prediction": 0.5})


def test_clicks_and_silence_are_labels_of_one_kind(tmp_path: Path, bare: Repository) -> None:
    more = ", signals: {click: 1, rating: value}, silence: {after: 1d, label: 0}"
    desk = Desk(tmp_path, bare, more)
    desk.write("predictions", *(_asked(n) for n in range(6)))
    desk.write("feedback", label(0, value=True, signal="click"), label(1, 4.5, signal="rating"))
    desk.write("feedback", label(2, value=True, signal="like"), label(3, value=True), label(4, "words"))
    desk.complete("2025-03-03T00:00:00+00:00")
    found = desk.append()
    assert (found.rows, found.odd) == (5, 1)
    rows = {int(row["_prediction"][:16]): (row["Class"], row["_origin"]) for row in desk.rows()}
    assert rows == {0: (1, "user"), 1: (4.5, "user"), 2: (0, "silence"), 3: (1, "user"), 5: (0, "silence")}


@pytest.mark.system
@pytest.mark.parametrize("where", ["write_partition", "add_files", "commit_files", "share_file", "publish"])
@pytest.mark.parametrize("after", [False, True])
def test_killed_half_way_and_run_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str, *, after: bool
) -> None:
    desk.write("predictions", *map(prediction, range(5)))
    desk.write("feedback", *(label(number, "good") for number in range(5)))
    module = "gitmodel.git.remotes" if where == "publish" else "gitmodel.pipelines.feedback"
    real = getattr(import_module(module), where)

    def killed(*args: Any, **more: Any) -> Any:
        if after:
            real(*args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.{where}", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.append()
    landed = where == "publish" and after
    assert desk.append().rows == (0 if landed else 5)
    assert [row["_prediction"] for row in desk.rows()] == [row_id(number) for number in range(5)]
    assert desk.count() == 3  # settings, model, rows
    assert desk.append() == Appended("risk")


def test_others_push_meanwhile(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("predictions", *map(prediction, range(4)))
    desk.write("feedback", label(0, "good"), label(1, "good"))
    colleague = clone(desk.remote, tmp_path / "colleague")
    real = share_file

    def meanwhile(*args: Any) -> bool:
        monkeypatch.setattr("gitmodel.pipelines.feedback.share_file", real)
        commit_all(colleague, {"README": "new words\n"})
        colleague.git("push", "-q", "origin", "HEAD:main")
        return real(*args)

    monkeypatch.setattr("gitmodel.pipelines.feedback.share_file", meanwhile)
    assert desk.append().rows == 2
    assert desk.remote.git("show", "main:README") == "new words"
    assert len(desk.rows()) == 2
    assert desk.count() == 4  # settings, model, words, rows: one commit of each


@pytest.mark.system
@needs_description
@pytest.mark.parametrize("mode", ["pull_request", "direct"])
def test_rows_are_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    forge = played(tmp_path, monkeypatch, {"models/risk/model.yaml": MODEL.format(more=f", mode: {mode}")})
    if mode == "direct":  # and the forge takes no push to the default branch
        hook = forge.remote.git_dir / "hooks/update"
        hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "protected" >&2; exit 1; }\n')
        hook.chmod(0o755)
    base = forge.head()
    with github() as state:
        for round_ in (1, 2, 2):
            job = forge.start(
                "schedule", {"schedule": "0 3 * * 1"}, base, "refs/heads/main", **state.environ()
            )
            for number in range(round_):
                for kind, line in (("predictions", prediction(number)), ("feedback", label(number, 1))):
                    file = job.repo.state / f"live/production/one/{kind}/risk/{number}.jsonl"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(line)
            (found,), code = append_all(job, "production", "risk", forge.said.append)
            assert (code, found.rows, found.commit) == (0, round_, ""), forge.text
    assert forge.head() == base
    (request,) = state.pulls.values()
    assert (request["head"]["ref"], request["base"]["ref"]) == ("feedback/risk", "main")
    assert "Add 2 labelled rows of production to risk" in request["body"]
    assert forge.remote.git("rev-parse", "feedback/risk^") == base


def test_a_pull_request_needs_a_forge(tmp_path: Path, bare: Repository) -> None:
    desk = Desk(tmp_path, bare, ", mode: pull_request")
    desk.write("predictions", prediction(1))
    desk.write("feedback", label(1, 1))
    done, code = append_all(Job(desk.repo), "production", "", desk.said.append)
    assert (done, code) == ([], UsageError.exit_code)


def test_where_no_model_takes_labels_it_says_so(desk: Desk) -> None:
    assert append_all(Job(desk.repo), "production", "nothing", desk.said.append) == ([], 0)
    assert "[feedback] labels become no data" in desk.said[-1]


@pytest.mark.system
def test_the_command(desk: Desk, tmp_path: Path) -> None:
    state = tmp_path / "root/state"
    commit_all(desk.repo, {"environments/production.yaml": f"name: production\nroot: {tmp_path / 'root'}\n"})
    desk.repo.git("push", "-q", "origin", "HEAD:main")
    for kind, line in (("predictions", prediction(1)), ("feedback", label(1, "good"))):
        (state / kind / "risk").mkdir(parents=True)
        (state / kind / "risk/1.jsonl").write_text(line)
    argv = [str(BIN / "gitmodel"), "feedback", "collect", "production"]
    done = process.run(argv, cwd=desk.root)
    assert "localhost: 2 new lines of 2 segments\n" in done.text
    assert "Add 1 labelled rows of production to risk" in done.text
    again = json.loads(process.run([*argv, "--json"], cwd=desk.root).stdout)
    assert again["hosts"] == [{"host": "localhost", "segments": 0, "lines": 0, "bytes": 0, "problem": ""}]
    assert [(each["rows"], each["commit"]) for each in again["models"]] == [(0, "")]
    assert [row["Class"] for row in desk.rows()] == ["good"]
    slip = process.run([*argv, "--model", "rusk"], cwd=desk.root, check=False)
    assert slip.code == UsageError.exit_code
    assert b'did you mean "risk"?' in slip.stderr


def test_without_a_remote_the_work_tree_follows(repo: Repository) -> None:
    assert repo.root is not None
    commit_all(repo, {"models/risk/model.yaml": MODEL.format(more="")})
    said: list[str] = []
    for kind, line in (("predictions", prediction(1)), ("feedback", label(1, 1))):
        file = repo.state / "live/production/one" / kind / "risk/1.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text(line)
    (found,), code = append_all(Job(repo), "production", "", said.append)
    assert (code, found.rows) == (0, 1)
    assert (repo.root / f"{FOLDER}.dvc").is_file()
    assert repo.git("status", "--porcelain") == ""
    assert any("no DVC remote" in line for line in said)


def test_a_folder_of_git_is_refused(desk: Desk) -> None:
    commit_all(desk.repo, {f"{FOLDER}/rows.csv": "a\n"})
    desk.repo.git("push", "-q", "origin", "HEAD:main")
    desk.write("predictions", prediction(1))
    desk.write("feedback", label(1, 1))
    done, code = append_all(Job(desk.repo), "production", "", desk.said.append)
    assert (done, code) == ([], UsageError.exit_code)
    assert f"error: {FOLDER} is kept by git, so no rows can be added to it" in desk.said


def test_a_folder_that_git_is_told_to_ignore(desk: Desk) -> None:
    commit_all(desk.repo, {"models/risk/.gitignore": "/data\n"})
    desk.repo.git("push", "-q", "origin", "HEAD:main")
    desk.write("predictions", prediction(1))
    desk.write("feedback", label(1, 1))
    assert append_all(Job(desk.repo), "production", "", desk.said.append)[0] == []
    assert "error: a pattern in a .gitignore hides what git has to keep" in desk.said
    assert desk.count() == 3


def test_a_remote_that_is_gone(desk: Desk, tmp_path: Path) -> None:
    desk.write("predictions", prediction(1))
    desk.write("feedback", label(1, 1))
    (tmp_path / "dvc").write_text("no folder")
    commits = desk.count()
    assert append_all(Job(desk.repo), "production", "", desk.said.append) == ([], ToolFailed.exit_code)
    assert desk.count() == commits  # nothing points to data that others cannot get
    (tmp_path / "dvc").unlink()
    assert desk.append().rows == 1


def test_many_lines_in_bounded_memory(desk: Desk, tmp_path: Path) -> None:
    """30,000 rows of some 300 bytes: read, joined and written within a few MB of Python's memory."""
    count = 30_000
    desk.write("predictions", *map(prediction, range(count)))
    desk.write("feedback", *(label(number, number % 2, by="x" * 100) for number in range(count)))
    tracemalloc.start()
    try:
        with read_labelled(
            desk.repo.state / "live/production",
            "risk",
            FeedbackSpec("x"),
            workspace=tmp_path / "w",
            say=print,
        ) as found:
            assert write_partition(lambda: found.rows("Class"), tmp_path / "rows") is not None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25_000_000


class Old:
    """Old segments of a desk whose hosts keep predictions for two hours."""

    def __init__(self, desk: Desk, more: str = "") -> None:
        self.desk = desk
        text = MODEL.format(more=more) + "monitor: {keep: 2h}\n"
        commit_all(desk.repo, {"models/risk/model.yaml": text})
        desk.repo.git("push", "-q", "origin", "HEAD:main")

    def write(self, kind: str, name: str, *lines: str, hours: float = 3) -> None:
        self.desk.write(kind, *lines, name=f"{name}.jsonl")
        then = time.time() - hours * 3600
        os.utime(self.folder(kind) / f"{name}.jsonl", (then, then))

    def folder(self, kind: str) -> Path:
        return self.desk.repo.state / "live/production/one" / kind / "risk"

    def left(self, kind: str) -> list[str]:
        return sorted(file.stem for file in self.folder(kind).glob("*.jsonl"))


def test_old_copies_go_once_their_rows_are_data(desk: Desk) -> None:
    old = Old(desk)
    old.write("predictions", "1", prediction(1), prediction(2))
    old.write("predictions", "2", prediction(3), '{"id": "broken\n')
    old.write("predictions", "3", prediction(4), hours=1)
    old.write("feedback", "1", label(1, "good"))
    old.write("feedback", "2", label(9, "bad"))  # its prediction may still come
    old.write("feedback", "3", label(9, "bad"), hours=5)
    sizes = {name: (old.folder("predictions") / f"{name}.jsonl").stat().st_size for name in "12"}
    assert desk.append().rows == 1
    assert old.left("predictions") == ["3"]
    assert old.left("feedback") == ["2"]
    assert read_pruned(old.folder("predictions")) == {f"{name}.jsonl": size for name, size in sizes.items()}
    assert desk.append() == Appended("risk")
    assert [row["_prediction"] for row in desk.rows()] == [row_id(1)]


def test_copies_stay_until_their_rows_are_on_the_default_branch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Old(desk)
    old.write("predictions", "1", prediction(1), prediction(2))
    old.write("predictions", "2", prediction(3))
    old.write("feedback", "1", label(1, "good"), label(2, 7))  # two kinds: one of them becomes no row
    with monkeypatch.context() as patch:
        patch.setattr("gitmodel.pipelines.feedback._publish", lambda *_: Appended("risk"))
        desk.append()  # as one whose rows were proposed and not merged
    assert old.left("predictions") == ["1"]
    assert old.left("feedback") == ["1"]


def test_silence_may_still_become_a_row(desk: Desk) -> None:
    old = Old(desk, ", silence: {after: 1h, label: bad}")
    old.write("predictions", "1", prediction(1))
    desk.append()  # nobody knows whether all feedback has come
    assert old.left("predictions") == ["1"]
