"""The files of the site: what they say, that only what changed is written, and that nothing in them acts."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import Dataset, Record
from gitmodel.site.build import build_site
from gitmodel.site.documents import CHUNK, _thinned, index_document
from gitmodel.site.folder import MARK, key_of, script, write
from gitmodel.site.gathering import Model
from tests.cli.conftest import Run, run, tag
from tests.conftest import make_repository
from tests.site.world import HOSTILE, grow, poison

__all__ = ["run"]


def quiet(_line: str) -> None:
    """Say nothing."""


def read(folder: Path, key: str) -> Any:
    """Return what a script hands over."""
    text = (folder / f"data/{key}.js").read_text("ascii")
    begin, end = f"gitmodel.take({json.dumps(key)},", ");\n"
    assert text.startswith(begin)
    assert text.endswith(end)
    return json.loads(text[len(begin) : -len(end)])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = make_repository(tmp_path_factory.mktemp("grown") / "repo")
    grow(made)
    poison(made)
    return made


@pytest.fixture(scope="module")
def site(grown: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    build_site(grown, folder, quiet)
    return folder


def test_models_at_a_glance(site: Path) -> None:
    index = read(site, "index")
    assert [row["name"] for row in index["models"]] == ["credit-risk", "evil", "spam"]
    credit, _, spam = index["models"]
    assert credit["newest"] == "3"
    assert credit["count"] == 3
    assert (credit["wanted"], credit["runs"]) == ([["production", "2"]], [["production", "2"]])
    assert (credit["state"], credit["incidents"]) == ("bad", 1)
    assert credit["health"] == "production: recall >= 0.6 over 7d"
    assert credit["owners"] == "ada@example.org, risk"
    assert (spam["newest"], spam["state"]) == (None, "none")
    assert "log_loss" in index["lower"]
    assert "recall" not in index["lower"]


def test_the_life_of_a_model(site: Path) -> None:
    model = read(site, "m/credit-risk")
    assert [(row["v"], row["at"]) for row in model["versions"]][-1] == ("3", "2026-11-03T08:00:00Z")
    (curve,) = model["live"]
    assert (curve["env"], curve["metric"], len(curve["points"])) == ("production", "recall", 12)
    assert curve["points"][0] == ["2026-11-03T12:00:00Z", "2", 0.66, pytest.approx(0.61), pytest.approx(0.71)]
    assert model["bounds"] == [["recall", 0.6, "min"]]
    assert [event["kind"] for event in model["events"]] == ["promote", "deployed"] * 2
    assert model["events"][2]["why"] == "It finds more of the bad loans"
    newest, older = model["incidents"]
    assert (newest["until"], older["until"]) == ("", "2026-11-11T00:00:00Z")
    assert model["environments"][0]["since"] == "2026-11-02T09:00:00Z"
    assert model["environments"][0]["url"] == "http://127.0.0.1:8400/credit-risk"


def test_the_details_of_a_version(site: Path) -> None:
    second = read(site, "v/credit-risk/0")["2"]
    assert second["subject"] == "Trained on the loans of day 2"
    assert ["tree.criterion", "gini"] in second["parameters"]
    assert second["measured"] == [["2026-11-05T00:00:00Z", "eve", "holdout", [["recall", 0.6]]]]
    ((name, command, inputs, outputs),) = second["stages"]
    assert (name, command) == ("train", "python train.py")
    assert inputs == ["models/credit-risk/data/train.parquet", "models/credit-risk/train.py"]
    assert outputs == ["models/credit-risk/model.skops"]


def test_hostile_texts_stay_texts(site: Path) -> None:
    for file in [*site.rglob("*.js"), *site.rglob("*.html")]:
        text = file.read_text("utf-8")
        assert "<img" not in text, file
        assert "\u2028" not in text, file
        if file.suffix == ".js":
            assert "</script" not in text, file
    evil = read(site, "v/evil/0")["2"]
    assert evil["subject"] == HOSTILE
    assert [HOSTILE, 1.0] in evil["metrics"]
    assert ["__proto__", 2.0] in evil["metrics"]
    assert read(site, "m/evil")["environments"][0]["url"] == ""  # javascript: is no address of a service
    assert [row["name"] for row in read(site, "index")["models"]].count("evil") == 1


def test_nothing_names_another_host(site: Path) -> None:
    known = {"http://www.w3.org/2000/svg", "http://127.0.0.1:3000"}
    for file in [site / "index.html", *(site / "assets").iterdir()]:
        found = set(re.findall(r"https?://[\w.:/-]+\w", file.read_text("utf-8")))
        assert found <= known, file


def test_a_second_build_writes_nothing(grown: Repository, site: Path) -> None:
    again = build_site(grown, site, quiet)
    assert (again.written, again.removed) == (0, 0)
    assert again.files == len([path for path in site.rglob("*") if path.is_file()])


def test_only_what_has_changed_is_written_and_what_is_gone_is_removed(
    repo: Repository, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    tag(repo, "a@v1", "First", "2026-11-01T08:00:00+0000")
    tag(repo, "team/b@v1", "First", "2026-11-01T08:00:00+0000")
    build_site(repo, folder, quiet)
    assert read(folder, "m/team.b")["name"] == "team/b"
    tag(repo, "a@v2", "Second", "2026-11-02T08:00:00+0000")
    grown = build_site(repo, folder, quiet)
    assert (grown.written, grown.removed) == (4, 0)  # two lists, the model, the details
    repo.git("tag", "-d", "team/b@v1")
    less = build_site(repo, folder, quiet)
    assert less.removed == 2
    assert not (folder / "data/m/team.b.js").exists()
    assert not (folder / "data/v/team.b").exists()


def test_details_come_in_parts(repo: Repository, tmp_path: Path) -> None:
    head = repo.git("rev-parse", "HEAD")
    lines = [f"create refs/tags/a@v{number} {head}\n" for number in range(1, CHUNK + 2)]
    repo.git("update-ref", "--stdin", stdin="".join(lines).encode())
    build_site(repo, tmp_path / "site", quiet)
    assert [*read(tmp_path / "site", "v/a/1")] == [str(CHUNK + 1)]
    assert read(tmp_path / "site", "m/a")["versions"][-1]["chunk"] == 1


def test_an_empty_registry(repo: Repository, tmp_path: Path) -> None:
    build_site(repo, tmp_path / "site", quiet)
    assert read(tmp_path / "site", "index")["models"] == []
    assert read(tmp_path / "site", "versions") == {"rows": []}


def test_a_folder_of_somebody_else_is_left_alone(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("all of it")
    with pytest.raises(UsageError, match="has not written"):
        build_site(repo, tmp_path / "home", quiet)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.txt"]
    with pytest.raises(UsageError, match="is not a folder"):
        build_site(repo, tmp_path / "home" / "thesis.txt", quiet)


def test_what_a_killed_build_left_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write(folder, {"data/a.js": b"1"})
    (folder / "data/a.js.77.part").write_bytes(b"ha")
    assert write(folder, {"data/a.js": b"1"}).removed == 1
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["a.js", MARK]


def test_keys_are_names_of_files_and_no_two_models_share_one() -> None:
    names = [
        "a",
        "a/b",
        "a.b",
        "../../etc",
        ".",
        "..",
        "A",
        "a~2f~b",
        "é",
        "x" * 300,
        "x" * 301,
        "a\0b",
        "con",
    ]
    keys = [key_of(name) for name in names]
    assert all(re.fullmatch(r"[a-z0-9_~-][a-z0-9._~-]{0,130}", key) for key in keys), keys
    assert key_of("team/risk") == "team.risk"
    real = [key_of(name) for name in ("a", "a/b", "a-b", "a_b", "x" * 300, "x" * 301)]
    assert len({*real}) == len(real)


def test_a_script_is_one_call_whatever_it_holds() -> None:
    text = script('a"b', {"x": "</script>\u2028&<!--"}).decode("ascii")
    assert text == 'gitmodel.take("a\\"b",{"x":"\\u003c/script\\u003e\\u2028\\u0026\\u003c!--"});\n'


def test_a_long_curve_keeps_its_extremes() -> None:
    points = [["", "1", float(at == 777) - float(at == 4321), 0, 0] for at in range(10_000)]
    kept = _thinned(points)
    assert len(kept) <= 300
    assert {1.0, -1.0} <= {point[2] for point in kept}
    assert kept == [point for point in points if any(point is each for each in kept)]


def test_the_command(repo: Repository, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    tag(repo, "a@v1", "First", "2026-11-01T08:00:00+0000")
    done = run("site", "build", "-o", tmp_path / "out", "--json")
    summary = json.loads(done.out)
    assert (done.code, summary["models"], summary["versions"]) == (0, 1, 1)
    again = run("site", "build", "-o", tmp_path / "out")
    assert "1 models, 1 versions; 0 of" in again.out
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    refused = run("site", "build", "-o", tmp_path / "other")
    assert refused.code == 2
    assert "empty it" in refused.err


def test_the_job_of_a_pipeline(
    repo: Repository, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    tag(repo, "a@v1", "First", "2026-11-01T08:00:00+0000")
    done = run("ci", "site", "--output", tmp_path / "public")
    assert (done.code, done.out.splitlines()[-1]) == (0, f"1 models, 1 versions in {tmp_path / 'public'}")
    assert read(tmp_path / "public", "m/a")["name"] == "a"


def test_two_builds_at_once_leave_a_whole_site(grown: Repository, site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(build_site, grown, folder, quiet) for _ in range(2)]:
            future.result()
    names = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    assert all((folder / name).read_bytes() == (site / name).read_bytes() for name in names)


@pytest.mark.parametrize(("high", "state"), [(0.59, "bad"), (0.65, "good")])
def test_a_live_figure_surely_beyond_its_bound_is_trouble(high: float, state: str) -> None:
    live = {"recall": 0.5, "recall.low": 0.4, "recall.high": high}
    record = Record("a", "live", live, "2026-11-01T00:00:00Z", "cron", "1", Dataset("live/production"))
    model = Model(
        "a", bounds=[("recall", 0.6, "min")], wanted={"production": "1"}, health="ok", records=[record]
    )
    (row,) = index_document([("a", model)], ["production"])["models"]
    assert row["state"] == state
    assert row["health"] == ("production: recall 0.5 is below 0.6" if state == "bad" else "")
