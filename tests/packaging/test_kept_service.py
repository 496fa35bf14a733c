"""What real services keep, whatever ends them."""

import json
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitmodel.packaging import Package, serve

from .test_running import ask, free_port, running, wait_until_ready

pytestmark = pytest.mark.system
KEY = "credit-risk"
GOOD = {"prediction": "0123456789abcdef-0", "label": "x"}
# Runs a service that may write no file beyond a size: what a full disk does to it.
_LIMITED = """\
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@contextmanager
def service_of(package: Package, state: Path, *before: str) -> Iterator[tuple[Any, int]]:
    port = free_port()
    found = serve(package, port=port)
    environment = {**found.environment, "GITMODEL_STATE": str(state)}
    argv = (found.argv[0], *before, *found.argv[1:])
    with running(argv, environment, found.folder, state.parent / f"{port}.log") as process:
        wait_until_ready(process, port)
        yield process, port


def lines(state: Path, kind: str = "predictions") -> list[bytes]:
    files = sorted((state / kind / KEY).glob("*.jsonl"))
    return [each for file in files for each in file.read_bytes().splitlines(keepends=True)]


def predict(port: int, package: Package, count: int) -> None:
    for _ in range(count):
        assert ask(port, "POST", "/predict", package.smoke[0]["input"])[0] == 200


def test_nothing_is_lost_by_a_restart(package: Package, tmp_path: Path) -> None:
    state = tmp_path / "state"
    for round_ in (1, 2):
        with service_of(package, state) as (process, port):
            predict(port, package, 20)
            process.terminate()  # at once: what waits is written before it ends
            assert process.wait(20) == 0
        assert len({json.loads(each)["id"] for each in lines(state)}) == 20 * round_
    assert len(list((state / "predictions" / KEY).iterdir())) == 2


def test_two_services_at_once_write_segments_of_their_own(package: Package, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with service_of(package, state) as (_, one), service_of(package, state) as (_, other):
        for _ in range(20):
            predict(one, package, 1)
            predict(other, package, 1)
            assert ask(one, "POST", "/feedback", GOOD)[0] == 202
            assert ask(other, "POST", "/feedback", GOOD)[0] == 202
        time.sleep(1.0)
        assert len({json.loads(each)["id"] for each in lines(state)}) == 40
        assert len({json.loads(each)["id"] for each in lines(state, "feedback")}) == 40
    assert len(list((state / "predictions" / KEY).iterdir())) == 2


def test_a_killed_service_loses_at_most_the_last_second(package: Package, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with service_of(package, state) as (process, port):
        predict(port, package, 20)
        time.sleep(1.0)
        assert ask(port, "POST", "/feedback", GOOD)[0] == 202
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    assert len(lines(state)) == 20
    assert all(each.endswith(b"\n") for each in lines(state))
    assert len(lines(state, "feedback")) == 1


def test_a_full_disk_fails_no_prediction_and_leaves_whole_lines(package: Package, tmp_path: Path) -> None:
    state = tmp_path / "state"
    limit = 20_000
    assert limit < resource.RLIM_INFINITY or resource.RLIM_INFINITY == -1
    with service_of(package, state, "-c", _LIMITED, str(limit)) as (_, port):
        for _ in range(10):
            many = [package.smoke[0]["input"]] * 20
            assert ask(port, "POST", "/predict", many)[0] == 200
            time.sleep(0.25)  # so that each is written by itself
        labels = [ask(port, "POST", "/feedback", [GOOD] * 20)[0] for _ in range(10)]
        metrics = ask(port, "GET", "/metrics")[1].decode()
    assert all(each.endswith(b"\n") for each in lines(state))
    written = [json.loads(each) for each in lines(state)]
    found = [each for each in written if "id" in each]
    assert 0 < len(found) < 200
    assert sum(each.get("dropped", 0) for each in written) == 200 - len(
        found
    )  # a next file had room for that
    labels_of = f'environment="",model="{KEY}",reason="disk"'
    assert f"gitmodel_predictions_dropped_total{{{labels_of}}} {200 - len(found)}.0" in metrics
    assert set(labels) == {202, 503}
    assert len(lines(state, "feedback")) == 20 * labels.count(202)


def test_a_million_labels_keep_memory_bounded(package: Package, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with service_of(package, state) as (process, port):
        batch = [{"prediction": f"{number:016x}-0", "label": "good"} for number in range(10_000)]
        assert ask(port, "POST", "/feedback", batch)[0] == 202
        before = _memory(process.pid)
        for _ in range(99):
            assert ask(port, "POST", "/feedback", batch)[0] == 202
        assert _memory(process.pid) - before < 50_000_000
        predict(port, package, 1)
    assert sum(1 for _ in lines(state, "feedback")) == 1_000_000
    assert len(list((state / "feedback" / KEY).iterdir())) > 5


def _memory(pid: int) -> int:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the memory of a process from /proc")
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
