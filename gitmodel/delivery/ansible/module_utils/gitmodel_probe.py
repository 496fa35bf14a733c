"""Ask a service: is it ready, who is it, does it predict what it must. Standard library only."""

import http.client
import json
import math
import ssl
import time
from collections.abc import Callable
from typing import Any

from .gitmodel_layout import Program, VersionError

_WORDS = 2000


def ask(
    host: str, port: int, path: str, *, body: Any = None, seconds: float = 5.0, secure: bool = False
) -> "tuple[int, bytes] | None":
    """Return status and body of one request on a connection of its own, ``None`` where nobody answers.

    ``secure`` speaks TLS, and asks for no proof: the certificate is for the name that clients use.
    """
    if secure:
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=seconds, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    headers = {"Connection": "close"}
    try:
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            headers |= {"Content-Type": "application/json", "X-Gitmodel-Probe": "1"}  # no one's prediction
            connection.request("POST", path, body=json.dumps(body), headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def version_at(
    host: str, port: int, prefix: str = "", *, seconds: float = 2.0, secure: bool = False
) -> "dict[str, Any] | None":
    """Return what ``GET /version`` says, ``None`` where it does not answer with an object."""
    answer = ask(host, port, f"{prefix}/version", seconds=seconds, secure=secure)
    if answer is None or answer[0] != http.client.OK:
        return None
    try:
        found = json.loads(answer[1])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def is_version(answer: "dict[str, Any] | None", program: Program) -> bool:
    """Say whether an answer of ``/version`` comes from that program."""
    if answer is None:
        return False
    return (str(answer.get("model")), str(answer.get("version")), answer.get("digest")) == (
        program.model,
        program.version,
        program.digest,
    )


def is_ready(port: int) -> bool:
    """Say whether the service on that loopback port calls itself ready."""
    answer = ask("127.0.0.1", port, "/readyz", seconds=2.0)
    return answer is not None and answer[0] == http.client.OK


def wait(what: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    """Ask again and again until it is so; say whether it became so within the time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def check_identity(program: Program) -> None:
    """Make sure that who answers on the program's port is the program.

    Raises:
        VersionError: If not.
    """
    found = version_at("127.0.0.1", program.port)
    if not is_version(found, program):
        raise VersionError(
            f"the service on port {program.port} does not call itself {program.model} v{program.version}",
            detail=f"GET /version answers {json.dumps(found)}",
        )


def smoke(program: Program, rows: "list[dict[str, Any]]", host: str = "127.0.0.1") -> None:
    """Send each row's ``input`` to ``/predict`` and compare with its ``output``.

    Raises:
        VersionError: At the first answer that is not the expected one, with both.
    """
    for row in rows:
        answer = ask(host, program.port, "/predict", body=row["input"], seconds=30.0)
        told = f"input {json.dumps(row['input'])}, expected {json.dumps(row['output'])}"
        if answer is None:
            raise VersionError("a smoke prediction got no answer", detail=told)
        status, body = answer
        words = body.decode("utf-8", "replace")[:_WORDS]
        if status != http.client.OK:
            raise VersionError(f"a smoke prediction was answered with {status}", detail=f"{told}\n{words}")
        if not _same_answer(row["output"], body):
            raise VersionError("a smoke prediction is not the expected one", detail=f"{told}, found {words}")


def _same_answer(expected: Any, body: bytes) -> bool:
    try:
        return alike(expected, json.loads(body))
    except ValueError:
        return False


def alike(expected: Any, found: Any) -> bool:
    """Compare JSON values; numbers may differ in the last digits, as they do between processors."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(alike(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(alike, expected, found))
    if _is_number(expected) and _is_number(found):
        return math.isclose(expected, found, rel_tol=1e-5, abs_tol=1e-9)
    return type(expected) is type(found) and bool(expected == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
