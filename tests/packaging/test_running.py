"""A package as a real service on a loopback port."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.packaging import Package, check_port, command, serve

READY = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service has ended"
        try:
            if ask(port, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the service does not become ready")


@contextmanager
def running(argv: tuple[str, ...], env: dict[str, str], folder: Path, log: Path) -> Iterator[Any]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=folder, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.system
def test_a_service_from_start_to_end(package: Package, tmp_path: Path) -> None:
    port = free_port()
    service = serve(package, port=port)
    before = sorted(path for path in package.folder.rglob("*"))
    log = tmp_path / "log"
    with running(service.argv, service.environment, service.folder, log) as process:
        wait_until_ready(process, port)
        for smoke in package.smoke:
            status, body = ask(port, "POST", "/predict", smoke["input"])
            assert (status, json.loads(body)) == (200, smoke["output"])
        assert json.loads(ask(port, "GET", "/version")[1])["digest"] == package.digest
        assert ask(port, "POST", "/predict", {"term": 1})[0] == 400
        assert b"bentoml_service_request_total" in ask(port, "GET", "/metrics")[1]
        with pytest.raises(ToolFailed, match=f"port {port} of 127.0.0.1 is taken") as caught:
            serve(package, port=port)
        assert "--port" in caught.value.hint
        second = subprocess.run(service.argv, cwd=service.folder, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert "cannot listen" in second.stderr
        process.terminate()
        assert process.wait(20) == 0
    assert "Traceback" not in log.read_text()
    assert sorted(path for path in package.folder.rglob("*")) == before
    assert not (Path.home() / "bentoml").exists()


@pytest.mark.system
def test_ctrl_c_ends_a_service_without_a_traceback(package: Package, tmp_path: Path) -> None:
    port = free_port()
    service = serve(package, port=port)
    log = tmp_path / "log"
    with running(service.argv, service.environment, service.folder, log) as process:
        wait_until_ready(process, port)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.system
def test_bentoml_serves_the_folder_too(package: Package, tmp_path: Path) -> None:
    port = free_port()
    argv = (sys.executable, "-m", "bentoml", "serve", ".", "--host", "127.0.0.1", "--port", str(port))
    home = {"BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    home["GITMODEL_STATE"] = str(tmp_path / "state")
    about = package.read("version")
    figure = {"metric": "recall", "window": "7d", "value": 0.5, "low": 0.4, "high": 0.6, "samples": 9}
    own = {"model": about["model"], "version": about["version"], "environment": "live", "at": 1.0}
    figures = tmp_path / "state/live" / f"{about['model'].replace('/', '.')}.json"
    figures.parent.mkdir(parents=True)
    figures.write_text(json.dumps({**own, "figures": [figure]}))
    with running(argv, {**os.environ, **home}, package.folder, tmp_path / "log") as process:
        wait_until_ready(process, port)
        smoke = package.smoke[0]
        assert json.loads(ask(port, "POST", "/predict", smoke["input"])[1]) == smoke["output"]
        told = ask(port, "GET", "/metrics")[1].decode()
        assert told.count("gitmodel_live_metric{") == 1
        assert "gitmodel_predictions_total{" in told
        process.terminate()
        process.wait(20)


def test_the_command_leaves_the_port_to_who_starts_it() -> None:
    assert command(python="python") == ("python", "src/run.py", "--host", "127.0.0.1", "--port", "{port}")


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ToolFailed, match=r"cannot listen on 192.0.2.1:80"):
        check_port("192.0.2.1", 80)
