"""Two versions side by side, from what git knows of them."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, format_version
from gitmodel.reports.compare import compare, comparison_document, comparison_text
from gitmodel.reports.contract import ContractChange
from tests.conftest import commit_all


def register(repo: Repository, number: str, files: dict[str, str], facts: dict[str, object]) -> None:
    commit_all(repo, files)
    commit = repo.git("rev-parse", "HEAD")
    said = Facts("Trained", encoding="joblib", run=RunRef(commit, number * 64), **facts)  # type: ignore[arg-type]
    text = format_version("risk", number, said)
    repo.git("tag", "-a", "--cleanup=verbatim", "-F", "-", f"risk@v{number}", stdin=text.encode())


@pytest.fixture
def two(repo: Repository) -> Repository:
    """Return a repository of two models, one of which has two versions."""
    register(
        repo,
        "1",
        {
            "models/risk/model.yaml": "name: risk\n",
            "models/risk/train.py": "one\n",
            "models/other/model.yaml": "name: other\n",
            "requirements.txt": "# pinned\nScikit-Learn==1.5.0 \\\n  --hash=sha256:00\nnumpy==2.0\n",
        },
        {
            "metrics": {"auc": 0.8, "loss": 0.3},
            "parameters": {"tree": {"depth": 4}, "name": "a\x1b"},
            "data": {"data/train.csv": DataRef("1" * 32, 10, 100)},
            "artifact": ArtifactRef("models/risk/m.joblib", "2" * 32, "3" * 64, 5),
        },
    )
    register(
        repo,
        "2",
        {
            "models/risk/train.py": "two\nlines\n",
            "models/risk/dvc.lock": "written: by training\n",
            "models/other/train.py": "of another\n",
            "shared.py": "x\n",
            "requirements.txt": "scikit-learn==1.6.1\nnumpy==2.0\n",
        },
        {
            "metrics": {"auc": 0.9, "loss": 0.4},
            "parameters": {"tree": {"depth": 6}, "name": "a\x1b", "seed": 1},
            "data": {"data/train.csv": DataRef("4" * 32, 12, 120)},
            "artifact": ArtifactRef("models/risk/m.joblib", "2" * 32, "5" * 64, 6),
        },
    )
    return repo


TEXT = """\
metrics: 1 better, 1 worse; CLIENTS BREAK, see Signature

Metrics
  metric  v1   v2   change
  auc     0.8  0.9  +0.1    better
  loss    0.3  0.4  +0.1    worse

Parameters
              v1  v2
  seed        -   1
  tree.depth  4   6

Data
                  v1                            v2
  data/train.csv  md5:11111111 10 rows 100 bytes  md5:44444444 12 rows 120 bytes

Artifact
          v1            v2
  sha256  333333333333  555555555555
  size    5 bytes       6 bytes

Code
  models/risk/train.py  +2  -1
  requirements.txt      +1  -3
  shared.py             +1  -0

Environment
                v1     v2
  scikit-learn  1.5.0  1.6.1

Signature
  breaks  input  age  is required now"""


def test_all_that_differs(two: Repository) -> None:
    old, new = (Registry(two).version(f"risk:{number}") for number in "12")
    found = compare(two, old, new, [ContractChange("input", "age", "is required now", breaks=True)])
    lines = comparison_text(found)
    assert lines[0] == f"risk:1 ({old.model_id}) -> risk:2 ({new.model_id})"
    squeezed = [" ".join(line.split()) for line in lines[1:]]
    assert squeezed == [" ".join(line.split()) for line in TEXT.split("\n")]
    document = comparison_document(found)
    assert document["clients_break"] is True
    assert document["parameters"] == [
        {"name": "seed", "old": None, "new": "1"},
        {"name": "tree.depth", "old": "4", "new": "6"},
    ]


def test_what_is_not_known_is_said(two: Repository) -> None:
    two.git("tag", "-a", "-m", "By hand", "risk@v3", "HEAD")
    two.git("rm", "-q", "requirements.txt")
    commit_all(two, {})
    two.git("tag", "-a", "-m", "By hand", "risk@v4")
    old, new = (Registry(two).version(f"risk:{number}") for number in "34")
    found = compare(two, old, new, unknown="the artifact is gone")
    text = "\n".join(comparison_text(found))
    assert "no metric moved; whether clients break is not known: the artifact is gone" in text
    assert "not known: not both have a lock file" in text
    assert comparison_document(found)["clients_break"] is None
