"""The service itself: BentoML's class around an artifact."""

import json
from pathlib import Path
from typing import Any

import bentoml
from _bentoml_sdk.io_models import IORootModel  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.responses import Response

from ...artifacts.portable.problem import Problem  # noqa: TID252 - the same place in a package
from .openapi import document
from .pages import make_pages
from .rows import InvalidRows, Rows


def make_service(folder: Path) -> Any:
    """Return the BentoML service of the artifact, signature and identity in a folder.

    Nothing heavy is imported and no model loaded before a worker starts it.
    """
    signature = _read(folder, "signature")
    version = _read(folder, "version")
    policy = _read(folder, "policy")
    config: dict[str, Any] = {
        "workers": 1,
        "traffic": {"timeout": 60},
        "logging": {"access": {"enabled": False}},
    }

    @bentoml.service(name=version["model"], description=policy["description"], **config)
    class Model:
        """Predicts rows with the packaged artifact."""

        def __init__(self) -> None:
            self.rows = Rows(signature["input"])
            self.predictor = load_predictor(folder, policy)
            warm_up(self.rows, self.predictor, _read(folder, "smoke"))

        @bentoml.api(  # type: ignore[untyped-decorator]
            input_spec=_body(signature["input"], reads=True),
            output_spec=_body(signature["output"], reads=False),
        )
        def predict(self, body: bytes, /) -> Response:
            """Predict one row (an object) or many (an array)."""
            return respond(self.rows, self.predictor, body)

    about = document(version, policy["description"], signature, _read(folder, "smoke"))
    service: Any = Model
    service.mount_asgi_app(make_pages(version, about), name="pages")
    return service


def load_predictor(folder: Path, policy: dict[str, Any]) -> Any:
    """Load the packaged artifact."""
    from ...artifacts.portable.encodings import load  # noqa: TID252

    return load(
        policy["encoding"],
        folder / policy["artifact"],
        trusted_types=policy["trusted_types"],
        classes=policy["classes"],
    )


def warm_up(rows: Rows, predictor: Any, smoke: list[dict[str, Any]]) -> None:
    """Predict once before anyone waits for it: the first time, libraries import what they need."""
    from .answers import answers

    try:
        answers(predictor, rows.frame(rows.parse([row["input"] for row in smoke])))
    except Problem:
        return  # it is for who deploys to compare smoke predictions


def respond(rows: Rows, predictor: Any, body: bytes) -> Response:
    """Answer the body of a request."""
    from .answers import answers

    try:
        value = json.loads(body)
    except ValueError as error:
        return _answer({"error": f"the body is not JSON: {error}"}, 400)
    try:
        found = answers(predictor, rows.frame(rows.parse(value)))
    except InvalidRows as error:
        return _answer({"error": error.message, "detail": error.errors}, 400)
    except Problem as error:
        return _answer({"error": error.message}, 422)
    return _answer(found if isinstance(value, list) else found[0])


def _answer(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")


def _body(schema: dict[str, Any], *, reads: bool) -> Any:
    """Return what BentoML takes for the type of a body: its schema for people, its bytes for us.

    Reading the bytes ourselves spares BentoML's log a traceback for each bad request.
    """

    class Body(IORootModel[Any]):  # type: ignore[misc]
        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return {**schema, **({"root_input": True} if reads else {})}

        @classmethod
        async def from_http_request(cls, request: Request, serde: Any) -> Any:
            del serde
            return cls.model_construct(root=await request.body())

    Body.__root_input__ = reads
    return Body


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
