"""JupyterLab as `gitmodel notebook --open` starts it: for this machine alone."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.notebooks import lab as module
from gitmodel.notebooks.lab import lab
from tests.delivery.models import add_version


def test_one_with_an_environment_of_its_own_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    monkeypatch.setattr("gitmodel.notebooks.lab.shutil.which", lambda _name, **_told: None)
    with pytest.raises(UsageError) as found:
        lab(tmp_path / "a.ipynb")
    assert "`uv tool install jupyterlab`" in found.value.hint
    monkeypatch.setattr("gitmodel.notebooks.lab.shutil.which", lambda name, **_told: f"lab/{name}")
    assert lab(tmp_path / "a.ipynb").argv[0] == "lab/jupyter-lab"


def test_it_listens_here_and_asks_nobody(tmp_path: Path) -> None:
    made = lab(tmp_path / "a b.ipynb")
    assert "--ServerApp.ip=127.0.0.1" in made.argv
    assert "--LabApp.news_url=None" in made.argv
    assert "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate" in made.argv
    assert "--LabApp.extension_manager=readonly" in made.argv
    token = made.environment["JUPYTER_TOKEN"]
    assert token not in " ".join(made.argv)  # which every user of the machine can read
    assert made.url.endswith(f"/lab/tree/a%20b.ipynb?token={token}")
    assert lab(tmp_path / "a b.ipynb").url != made.url


@pytest.mark.system
def test_open_starts_it_with_the_notebook(repo: Repository, tmp_path: Path) -> None:
    add_version(repo, 2)
    assert repo.root is not None
    command = [sys.executable, "-m", "gitmodel", "notebook", "credit-risk:1", "--open"]
    environment = {**os.environ, "BROWSER": "true"}
    with (tmp_path / "errors").open("wb") as errors:
        started = subprocess.Popen(
            command, cwd=repo.root, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
    try:
        assert started.stdout is not None
        lines = [started.stdout.readline(), started.stdout.readline()]
        address = urlsplit(lines[1].split(" ")[0])
        assert address.hostname == "127.0.0.1", lines
        token = parse_qs(address.query)["token"][0]
        place = f"http://{address.netloc}"
        assert "kernels" in ask(f"{place}/api/status", token)
        name = address.path.removeprefix("/lab/tree/")
        assert ask(f"{place}/api/contents/{name}?content=0", token)["type"] == "notebook"
        assert page_config(f"{place}/lab", token)["news"] == {"disabled": True}
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(f"{place}/api/status", "wrong")
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=30)
        assert started.stdout is not None
        started.stdout.close()


def get(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def ask(url: str, token: str) -> dict[str, object]:
    """Ask until the server is up."""
    for _ in range(240):
        try:
            found: dict[str, object] = json.loads(get(url, token))
        except (urllib.error.URLError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            time.sleep(0.5)
        else:
            return found
    raise AssertionError(f"{url} does not answer")


def page_config(url: str, token: str) -> dict[str, object]:
    page = get(url, token).decode()
    begin = page.index(">", page.index('id="jupyter-config-data"')) + 1
    found: dict[str, object] = json.loads(page[begin : page.index("</script>", begin)])
    return found
