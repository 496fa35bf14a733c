"""The generated service, in this process."""

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bentoml
import jsonschema
import pytest

from gitmodel.packaging import Package
from gitmodel.packaging.build import _own_modules

from .conftest import forget_metrics

with warnings.catch_warnings():  # it asks for another version of httpx than BentoML does
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def client(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch, _own_modules():
        patch.setenv("BENTOML_HOME", str(tmp_path_factory.mktemp("home")))
        forget_metrics()
        service: Any = bentoml.load(str(package.folder))
        with TestClient(service.to_asgi(), raise_server_exceptions=False) as made:
            yield made


@pytest.fixture
def row(package: Package) -> dict[str, Any]:
    return dict(package.smoke[0]["input"])


def test_one_row_is_answered_with_an_object(client: TestClient, package: Package) -> None:
    for smoke in package.smoke:
        answer = client.post("/predict", json=smoke["input"])
        assert answer.status_code == 200
        assert answer.json() == smoke["output"]
        jsonschema.validate(answer.json(), package.signature.output)


def test_many_rows_are_answered_with_an_array(client: TestClient, package: Package) -> None:
    answer = client.post("/predict", json=[smoke["input"] for smoke in package.smoke] * 50)
    assert answer.json() == [smoke["output"] for smoke in package.smoke] * 50
    assert client.post("/predict", json=[]).json() == []


def test_the_content_type_does_not_matter(client: TestClient, row: dict[str, Any]) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = client.post("/predict", content=json.dumps(row), headers={"Content-Type": kind})
        assert answer.status_code == 200, kind


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"{broken", "the body is not JSON: Expecting property name"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"5", "must be an object of the model's fields, not 5"),
        (b"{}", "funded amount: is missing (and 4 more)"),
    ],
)
def test_bodies_that_are_no_rows(
    client: TestClient, caplog: pytest.LogCaptureFixture, body: bytes, error: str
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = client.post("/predict", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)
    assert caplog.records == []


def test_a_wrong_field_is_named(
    client: TestClient, row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = client.post("/predict", json=[row, {**row, "term": "long"}])
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "row 1, term: must be a valid integer, not 'long'",
        "detail": [{"row": 1, "field": "term", "problem": "must be a valid integer, not 'long'"}],
    }
    assert caplog.records == []


def test_predict_takes_posts_only(client: TestClient) -> None:
    answer = client.get("/predict")
    assert answer.status_code == 405
    assert "POST one row" in answer.json()["error"]


def test_the_version(client: TestClient, package: Package) -> None:
    assert client.get("/version").json() == {
        "model": "credit-risk",
        "version": "4",
        "model_id": "4fbe8871",
        "commit": "9a1b2c3d" * 5,
        "tag": "credit-risk@v4",
        "digest": package.digest,
    }


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/healthz"])
def test_health(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_metrics_count_requests(client: TestClient, row: dict[str, Any]) -> None:
    client.post("/predict", json=row)
    text = client.get("/metrics").text
    assert "bentoml_service_request_total" in text
    assert 'endpoint="/predict"' in text


def test_the_openapi_document_shows_fields_types_and_examples(client: TestClient, package: Package) -> None:
    document = client.get("/docs.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "credit-risk"
    row = document["components"]["schemas"]["Row"]
    assert row["properties"] == package.signature.input["properties"]
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["one row"]["value"] == package.smoke[0]["input"]
    assert document["servers"] == [{"url": "."}]


def test_the_page_shows_it_and_calls_nobody_else(client: TestClient) -> None:
    page = client.get("/").text
    assert "http" not in page.replace("http-equiv", "")
    assert '<base href="./">' in page
    for path in ("static_content/swagger-ui.css", "static_content/swagger-ui-bundle.js", "docs.json"):
        assert client.get(f"/{path}").status_code == 200


@pytest.mark.parametrize(
    ("header", "base"),
    [("/credit-risk", "/credit-risk/"), ("/a/b/", "/a/b/"), ("//evil.org", "./"), ('/"><script>', "./")],
)
def test_the_page_behind_a_router(client: TestClient, header: str, base: str) -> None:
    assert f'<base href="{base}">' in client.get("/", headers={"X-Forwarded-Prefix": header}).text


def test_bentos_own_description_is_whole(package: Package) -> None:
    schema = json.loads((package.folder / "apis" / "schema.json").read_text())
    (route,) = schema["routes"]
    assert route["input"]["properties"] == package.signature.input["properties"]
    assert Path(package.folder / "bento.yaml").is_file()


def test_no_page_of_another_origin_may_ask(client: TestClient, row: dict[str, Any]) -> None:
    answer = client.post("/predict", json=row, headers={"Origin": "https://risk.example.org"})
    assert "access-control-allow-origin" not in answer.headers
