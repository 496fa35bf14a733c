"""Plots, notebooks and cards: made once of versions whose files are here, and harmless."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gitmodel.git.repository import Repository
from gitmodel.registry.versions import ArtifactRef, Facts, format_version
from gitmodel.site.build import build_site
from tests.cli.conftest import tag
from tests.conftest import commit_all, make_repository
from tests.site.test_building import read
from tests.site.world import HOSTILE

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/>{}</svg>'
_MODEL = f"name: tiny\ndescription: {json.dumps(HOSTILE)}\n"
_YAML = """\
stages:
  train: {cmd: "true", outs: [model.skops, report.ipynb, gone.ipynb]}
plots:
  - roc.csv: {title: "<b>ROC</b>", x: x, y: y}
  - good.svg
  - bad.svg
"""


def notebook(text: str) -> bytes:
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "source": "look()",
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": text}}],
        "id": "one",
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def cached(repo: Repository, data: bytes) -> str:
    """Put a file into DVC's cache; return its MD5."""
    assert repo.root is not None
    md5 = hashlib.md5(data).hexdigest()
    place = repo.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return md5


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with a version whose files are here, and one whose files are not."""
    repo = make_repository(tmp_path_factory.mktemp("tiny") / "repo")
    assert repo.root is not None
    (repo.root / ".dvc").mkdir()
    model, report = cached(repo, b"a model"), cached(repo, notebook(f"<b>Seen</b>{HOSTILE}"))
    outs = [("model.skops", model), ("report.ipynb", report), ("gone.ipynb", "0" * 32)]
    lines = "".join(f"    - {{path: {path}, md5: {md5}, size: 7}}\n" for path, md5 in outs)
    commit_all(
        repo,
        {
            ".gitignore": "/.dvc/cache\n",
            ".dvc/config": "",
            "model.yaml": _MODEL,
            "dvc.yaml": _YAML,
            "dvc.lock": f'schema: "2.0"\nstages:\n  train:\n    cmd: "true"\n    outs:\n{lines}',
            "roc.csv": "x,y\n0,0\n0.5,0.8\n1,1\n",
            "good.svg": _SVG.format(""),
            "bad.svg": _SVG.format("<script>alert(1)</script>"),
        },
    )
    for number, md5 in (("1", "f" * 32), ("2", model)):
        facts = Facts(f"Number {number}", artifact=ArtifactRef("model.skops", md5, size=7))
        tag(
            repo, f"tiny@v{number}", format_version("tiny", number, facts), f"2026-11-0{number}T00:00:00+0000"
        )
    return repo


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def site(tiny: Repository, lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "site"
    build_site(tiny, folder, lines.append)
    return folder


def details(site: Path, number: str) -> dict[str, Any]:
    found: dict[str, Any] = read(site, "v/tiny/0")[number]
    return found


def test_plots_are_drawn_and_pictures_that_could_act_are_left_out(site: Path) -> None:
    plots = details(site, "2")["plots"]
    assert [title for title, _ in plots] == ["<b>ROC</b>", "good.svg"]
    texts = [(site / file).read_text("utf-8") for _, file in plots]
    assert all(text.startswith("<svg") and "<script" not in text for text in texts)


def test_notebooks_are_pages_in_which_nothing_acts(site: Path) -> None:
    ((path, file),) = details(site, "2")["notebooks"]
    text = (site / file).read_text("utf-8")
    assert path == "report.ipynb"
    assert "<b>Seen</b>" in text
    assert "<script" not in text
    assert "onerror" not in text
    assert "default-src &#x27;none&#x27;" in text


def test_the_card_is_a_page_of_its_own(site: Path) -> None:
    ((title, file),) = details(site, "2")["card"]
    text = (site / file).read_text("utf-8")
    assert title == "Model card of tiny:2"
    assert "&lt;/script&gt;" in text
    assert "<script" not in text


def test_what_is_not_here_is_not_asked_for(site: Path, lines: list[str]) -> None:
    assert not {"plots", "notebooks", "card"} & details(site, "1").keys()
    assert [line for line in lines if "tiny:1" in line] == []


def test_they_are_made_once(tiny: Repository, site: Path, tmp_path: Path) -> None:
    told: list[str] = []
    again = build_site(tiny, tmp_path / "other", told.append)
    assert again.files == build_site(tiny, site, told.append).files
    assert not [line for line in told if "tiny:2" in line]
    kept = sorted((tiny.state / "site-parts").iterdir())
    assert len(kept) == 3
    kept[0].write_bytes(b"half")  # as a full disk leaves it
    build_site(tiny, tmp_path / "other", told.append)
    assert len([line for line in told if "tiny:2" in line]) == 1
    assert details(tmp_path / "other", "2") == details(site, "2")
