"""What a service answers beside predictions: its version, its OpenAPI document and the page that shows it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from .feedback import LONGEST_BODY, take_feedback
from .keeping import Keeper

# What a router strips from the path; Traefik says it in this header.
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]+)+")
_PAGE = Path(__file__).with_name("index.html")


def make_pages(
    version: Mapping[str, Any], document: Mapping[str, Any], keeper: Callable[[], Keeper]
) -> Starlette:
    """Return the application to mount at the root of the service."""
    page = _PAGE.read_text(encoding="utf-8").replace("{title}", str(document["info"]["title"]))

    async def index(request: Request) -> Response:
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        base = f"{prefix}/" if _PREFIX.fullmatch(prefix) else "./"
        return HTMLResponse(page.replace("{base}", base))

    async def show_version(request: Request) -> Response:
        del request
        return JSONResponse(version)

    async def show_document(request: Request) -> Response:
        del request
        return JSONResponse(document)

    async def explain_predict(request: Request) -> Response:
        del request
        words = "POST one row (an object) or many (an array of objects) as JSON"
        return JSONResponse({"error": words}, 405, {"Allow": "POST"})

    async def feedback(request: Request) -> Response:
        if request.method != "POST":
            words = "POST an object with `prediction` and `label`, or an array of them"
            return JSONResponse({"error": words}, 405, {"Allow": "POST"})
        status, answer = await run_in_threadpool(take_feedback, keeper(), await _body(request))
        return JSONResponse(answer, status)

    return Starlette(
        routes=[
            Route("/version", show_version),
            Route("/docs.json", show_document),
            Route("/predict", explain_predict, methods=["GET", "PUT", "PATCH", "DELETE"]),
            Route("/feedback", feedback, methods=["POST", "GET", "PUT", "PATCH", "DELETE"]),
            Route("/", index),
        ]
    )


async def _body(request: Request) -> bytes:
    """Read a body, and of one that is too long no more than shows it."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LONGEST_BODY:
            break
    return bytes(found)
