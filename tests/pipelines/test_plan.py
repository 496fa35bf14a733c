"""Which models a change touches: never too few, and as few as their pipelines tell."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import GitmodelError
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.planning import gone, plan_revision, touched
from gitmodel.pipelines.readers import read_pipelines
from gitmodel.spec import InvalidSpec
from tests.conftest import commit_all, make_repository

TRAIN = {"cmd": "python train.py", "deps": ["train.py"], "outs": ["model.joblib"]}


def model(name: str, stages: dict[str, object], **more: object) -> dict[str, str]:
    """Return the files of a model."""
    folder = f"models/{name}"
    return {
        f"{folder}/model.yaml": f"name: {name}\nartifact: {{path: model.joblib}}\n",
        f"{folder}/dvc.yaml": yaml.safe_dump({"stages": stages, **more}),
        f"{folder}/train.py": "pass\n",
    }


FILES = {
    **model("plain", {"train": TRAIN}),
    **model("shared", {"train": {**TRAIN, "deps": ["train.py", "../../shared/features.py"]}}),
    **model("folder", {"train": {**TRAIN, "deps": ["../../shared"]}}),
    **model("params", {"train": {**TRAIN, "params": [{"../../params.yaml": ["C"]}]}}),
    **model("data", {"train": {**TRAIN, "deps": ["../../data/loans.csv"]}}),
    **model("inside", {"train": {**TRAIN, "deps": ["../../data/many/one.csv"]}}),
    **model("stacked", {"train": {**TRAIN, "deps": ["../plain/model.joblib"]}}),
    **model("higher", {"train": {**TRAIN, "deps": ["../stacked/model.joblib"]}}),
    **model("prepared", {"train": {**TRAIN, "deps": ["../../prepare/out.csv"]}}),
    **model("elsewhere", {"train": {**TRAIN, "wdir": "../..", "deps": ["tool.py"]}}),
    **model("many", {"train": {"foreach": ["a", "b"], "do": {**TRAIN, "deps": ["../../${item}/in.csv"]}}}),
    **model("vars", {"train": TRAIN}, vars=["../../vars.yaml:section"]),
    **model("team/deep", {"train": TRAIN}),
    "prepare/dvc.yaml": yaml.safe_dump(
        {"stages": {"prepare": {"cmd": "x", "deps": ["prepare.py"], "outs": ["out.csv"]}}}
    ),
    "prepare/prepare.py": "pass\n",
    "shared/features.py": "pass\n",
    "shared/other.py": "pass\n",
    "params.yaml": "C: 1\n",
    "vars.yaml": "section: {}\n",
    "tool.py": "pass\n",
    "a/in.csv": "x\n",
    "data/loans.csv.dvc": "outs: []\n",
    "data/many.dvc": "outs: []\n",
    "README.md": "words\n",
    "scripts/plot.py": "pass\n",
    "requirements.txt": "numpy\n",
    "gitmodel.yaml": "models: ['models/**/model.yaml']\n",
}
ALL = sorted(
    path.removeprefix("models/").removesuffix("/model.yaml") for path in FILES if path.endswith("/model.yaml")
)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = make_repository(tmp_path_factory.mktemp("plan") / "repo")
    commit_all(made, FILES, "All models")
    return made


def names(repo: Repository, files: dict[str, str]) -> list[str]:
    """Commit a change on top of the first commit, and return the models that it touches."""
    repo.git("checkout", "-q", "--detach", "main")
    commit_all(repo, files)
    return [item.spec.name for item in plan_revision(repo, "HEAD", "main")]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("models/plain/train.py", ["higher", "plain", "stacked"]),
        ("models/stacked/train.py", ["higher", "stacked"]),
        ("models/higher/train.py", ["higher"]),
        ("models/team/deep/train.py", ["team/deep"]),
        ("shared/features.py", ["folder", "shared"]),
        ("shared/other.py", ["folder"]),
        ("shared/new.py", ["folder"]),
        ("params.yaml", ["params"]),
        ("vars.yaml", ["vars"]),
        ("tool.py", ["elsewhere"]),
        ("a/in.csv", ["many"]),
        ("data/loans.csv.dvc", ["data"]),
        ("data/many.dvc", ["inside"]),
        ("prepare/prepare.py", ["prepared"]),
        ("requirements.txt", ALL),
        ("gitmodel.yaml", ALL),
        ("README.md", []),
        ("models/plain/README.md", []),
        ("scripts/plot.py", []),
        ("environments/production.yaml", []),
        (".github/workflows/x.yml", []),
        (".gitlab-ci.yml", []),
    ],
)
def test_a_path_touches_the_models_that_read_it(repo: Repository, path: str, wanted: list[str]) -> None:
    more = "models: ['models/**/model.yaml']\nversions: integer\n" if path == "gitmodel.yaml" else "# more\n"
    if path.startswith("environments/"):
        more = "name: production\n"
    assert names(repo, {path: more}) == wanted


def test_the_reason_names_path_and_reader(repo: Repository) -> None:
    names(repo, {"shared/features.py": "# more\n"})
    found = {item.spec.name: item.reason for item in plan_revision(repo, "HEAD", "main")}
    assert found["shared"] == "shared/features.py changed, which train of models/shared reads"


def test_a_pipeline_that_cannot_be_read_is_looked_at(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    base = commit_all(repo, {"models/plain/dvc.yaml": "stages: [../what]\n"})
    commit_all(repo, {"scripts/plot.py": "# more\n"})
    found = {item.spec.name: item.reason for item in plan_revision(repo, "HEAD", base)}
    assert sorted(found) == ["higher", "plain", "stacked"]
    assert "models/plain/dvc.yaml is not plain" in found["plain"]


def test_a_broken_model_that_is_not_touched_stops_nothing(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    base = commit_all(repo, {"models/plain/model.yaml": "name: [\n"})
    commit_all(repo, {"models/data/train.py": "# more\n"})
    assert [item.spec.name for item in plan_revision(repo, "HEAD", base)] == ["data"]
    commit_all(repo, {"models/plain/train.py": "# more\n"})
    with pytest.raises(InvalidSpec, match=r"models/plain/model\.yaml"):
        plan_revision(repo, "HEAD", base)


def test_models_that_are_removed_or_moved(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    repo.git("rm", "-rq", "models/data")
    repo.git("mv", "models/params", "models/moved")
    commit_all(repo, {})
    head, base = resolve(repo, "HEAD"), resolve(repo, "main")
    assert head is not None
    assert base is not None
    assert gone(repo, head, base) == ["data"]
    assert [item.spec.name for item in touched(repo, head, base)] == ["params"]
    assert gone(repo, head, head) == []


def test_everything_is_new_without_a_base(repo: Repository) -> None:
    assert [item.spec.name for item in plan_revision(repo, "main", None)] == ALL


def test_a_model_at_the_root(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "root")
    files = {"model.yaml": "name: root\nartifact: {path: model.joblib}\n", "train.py": "pass\n", **FILES}
    files["dvc.yaml"] = yaml.safe_dump({"stages": {"train": TRAIN}})
    files["gitmodel.yaml"] = "models: [model.yaml, 'models/**/model.yaml']\n"
    commit_all(root, files)
    base = Oid(root.git("rev-parse", "HEAD"))
    commit_all(root, {"train.py": "# more\n"})
    assert "root" in [item.spec.name for item in plan_revision(root, "HEAD", base)]
    base = Oid(root.git("rev-parse", "HEAD"))
    commit_all(root, {"models/data/train.py": "# more\n"})
    assert [item.spec.name for item in plan_revision(root, "HEAD", base)] == ["data"]


@given(st.binary(max_size=200))
def test_no_pipeline_stops_the_plan(text: bytes) -> None:
    found = read_pipelines({"models/x/dvc.yaml": b"# ..\n" + text}, ["models/x/dvc.yaml"])
    try:
        list(found.readers("anything"))
    except GitmodelError as error:  # pragma: no cover - says what it was
        pytest.fail(str(error))
