"""The service itself: BentoML's class around an artifact."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bentoml
from _bentoml_sdk.io_models import IORootModel  # type: ignore[import-untyped]
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from ...artifacts.portable.problem import Problem  # noqa: TID252 - the same place in a package
from .keeping import Keeper, new_id, open_keeper
from .openapi import document
from .pages import make_pages
from .rows import InvalidRows, Rows

ID_HEADER = "X-Prediction-Id"
_PLAIN = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class Asked:
    """A request to predict: its body, the client's own id of it, and whether it is kept."""

    body: bytes
    request: str = ""
    kept: bool = True


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

    keepers = Keepers(version, policy["kept"])

    @bentoml.service(name=version["model"], description=policy["description"], **config)
    class Model:
        """Predicts rows with the packaged artifact."""

        def __init__(self) -> None:
            self.rows = Rows(signature["input"])
            self.predictor = load_predictor(folder, policy)
            warm_up(self.rows, self.predictor, _read(folder, "smoke"))
            self.keeper = keepers.open()

        @bentoml.on_shutdown  # type: ignore[untyped-decorator]
        def close(self) -> None:
            """Write what waits to be written."""
            self.keeper.close()

        def __metrics__(self, told: str) -> str:
            """Add to what BentoML tells Prometheus."""
            return self.keeper.metrics.complete(told)

        @bentoml.api(  # type: ignore[untyped-decorator]
            input_spec=_body(signature["input"], reads=True),
            output_spec=_body(signature["output"], reads=False),
        )
        def predict(self, body: Asked, /) -> Response:
            """Predict one row (an object) or many (an array)."""
            return respond(self.rows, self.predictor, body, self.keeper if body.kept else None)

    about = document(version, policy["description"], signature, _read(folder, "smoke"))
    service: Any = Model
    service.mount_asgi_app(make_pages(version, about, keepers.open), name="pages")
    if policy["allow_origins"]:
        service.add_asgi_middleware(CORSMiddleware, **allowed(policy["allow_origins"]))
    return service


def allowed(origins: list[str]) -> dict[str, Any]:
    """Return what pages of these origins may do from a browser: ask, and read the id of a prediction."""
    return {
        "allow_origins": origins,
        "allow_methods": ["GET", "POST"],
        "allow_headers": ["Content-Type", "X-Request-Id"],
        "expose_headers": [ID_HEADER],
    }


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


class Keepers:
    """Makes the keeper of a service once, and not before a worker runs."""

    def __init__(self, version: dict[str, Any], kept: dict[str, Any]) -> None:
        self._made: Keeper | None = None
        self._parts = version, kept

    def open(self) -> Keeper:
        """Return the keeper."""
        if self._made is None:
            self._made = open_keeper(*self._parts)
        return self._made


def respond(rows: Rows, predictor: Any, asked: Asked, keeper: Keeper | None) -> Response:
    """Answer a request, and keep what was asked and answered unless there is no keeper."""
    start = time.perf_counter()
    number = new_id()
    status, found, parsed = 500, None, None
    try:
        status, found, parsed = _predict(rows, predictor, asked.body)
    finally:
        ms = (time.perf_counter() - start) * 1000
        if keeper is not None and parsed is not None:
            keeper.predicted(number, asked.request, *parsed, ms)
        elif keeper is not None:
            keeper.failed(number, asked.request, status, ms)
    return Response(json.dumps(found), status, {ID_HEADER: number}, media_type="application/json")


Parsed = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def _predict(rows: Rows, predictor: Any, body: bytes) -> tuple[int, Any, Parsed | None]:
    """Return status, answer, and, where there is a prediction, rows and answers."""
    from .answers import answers

    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        return 400, {"error": f"the body is not JSON: {error}"}, None
    try:
        parsed = rows.parse(value)
        found = answers(predictor, rows.frame(parsed))
    except InvalidRows as error:
        return 400, {"error": error.message, "detail": error.errors}, None
    except Problem as error:
        return 422, {"error": error.message}, None
    return 200, found if isinstance(value, list) else found[0], (parsed, found)


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
            return cls.model_construct(root=await _asked(request))

    Body.__root_input__ = reads
    return Body


async def _asked(request: Request) -> Asked:
    given = request.headers.get("x-request-id", "")
    # Who deploys asks the service itself, not through a router; others cannot keep a request from being kept.
    probe = "x-gitmodel-probe" in request.headers and "x-forwarded-for" not in request.headers
    return Asked(await request.body(), given if _PLAIN.fullmatch(given) else "", not probe)


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
