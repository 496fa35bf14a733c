"""What a host sees of two versions, by the router's figures and kept lines; and what it notes of a step."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.delivery import wishes
from gitmodel.delivery.ansible.module_utils import gitmodel_kept as kept
from gitmodel.delivery.ansible.module_utils import gitmodel_strategy as strategy
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, Layout, Program, ini, write
from gitmodel.delivery.ansible.module_utils.gitmodel_router import BUCKETS
from gitmodel.delivery.ansible.module_utils.gitmodel_routes import route
from gitmodel.delivery.ansible.module_utils.gitmodel_traffic import Traffic, parse_traffic, read_traffic
from gitmodel.delivery.target import Target

OLD, NEW = Program("a/b", "1", "ab" * 32, 20001), Program("a/b", "2", "cd" * 32, 20002)
TRAFFICS = st.builds(
    Traffic, st.integers(0, 99), st.tuples(*(st.integers(0, 99) for _ in range(len(BUCKETS) + 1)))
)


def row(program: Program, code: int, method: str, bound: str, count: int) -> str:
    name = f"{program.key}~{program.version}~{program.digest}@file"
    labels = f'code="{code}",method="{method}",protocol="http",service="{name}",le="{bound}"'
    return f"traefik_service_request_duration_seconds_bucket{{{labels}}} {count}\n"


def test_the_routers_figures() -> None:
    text = "# HELP x\ntraefik_config_reloads_total 3\n" + "".join(
        row(program, code, method, bound, count)
        for program, code, method, counts in (
            (OLD, 200, "POST", (2, 5, 7)),
            (OLD, 502, "POST", (0, 0, 3)),
            (OLD, 200, "GET", (9, 9, 9)),
            (NEW, 422, "POST", (1, 1, 1)),
        )
        for bound, count in zip(("0.001", "0.00125", "+Inf"), counts, strict=True)
    )
    # Bounds that are left out count as 0, so only those that are there are looked at.
    found = read_traffic(text.replace("+Inf", str(BUCKETS[2])), (OLD,))[OLD]
    assert found.buckets[:3] == (2, 3, 5)
    whole = read_traffic(text, (OLD, NEW))
    assert (whole[OLD].failed, whole[OLD].requests) == (3, 10)
    assert (whole[NEW].failed, whole[NEW].requests) == (1, 1)
    assert read_traffic("", (OLD,)) == {OLD: Traffic()}


@given(TRAFFICS, TRAFFICS)
def test_counts_since_then(before: Traffic, more: Traffic) -> None:
    assert parse_traffic(json.loads(json.dumps(before.as_json()))) == before
    both = tuple(map(sum, zip(before.buckets, more.buckets, strict=True)))
    now = Traffic(before.failed + more.failed, both)
    assert now.since(before) == more
    assert Traffic().since(now) == Traffic()  # the router was started anew


def keep(state: Path, kind: str, *rows: dict[str, Any]) -> None:
    folder = state / kind / OLD.key
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "20260101T000000Z-1-000.jsonl").open("a") as file:
        file.writelines(json.dumps(each) + "\n" for each in rows)


def said(number: str, value: Any, *, version: str = "1", x: int = 1, **more: Any) -> dict[str, Any]:
    row = {"id": number, "version": version, "input": {"x": x}, "output": {"prediction": value}}
    return {**row, **more}


def test_answers_since_then(tmp_path: Path) -> None:
    keep(tmp_path, "predictions", said("0-0", "before"))
    marks = kept.mark(tmp_path, OLD.key)
    keep(
        tmp_path,
        "predictions",
        said("1-0", "good"),
        said("2-0", "bad", version="2"),
        {"id": "3-0", "version": "1", "status": 400},
        {"version": "1", "dropped": 4, "reason": "disk"},
        said("4-0", [1, 2]),
    )
    with (tmp_path / "predictions" / OLD.key / "20260101T000001Z-1-000.jsonl").open("w") as file:
        file.write(json.dumps(said("5-0", "later")) + "\nno JSON\n[]\n" + '{"id": "half')
    assert kept.outputs(tmp_path, marks, OLD) == ["good", "[1, 2]", "later"]
    assert kept.outputs(tmp_path, marks, NEW) == ["bad"]
    assert kept.outputs(tmp_path, kept.mark(tmp_path, OLD.key), OLD) == []
    assert kept.outputs(tmp_path / "none", {}, OLD) == []


def test_samples_are_bounded_and_spread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 10)
    keep(tmp_path, "predictions", *(said(f"{number}-0", number) for number in range(95)))
    assert kept.outputs(tmp_path, {}, OLD) == list(range(0, 95, 10))


def test_labels_say_how_wrong_answers_are(tmp_path: Path) -> None:
    keep(tmp_path, "predictions", *(said(f"{n}-0", value) for n, value in enumerate(("bad", 1.5, 3, 4, "x"))))
    labels = ("good", 2, 3, 5, "x")
    rows = [{"prediction": f"{n}-0", "label": label, "signal": "label"} for n, label in enumerate(labels)]
    keep(tmp_path, "feedback", *rows[:4], {"prediction": "4-0", "label": 1, "signal": "click"}, {})
    assert kept.errors(tmp_path, {}, OLD) == [1.0, 0.5, 0.0, 1.0]
    assert kept.errors(tmp_path, {}, NEW) == []


def test_pairs_are_of_one_request(tmp_path: Path) -> None:
    keep(
        tmp_path,
        "predictions",
        said("1-0", "a", x=1),
        said("2-0", "b", x=1, request="r1"),
        said("3-0", "c", x=1, request="r2"),
        said("4-0", "d", x=2),
        said("5-0", "e", x=2),  # one row asked twice; an excluded column may differ
    )
    keep(
        tmp_path,
        "shadow",
        said("9-0", "C", version="2", x=1, request="r2"),
        said("8-0", "A", version="2", x=1),
        said("7-0", "D", version="2", x=2),
        said("6-0", "E", version="2", x=2),
        said("5-0", "?", version="2", x=3),  # the old one has not said anything yet
    )
    assert kept.pairs(tmp_path, {}, OLD, NEW) == [("c", "C"), ("a", "A"), ("d", "D"), ("e", "E")]


UNDERWAY = strategy.Underway(
    "canary", OLD, NEW, 25, 1.5e9, {OLD.name: Traffic(1)}, {"predictions/a.b/x.jsonl": 3}, ({"percent": 5},)
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path / "root")
    found.make()
    for program in (OLD, NEW):
        write(found.config(program.name), ini(program, ""))
    found.strategy("x").parent.mkdir()
    return found


def test_a_step_is_written_down(layout: Layout) -> None:
    assert strategy.parse_underway(strategy.format_underway(UNDERWAY)) == UNDERWAY
    assert UNDERWAY.words == "canary 25 % since 2017-07-14 02:40:00 UTC"
    assert strategy.underway(layout, "a/b") is None
    file = layout.strategy(OLD.key)
    for text in ("", "[]", "{}", strategy.format_underway(UNDERWAY).replace("canary", "parrot")):
        write(file, text)
        with pytest.raises(HostError, match="not a canary's"):
            strategy.parse_underway(text)
        assert strategy.underway(layout, "a/b") is None


def test_the_route_says_whether_a_step_counts(layout: Layout) -> None:
    write(layout.strategy(OLD.key), strategy.format_underway(UNDERWAY))
    for weights, applied in (
        ({OLD: 75, NEW: 25}, True),
        ({OLD: 95, NEW: 5}, False),  # killed between the file and the route
        ({OLD: 1}, False),
        ({NEW: 1}, None),  # it has taken over
        ({}, None),
    ):
        layout.route(OLD.key).unlink(missing_ok=True)
        if weights:
            write(layout.route(OLD.key), route(weights))
        found = strategy.underway(layout, "a/b")
        assert (found and found.applied) == applied


def test_nothing_to_compare_with(layout: Layout) -> None:
    write(layout.route(OLD.key), route({NEW: 1}))
    with pytest.raises(HostError, match="no version of a/b on this host to compare v2 with"):
        strategy.step(layout, NEW, "canary", 5, [])
    with pytest.raises(HostError, match="does not run on this host"):
        strategy.step(layout, Program("a/b", "3", "ef" * 32), "canary", 5, [])
    assert strategy.abort(layout, "a/b", 0) is None
    assert not strategy.settle(layout, "a/b")
    assert strategy.look(layout, "a/b")["underway"] is None


def test_a_router_that_does_not_answer_takes_no_route(layout: Layout) -> None:
    write(layout.route(OLD.key), route({OLD: 1}))
    with pytest.raises(HostError, match="the router does not take the new route of a/b"):
        strategy.step(layout, NEW, "shadow", 100, [])
    found = strategy.underway(layout, "a/b")
    assert found is not None
    assert (found.kind, found.percent, found.applied) == ("shadow", 100, True)
    assert json.loads(layout.shadow(NEW.key).read_text()) == {"version": "2", "digest": NEW.digest}


def test_wishes_are_of_processes_that_live(tmp_path: Path) -> None:
    target = Target("local", tmp_path)
    file = tmp_path / "run" / "wish"
    assert wishes.sleep(target, 0) == ""
    with wishes.wish(target, wishes.CONTINUE):
        assert wishes.sleep(target, 0) == ""  # its own
        other = {"word": "continue", "pid": os.getppid()}
        file.write_text(json.dumps(other))
        assert not wishes.is_left(target, wishes.CONTINUE)
        assert wishes.sleep(target, 5) == "continue"
        assert not file.exists()  # it is for one step
        file.write_text(json.dumps({**other, "word": "abort"}))
        assert (wishes.sleep(target, 5), wishes.sleep(target, 5)) == ("abort", "abort")
        for text in (
            "",
            "{}",
            json.dumps({**other, "pid": 2**22 + 1}),
            json.dumps({**other, "word": "sing"}),
        ):
            file.write_text(text)
            assert wishes.sleep(target, 0) == ""
    assert not file.exists()
    with wishes.wish(target, wishes.CONTINUE):
        assert wishes.is_left(target, wishes.CONTINUE)
        assert not wishes.is_left(target, wishes.ABORT)
    assert not wishes.is_left(target, wishes.CONTINUE)
