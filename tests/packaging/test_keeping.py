"""What the generated service keeps of predictions and of feedback, in this process."""

import dataclasses
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import bentoml
import pytest
from prometheus_client import REGISTRY

from gitmodel.packaging import Declared, Package, package_version
from gitmodel.packaging.build import _own_modules
from gitmodel.packaging.serving import keeping, segments
from gitmodel.packaging.serving.keeping import Keeper
from gitmodel.packaging.serving.rows import Rows
from gitmodel.packaging.serving.segments import SEGMENT_BYTES, Segments, line, prune
from gitmodel.spec.model import MonitorSpec

from .conftest import SPEC, VERSION, forget_metrics, loans

with warnings.catch_warnings():  # it asks for another version of httpx than BentoML does
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

pytestmark = pytest.mark.filterwarnings("ignore")
KEY = "credit-risk"


@contextmanager
def client_of(package: Package, state: Path | None, home: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch, _own_modules():
        patch.setenv("BENTOML_HOME", str(home))
        patch.delenv("GITMODEL_STATE", raising=False)
        if state is not None:
            patch.setenv("GITMODEL_STATE", str(state))
        forget_metrics()
        service: Any = bentoml.load(str(package.folder))
        with TestClient(service.to_asgi(), raise_server_exceptions=False) as made:
            yield made


@pytest.fixture
def client(package: Package, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(package, tmp_path / "state", tmp_path) as made:
        yield made


@pytest.fixture
def row(package: Package) -> dict[str, Any]:
    return dict(package.smoke[0]["input"])


def kept(state: Path, kind: str = "predictions") -> list[dict[str, Any]]:
    files = sorted((state / kind / KEY).glob("*.jsonl"))
    return [json.loads(each) for file in files for each in file.read_bytes().splitlines()]


def soon(read: Callable[[], list[dict[str, Any]]], count: int) -> list[dict[str, Any]]:
    """Wait the second that a line may be late."""
    deadline = time.monotonic() + 1.0
    while len(found := read()) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_a_prediction_is_kept_under_the_id_of_its_answer(
    client: TestClient, package: Package, tmp_path: Path
) -> None:
    smoke = package.smoke[0]
    answer = client.post("/predict", json=smoke["input"], headers={"X-Request-Id": "order-7"})
    number = answer.headers["X-Prediction-Id"]
    assert re.fullmatch("[0-9a-f]{16}", number)
    (found,) = soon(lambda: kept(tmp_path / "state"), 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("at"))
    assert 0 < found.pop("ms") < 5000
    assert found == {
        "id": f"{number}-0",
        "model": "credit-risk",
        "version": "4",
        "request": "order-7",
        "input": smoke["input"],
        "output": smoke["output"],
    }


def test_each_row_of_many_has_an_id_of_its_own(client: TestClient, package: Package, tmp_path: Path) -> None:
    rows = [smoke["input"] for smoke in package.smoke] * 20
    number = client.post("/predict", json=rows).headers["X-Prediction-Id"]
    found = soon(lambda: kept(tmp_path / "state"), len(rows))
    assert [each["id"] for each in found] == [f"{number}-{index}" for index in range(len(rows))]
    assert [each["input"] for each in found] == rows


def test_a_failed_request_is_kept_without_what_it_said(client: TestClient, tmp_path: Path) -> None:
    answer = client.post("/predict", json={"term": "secret"}, headers={"X-Request-Id": "bad id\t"})
    assert answer.status_code == 400
    (found,) = soon(lambda: kept(tmp_path / "state"), 1)
    assert found["id"] == answer.headers["X-Prediction-Id"] + "-0"
    assert found["status"] == 400
    assert found.keys() == {"id", "at", "model", "version", "ms", "status"}


def test_predictions_of_who_deploys_are_not_kept(
    client: TestClient, row: dict[str, Any], tmp_path: Path
) -> None:
    client.post("/predict", json=row, headers={"X-Gitmodel-Probe": "1"})
    behind = {"X-Gitmodel-Probe": "1", "X-Forwarded-For": "192.0.2.7"}
    number = client.post("/predict", json=row, headers=behind).headers["X-Prediction-Id"]
    assert [each["id"] for each in soon(lambda: kept(tmp_path / "state"), 1)] == [f"{number}-0"]


def test_feedback_is_written_before_it_is_answered(client: TestClient, tmp_path: Path) -> None:
    item = {
        "prediction": "0123456789abcdef",
        "label": "bad",
        "by": "ada",
        "at": "2026-11-27T15:46:31+01:00",
    }
    answer = client.post("/feedback", json=item)
    assert answer.status_code == 202
    (found,) = kept(tmp_path / "state", "feedback")
    assert answer.json() == {"taken": 1, "ids": [found.pop("id")]}
    assert found == {
        "prediction": "0123456789abcdef-0",
        "at": "2026-11-27T14:46:31.000Z",
        "label": "bad",
        "origin": "user",
        "signal": "label",
        "by": "ada",
    }


def test_signals_and_many_at_once(client: TestClient, tmp_path: Path) -> None:
    items: list[dict[str, Any]] = [
        {"prediction": "0123456789abcdef-3", "signal": "click"},
        {"prediction": "0123456789abcdef-3", "signal": "rating", "label": 4.5, "origin": "import"},
        {"prediction": "0123456789abcdef-4", "label": False},
    ]
    assert client.post("/feedback", json=items).json()["taken"] == 3
    found = kept(tmp_path / "state", "feedback")
    assert [(each["label"], each["signal"], each["origin"]) for each in found] == [
        (True, "click", "user"),
        (4.5, "rating", "import"),
        (False, "label", "user"),
    ]
    assert client.post("/feedback", json=[]).json() == {"taken": 0, "ids": []}


GOOD = {"prediction": "0123456789abcdef-0", "label": "x"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "the body is not JSON"),
        (b"7", 400, "item 0: must be an object"),
        (json.dumps([GOOD, {**GOOD, "lable": 1}]).encode(), 400, "item 1: has the unknown field 'lable'"),
        (json.dumps({**GOOD, "prediction": "../../etc/passwd"}).encode(), 400, "`prediction` must be"),
        (json.dumps({"prediction": GOOD["prediction"]}).encode(), 400, "`label` must be"),
        (json.dumps({**GOOD, "label": {"a": 1}}).encode(), 400, "`label` must be"),
        (json.dumps({**GOOD, "label": "x" * 1001}).encode(), 400, "`label` must be"),
        (json.dumps({**GOOD, "label": 2**70}).encode(), 400, "`label` must be"),
        (json.dumps({**GOOD, "label": float("nan")}).encode(), 400, "`label` must be"),
        (json.dumps({**GOOD, "signal": ["click"]}).encode(), 400, "`signal` must be"),
        (json.dumps({**GOOD, "at": "yesterday"}).encode(), 400, "`at` must be a time"),
        (json.dumps({**GOOD, "at": "2026-11-27T15:46:31"}).encode(), 400, "`at` must be a time"),
        (json.dumps({**GOOD, "by": "a\nb"}).encode(), 400, "`by` must be"),
        (json.dumps({**GOOD, "model": "other"}).encode(), 422, "this is the model credit-risk, not other"),
        (json.dumps([GOOD] * 10_001).encode(), 413, "10001 labels at once"),
        (b" " * 8_000_001, 413, "more than 8000000 bytes"),
    ],
)
def test_feedback_that_is_refused_whole(
    client: TestClient, tmp_path: Path, body: bytes, status: int, error: str
) -> None:
    answer = client.post("/feedback", content=body)
    assert answer.status_code == status
    assert error in answer.json()["error"]
    assert kept(tmp_path / "state", "feedback") == []


def test_other_verbs_are_told_what_to_do(client: TestClient) -> None:
    assert client.get("/feedback").status_code == 405
    assert "POST" in client.get("/feedback").json()["error"]


def test_nothing_is_kept_without_a_folder(package: Package, row: dict[str, Any], tmp_path: Path) -> None:
    with client_of(package, None, tmp_path) as client:
        assert "X-Prediction-Id" in client.post("/predict", json=row).headers
        answer = client.post("/feedback", json=GOOD)
    assert answer.status_code == 503
    assert "GITMODEL_STATE" in answer.json()["error"]


def test_a_folder_that_cannot_be_written_fails_no_prediction(
    package: Package, row: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    with client_of(package, tmp_path / "state", tmp_path) as client:
        assert client.post("/predict", json=row).status_code == 200
        answer = client.post("/feedback", json=GOOD)
        assert answer.status_code == 503
        assert "none of it was" in answer.json()["error"]
        time.sleep(0.5)
        dropped = 'gitmodel_predictions_dropped_total{environment="",model="credit-risk",reason="disk"}'
        assert dropped in client.get("/metrics").text


def test_columns_that_are_left_out_and_hashed(artifact: Path, tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, monitor=MonitorSpec(exclude=("income",), hash=("grade",)))
    package = package_version(
        spec, VERSION, tmp_path, artifact=lambda: artifact, rows=loans, declared=Declared()
    )
    rows = [smoke["input"] for smoke in package.smoke]
    for name in ("one", "other"):
        with client_of(package, tmp_path / name, tmp_path) as client:
            client.post("/predict", json=rows)  # closing the service writes what waits
    one, other = ([each["input"] for each in kept(tmp_path / name)] for name in ("one", "other"))
    assert len(one) == len(rows)
    assert all("income" not in row for row in one)
    pairs = {(plain["grade"], hashed["grade"]) for plain, hashed in zip(rows, one, strict=True)}
    assert len(pairs) == len({plain["grade"] for plain in rows})
    assert not {hashed["grade"] for hashed in one} & {hashed["grade"] for hashed in other}
    assert (tmp_path / "one" / "salt").stat().st_mode & 0o777 == 0o600


def test_a_sample_is_kept(artifact: Path, row: dict[str, Any], tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, monitor=MonitorSpec(sample=0.5, keep=timedelta(days=1)))
    package = package_version(
        spec, VERSION, tmp_path, artifact=lambda: artifact, rows=loans, declared=Declared()
    )
    with client_of(package, tmp_path / "state", tmp_path) as client:
        numbers = [client.post("/predict", json=row).headers["X-Prediction-Id"] for _ in range(40)]
    wanted = [f"{number}-0" for number in numbers if number[0] in "01234567"]
    assert [each["id"] for each in kept(tmp_path / "state")] == wanted


def test_the_metrics(client: TestClient, row: dict[str, Any]) -> None:
    client.post("/predict", json=row)
    client.post("/predict", json={})
    client.post("/feedback", json=GOOD)
    text = client.get("/metrics").text
    for sample in (
        r'gitmodel_model_info\{.*version="4"\} 1\.0',
        r'gitmodel_predictions_total\{environment="",model="credit-risk",outcome="ok"\} [1-9]',
        r'gitmodel_predictions_total\{environment="",model="credit-risk",outcome="invalid"\} [1-9]',
        r'gitmodel_feedback_total\{environment="",model="credit-risk",signal="label"\} [1-9]',
        r"gitmodel_prediction_seconds_bucket\{",
    ):
        assert re.search(sample, text), sample


def test_the_document_tells_of_feedback(client: TestClient) -> None:
    document = client.get("/docs.json").json()
    assert document["paths"]["/feedback"]["post"]["operationId"] == "feedback"
    headers = document["paths"]["/predict"]["post"]["responses"]["200"]["headers"]
    assert "X-Prediction-Id" in headers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": float("nan"), "b": [float("inf")]}, '{"a":null,"b":[null]}'),
        ({"a": "\ud800 ü \U0001f600"}, '{"a":"? ü \U0001f600"}'),
        ({"a": "one\ntwo\r\u2028"}, '{"a":"one\\ntwo\\r\u2028"}'),
    ],
)
def test_a_line_is_what_every_reader_takes(value: object, text: str) -> None:
    assert line(value) == text.encode() + b"\n"


def test_segments_are_closed_by_size_and_never_shared(tmp_path: Path) -> None:
    one, other = Segments(tmp_path), Segments(tmp_path)
    assert one.append([b"1\n"])
    assert other.append([b"2\n"])
    assert not one.append([b"x" * SEGMENT_BYTES + b"\n"])
    assert one.append([b"3\n"])
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    for path in tmp_path.glob("*.jsonl"):
        path.unlink()
    assert one.append([b"4\n"])  # its file is gone: it begins another rather than lose the line
    assert [path.read_bytes() for path in tmp_path.glob("*.jsonl")] == [b"4\n"]
    one.close()
    other.close()


def test_the_oldest_closed_segments_go_first(tmp_path: Path) -> None:
    old = time.time() - 3600
    names = [f"20261127T0{hour}0000Z-7-000.jsonl" for hour in range(4)]
    for kind in ("predictions", "feedback"):
        (tmp_path / kind).mkdir()
        for name in names:
            (tmp_path / kind / name).write_bytes(b"{}\n" * 10)
            os.utime(tmp_path / kind / name, (old, old))
    newest = tmp_path / "predictions" / names[3]
    folders = [tmp_path / "predictions", tmp_path / "feedback"]
    gone = prune(folders, max_size=190, keep=86_400, open_segments=[newest])
    assert gone == [{"segment": name, "pruned": 10} for name in names[:2]]
    gone = prune(folders, max_size=60, keep=86_400, open_segments=[newest])
    assert [each["segment"] for each in gone] == [names[2], *names[:3]]
    assert newest.exists()
    assert prune(folders, max_size=10**9, keep=60, open_segments=[newest]) == [
        {"segment": names[3], "pruned": 10}
    ]


def test_figures_of_the_live_version_are_told(client: TestClient, tmp_path: Path) -> None:
    figure = {"metric": 'odd"', "window": "1d", "value": 0.5, "low": 0.4, "high": 0.6, "samples": 70}
    document = {"model": KEY, "version": "4", "environment": "live", "at": 1000, "figures": [figure]}
    assert "gitmodel_live_metric{" not in client.get("/metrics").text
    (tmp_path / "state/live").mkdir(parents=True)
    (tmp_path / f"state/live/{KEY}.json").write_text(json.dumps(document))
    text = client.get("/metrics").text
    labels = 'environment="live",metric="odd\\"",model="credit-risk",version="4",window="1d"'
    for name, value in {
        "metric": "0.5",
        "metric_low": "0.4",
        "metric_high": "0.6",
        "samples": "70.0",
        "measured_timestamp_seconds": "1000.0",
    }.items():
        assert f"gitmodel_live_{name}{{{labels}}} {value}\n" in text


def keeper_of(state: Path, **more: Any) -> Keeper:
    forget_metrics()
    kept = {"sample": 1.0, "exclude": [], "hash": [], "keep": 86_400.0, "max_size": 10**9, **more}
    return Keeper({"model": KEY, "version": "4"}, kept, state)


def counted(reason: str) -> float:
    labels = {"model": KEY, "environment": "", "reason": reason}
    return REGISTRY.get_sample_value("gitmodel_predictions_dropped_total", labels) or 0.0


def test_a_full_queue_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "QUEUE_ROWS", 10)
    keeper = keeper_of(tmp_path)
    monkeypatch.setattr(keeper, "_start", lambda: None)  # the disk is slow
    for number, rows in enumerate((15, 1, 3)):  # the first is larger than the queue, and nothing else waits
        keeper.predicted(f"{number:016x}", "", [{}] * rows, [{}] * rows, 1.0)
    assert counted("queue") == 4
    keeper.close()
    lines = kept(tmp_path)
    assert len({each["id"] for each in lines if "id" in each}) == 15
    assert [(each["dropped"], each["reason"]) for each in lines if "dropped" in each] == [(4, "queue")]


def test_a_row_that_is_too_long_is_dropped_alone(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    rows = [{"text": "x"}, {"text": "x" * 1_000_000}, {"text": "y"}]
    keeper.predicted("0" * 16, "", rows, [{}] * 3, 1.0)
    keeper.close()
    *lines, note = kept(tmp_path)
    assert [each["input"]["text"] for each in lines] == ["x", "y"]
    assert (note["dropped"], note["reason"], counted("too long")) == (1, "too long", 1)


def test_a_model_that_breaks_is_kept_as_500(tmp_path: Path, package: Package) -> None:
    from gitmodel.packaging.serving.api import Asked, respond  # BentoML warns of itself when it is imported

    class Broken:
        def answer(self, _rows: object) -> None:
            raise ZeroDivisionError

    keeper = keeper_of(tmp_path)
    signature = json.loads((package.folder / "src/model/signature.json").read_text())
    body = json.dumps(package.smoke[0]["input"]).encode()
    with pytest.raises(ZeroDivisionError):
        respond(Rows(signature["input"]), Broken(), Asked(body, "order-7"), keeper)
    keeper.close()
    (found,) = kept(tmp_path)
    assert (found["status"], found["request"], "input" in found) == (500, "order-7", False)
    labels = {"model": KEY, "environment": "", "outcome": "error"}
    assert REGISTRY.get_sample_value("gitmodel_predictions_total", labels) == 1


@pytest.mark.parametrize(("name", "value"), [("SEGMENT_BYTES", 200), ("SEGMENT_SECONDS", -1.0)])
def test_segments_are_closed_by_size_and_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: float
) -> None:
    monkeypatch.setattr(segments, name, value)
    made = Segments(tmp_path / "p")
    begun = [made.append([line({"n": number, "pad": "x" * 250})]) for number in range(4)]
    made.close()
    assert begun == [True] * 4
    files = sorted((tmp_path / "p").iterdir())
    assert [json.loads(file.read_bytes())["n"] for file in files] == [0, 1, 2, 3]


def test_a_shadow_keeps_its_predictions_apart(tmp_path: Path) -> None:
    forget_metrics()
    kept = {"sample": 1.0, "exclude": [], "hash": [], "keep": 86_400.0, "max_size": 10**9}
    keeper = Keeper({"model": KEY, "version": "5", "digest": "ab12"}, kept, tmp_path)
    mark = tmp_path / "shadow" / f"{KEY}.json"
    mark.parent.mkdir()
    for number, text in enumerate(('{"digest": "ab12"}', '{"digest": "cd34"}', "[", '{"digest": "ab12"}')):
        mark.write_text(text)
        keeper.predicted(f"{number}", "", [{"x": 1}], [{"prediction": 2}], 1.0)
        keeper.close()

    def numbers(kind: str) -> list[str]:
        files = sorted((tmp_path / kind / KEY).glob("*.jsonl"))
        return [json.loads(row)["id"] for file in files for row in file.read_text().splitlines()]

    assert numbers("shadow") == ["0-0", "3-0"]
    assert numbers("predictions") == ["1-0", "2-0"]
