"""Which models a change touches: never too few, and as few as their pipelines tell."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.cli.ci import command
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.planning import Change, model_names, plan_revision
from gitmodel.pipelines.readers import reached
from gitmodel.spec import InvalidSpec, load_model
from gitmodel.training.digest import inputs_digest
from gitmodel.training.pipeline import open_dvc
from tests.conftest import commit_all, make_repository

KEYS = st.sampled_from(
    ["deps", "outs", "params", "wdir", "vars", "foreach", "do", "matrix", "item", "x", "metrics"]
)
TRAIN = {"cmd": "python train.py", "deps": ["train.py"], "outs": ["model.joblib"]}


def model(name: str, stages: dict[str, object], **more: object) -> dict[str, str]:
    """Return the files of a model."""
    folder = f"models/{name}"
    return {
        f"{folder}/model.yaml": f"name: {name}\nartifact: {{path: model.joblib}}\n",
        f"{folder}/dvc.yaml": yaml.safe_dump({"stages": stages, **more}),
        f"{folder}/train.py": "pass\n",
    }


SHARED = {**TRAIN, "deps": ["train.py", "../../shared/features.py"]}
FILES = {
    **model("plain", {"train": TRAIN}),
    **model("source", {"train": {**TRAIN, "deps": ["train.py", "src"]}}),
    "models/source/src/README.md": "words\n",
    **model("shared", {"train": SHARED}),
    **model("frozen", {"train": {**SHARED, "frozen": True}}),
    **model("folder", {"train": {**TRAIN, "deps": ["../../shared"]}}),
    **model("params", {"train": {**TRAIN, "params": [{"../../params.yaml": ["C"]}]}}),
    **model("data", {"train": {**TRAIN, "deps": ["../../data/loans.csv"]}}),
    **model("inside", {"train": {**TRAIN, "deps": ["../../data/many/one.csv"]}}),
    **model("named", {"train": {**TRAIN, "deps": ["../../raw/else.csv"]}}),
    **model("stacked", {"train": {**TRAIN, "deps": ["../plain/model.joblib"]}}),
    **model("higher", {"train": {**TRAIN, "deps": ["../stacked/model.joblib"]}}),
    **model("prepared", {"train": {**TRAIN, "deps": ["../../prepare/out.csv"]}}),
    **model("elsewhere", {"train": {**TRAIN, "wdir": "../..", "deps": ["tool.py"], "outs": ["made.joblib"]}}),
    **model(
        "many",
        {
            "train": {
                "foreach": ["a", "b"],
                "do": {**TRAIN, "deps": ["../../${item}/in.csv"], "outs": ["${item}.joblib"]},
            }
        },
    ),
    **model(
        "matrix",
        {
            "train": {
                "matrix": {"place": ["${near}", "../../b"], "file": [{"of": "in.csv"}]},
                "cmd": "x",
                "deps": ["${item.place}/${item.file.of}"],
                "outs": ["made-${key}.joblib"],
            }
        },
        vars=[{"near": "../../a"}],
    ),
    **model(
        "vars", {"train": {**TRAIN, "deps": ["${section.place}/in.csv"]}}, vars=["../../vars.yaml:section"]
    ),
    **model("filled", {"train": {**TRAIN, "cmd": "python train.py ${lib.size}", "deps": ["${lib.place}"]}}),
    "models/filled/params.yaml": "lib: {place: ../../shared/features.py, size: 3}\n",
    **model("team/deep", {"train": TRAIN}),
    **model("outer", {"train": {**TRAIN, "deps": ["inner/train.py"]}}),
    **model("outer/inner", {"train": TRAIN}),
    **model("anchored", {}),
    "models/anchored/dvc.yaml": """\
vars: [{all: &all {cmd: x, deps: [../../shared/other.py], outs: [model.joblib]}}]
stages: {train: {<<: *all, desc: words}}
""",
    "prepare/dvc.yaml": yaml.safe_dump(
        {
            "stages": {
                "prepare": {
                    "cmd": "x ${rows}",
                    "deps": ["prepare.py", "sub/in.csv"],
                    "outs": ["out.csv"],
                },
                "draw": {"cmd": "x", "deps": ["draw.py"], "outs": ["out.svg"]},
            }
        }
    ),
    "prepare/params.yaml": "rows: 3\n",
    "prepare/prepare.py": "pass\n",
    "prepare/draw.py": "pass\n",
    "prepare/sub/in.csv": "x\n",
    "prepare/sub/dvc.yaml": yaml.safe_dump({"stages": {"x": {"cmd": "x", "outs": ["x.csv"]}}}),
    "shared/features.py": "pass\n",
    "shared/other.py": "pass\n",
    "params.yaml": "C: 1\n",
    "vars.yaml": "section: {place: ../../a}\n",
    "tool.py": "pass\n",
    "a/in.csv": "x\n",
    "b/in.csv": "x\n",
    "data/loans.csv.dvc": f"outs: [{{path: loans.csv, md5: {'a' * 32}, size: 1}}]\n",
    "data/many.dvc": f"outs: [{{path: many, md5: {'b' * 32}.dir, size: 1, nfiles: 1}}]\n",
    "data/other.dvc": f"wdir: ../raw\nouts: [{{path: else.csv, md5: {'c' * 32}, size: 1}}]\n",
    "raw/.gitkeep": "",
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


def planned(repo: Repository, base: str = "main") -> list[Touched]:
    return [*plan_revision(repo, "HEAD", base).touched]


def names(repo: Repository, files: dict[str, str]) -> list[str]:
    """Commit a change on top of the first commit, and return the models that it touches."""
    repo.git("checkout", "-q", "--detach", "main")
    commit_all(repo, files)
    return [item.spec.name for item in planned(repo)]


def changed(path: str) -> str:
    """Return other content for one of the files."""
    if path.endswith(".dvc"):
        return re.sub(r"md5: .{32}", f"md5: {'d' * 32}", FILES[path])
    return OTHER.get(path, FILES.get(path, "") + "# more\n")


OTHER = {
    "gitmodel.yaml": FILES["gitmodel.yaml"] + "versions: integer\n",
    "params.yaml": "C: 2\n",
    "prepare/params.yaml": "rows: 4\n",
    "vars.yaml": "section: {place: ../../b}\n",
    "models/filled/params.yaml": "lib: {place: ../../shared/other.py, size: 3}\n",
    "environments/production.yaml": "name: production\n",
    "prepare/dvc.yaml": FILES["prepare/dvc.yaml"].replace("prepare:", "ready:"),
    "models/plain/dvc.yaml": FILES["models/plain/dvc.yaml"].replace("python", "python3"),
}
CASES = [
    ("models/plain/train.py", ["higher", "plain", "stacked"]),
    ("models/plain/dvc.yaml", ["higher", "plain", "stacked"]),
    ("models/plain/notes.txt", ["plain"]),
    ("models/stacked/train.py", ["stacked"]),
    ("models/higher/train.py", ["higher"]),
    ("models/team/deep/train.py", ["team/deep"]),
    ("models/outer/inner/train.py", ["outer", "outer/inner"]),
    ("models/source/src/README.md", ["source"]),
    ("models/filled/params.yaml", ["filled"]),
    ("shared/features.py", ["filled", "folder", "frozen", "shared"]),
    ("shared/other.py", ["anchored", "folder"]),
    ("shared/README.md", ["folder"]),
    ("params.yaml", ["params"]),
    ("vars.yaml", ["vars"]),
    ("tool.py", ["elsewhere"]),
    ("a/in.csv", ["many", "matrix", "vars"]),
    ("b/in.csv", ["many", "matrix"]),
    ("data/loans.csv.dvc", ["data"]),
    ("data/many.dvc", ["inside"]),
    ("data/other.dvc", ["named"]),
    ("prepare/prepare.py", ["prepared"]),
    ("prepare/sub/in.csv", ["prepared"]),
    ("prepare/params.yaml", ["prepared"]),
    ("prepare/dvc.yaml", ["prepared"]),
    ("prepare/draw.py", []),
    ("requirements.txt", ALL),
    ("gitmodel.yaml", ALL),
    ("README.md", []),
    ("models/plain/README.md", []),
    ("scripts/plot.py", []),
    ("environments/production.yaml", []),
    (".github/workflows/x.yml", []),
    (".gitlab-ci.yml", []),
]


@pytest.mark.parametrize(("path", "wanted"), CASES)
def test_a_path_touches_the_models_that_read_it(repo: Repository, path: str, wanted: list[str]) -> None:
    assert names(repo, {path: changed(path)}) == wanted


def digests(repo: Repository, rev: str) -> dict[str, str]:
    """Return what DVC says of the inputs of each model."""
    commit = resolve(repo, rev)
    assert commit is not None
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        return {
            name: inputs_digest(
                repo, commit, dvc, dvc.stages(f"models/{name}/dvc.yaml"), load_model(repo, commit, name)
            )
            for name in ALL
        }


@pytest.mark.system
def test_a_plan_names_the_models_whose_inputs_differ(repo: Repository) -> None:
    # What lies in a model's folder may be read by a command, and settings by all.
    unread = ("models/plain/notes.txt", "models/stacked/train.py", "models/higher/train.py")
    looked_at = {*unread, "gitmodel.yaml"}
    before = digests(repo, "main")
    for path, _ in CASES:
        touched = names(repo, {path: changed(path)})
        after = digests(repo, "HEAD")
        differ = {name for name in ALL if before[name] != after[name]}
        assert differ <= set(touched), path
        assert path in looked_at or differ == set(touched), path


def test_the_reason_names_path_and_reader(repo: Repository) -> None:
    names(repo, {"shared/features.py": "# more\n", "prepare/prepare.py": "# more\n", "data/many.dvc": "{}\n"})
    found = {item.spec.name: item.reason for item in planned(repo)}
    assert found["shared"] == "shared/features.py changed, which train of models/shared reads"
    assert found["inside"] == "data/many.dvc changed, which train of models/inside reads"
    assert found["prepared"] == (
        "prepare/prepare.py changed, which prepare of prepare reads, "
        "and train of models/prepared reads prepare/out.csv"
    )


def test_what_a_stage_that_is_gone_has_made_is_missed(repo: Repository) -> None:
    (Path(str(repo.root)) / "prepare/dvc.yaml").unlink()
    assert names(repo, {"prepare/dvc.yaml": "stages: {}\n"}) == ["prepared"]


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        ("stages: [../what]\n", "what models/plain/dvc.yaml reads is not plain"),
        ("stages: {t: {cmd: x, deps: ['${no.value}']}}\n", "what t of models/plain reads is not plain"),
        ("stages: {t: {foreach: '${no}', do: {cmd: x, deps: ['${item}']}}}\n", "t of models/plain reads"),
        ("stages: {t: {cmd: x, wdir: '${no.value}', deps: [a]}}\n", "t of models/plain reads"),
        ("vars: [1e3: {}]\nstages: {t: {cmd: x, wdir: ../.., deps: [.]}}\n", "t of models/plain reads"),
    ],
)
def test_a_pipeline_that_cannot_be_told_is_looked_at(repo: Repository, pipeline: str, reason: str) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    base = commit_all(repo, {"models/plain/dvc.yaml": pipeline})
    commit_all(repo, {"scripts/plot.py": "# more\n"})
    found = {item.spec.name: item.reason for item in planned(repo, base)}
    assert reason in found["plain"]
    assert found["plain"].startswith("scripts/plot.py changed, and")


def test_a_broken_model_stops_no_other(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    base = commit_all(
        repo, {"models/plain/model.yaml": "name: [\n", "models/vars/model.yaml": "name: vars\nx: 1\n"}
    )
    commit_all(repo, {"models/data/train.py": "# more\n"})
    assert [item.spec.name for item in planned(repo, base)] == ["data"]
    commit_all(repo, {"models/plain/train.py": "# more\n", "models/vars/train.py": "# more\n"})
    found = {item.spec.name: item for item in planned(repo, base)}
    assert sorted(found) == ["data", "higher", "plain", "stacked", "vars"]
    assert found["data"].checked().name == "data"
    assert found["vars"].reason == "models/vars/train.py changed, and models/vars/model.yaml is not valid"
    for name in ("plain", "vars"):
        with pytest.raises(InvalidSpec, match=rf"models/{name}/model\.yaml"):
            found[name].checked()


def test_a_broken_model_that_cannot_be_named_is_an_error(repo: Repository) -> None:
    with pytest.raises(InvalidSpec, match=r"models/\$\(x\)/model\.yaml"):
        names(repo, {"models/$(x)/model.yaml": "name: '$(x)'\n"})


def test_two_models_of_one_name(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    commit_all(repo, {f"models/{place}/model.yaml": "name: twice\n" for place in ("one", "two")})
    (item,) = planned(repo)
    with pytest.raises(InvalidSpec, match="a name of its own"):
        item.checked()


def test_the_command_says_what_is_touched_gone_and_broken(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    repo.git("rm", "-rq", "models/data")
    commit_all(repo, {"models/vars/model.yaml": "name: vars\nx: 1\n", "shared/other.py": "# more\n"})
    monkeypatch.chdir(Path(str(repo.root)))
    done = CliRunner().invoke(command, ["plan", "--base", "main"], help_option_names=["-h", "--help"])
    assert done.exit_code == InvalidSpec.exit_code
    assert "folder    shared/other.py changed, which train of models/folder reads\n" in done.stdout
    assert "data      it is gone; nothing follows\n" in done.stdout
    assert done.stderr.startswith("error: models/vars/model.yaml:2: ")


def test_models_that_are_removed_or_moved(repo: Repository) -> None:
    repo.git("checkout", "-q", "--detach", "main")
    repo.git("rm", "-rq", "models/data")
    repo.git("mv", "models/params", "models/moved")
    commit_all(repo, {})
    found = plan_revision(repo, "HEAD", "main")
    assert found.gone == ("data",)
    assert [item.spec.name for item in found.touched] == ["params"]
    assert plan_revision(repo, "HEAD", "HEAD") == Change(())


def test_everything_is_new_without_a_base(repo: Repository) -> None:
    assert [item.spec.name for item in plan_revision(repo, "main", None).touched] == ALL
    assert model_names(repo, Oid(repo.git("rev-parse", "main"))) == set(ALL)


def test_a_model_at_the_root(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "root")
    files = {"model.yaml": "name: root\nartifact: {path: model.joblib}\n", "train.py": "pass\n", **FILES}
    files["dvc.yaml"] = yaml.safe_dump({"stages": {"train": {**TRAIN, "deps": ["train.py", "docs/a.txt"]}}})
    files["gitmodel.yaml"] = "models: [model.yaml, 'models/**/model.yaml']\n"
    base = commit_all(root, files)
    for path, wanted in {
        "train.py": ["root"],
        "models/data/train.py": ["data"],
        "docs/a.txt": ["root"],
        "docs/b.txt": [],
    }.items():
        commit_all(root, {path: "# more\n"})
        assert [item.spec.name for item in planned(root, base)] == wanted
        base = root.git("rev-parse", "HEAD")


class Files(dict[str, bytes]):
    """Files in memory."""

    def paths(self) -> list[str]:
        return [*self]

    def read(self, wanted: Iterable[str]) -> dict[str, bytes | None]:
        return {path: self.get(path) for path in wanted}


NODES = st.recursive(
    st.sampled_from(["../a", "${item}", "${x.y}", "${", "", "train.py", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200) | NODES.map(lambda node: yaml.safe_dump({"stages": {"t": node}}).encode()))
def test_no_pipeline_stops_the_plan(text: bytes) -> None:
    files = Files({"models/x/dvc.yaml": b"# ..\n" + text, "models/x/params.yaml": text, "d.dvc": text})
    changed = ["anything", "d.dvc", "models/x/dvc.yaml"]
    reached(changed, files.paths(), files, files)


def test_yaml_that_unfolds_is_bounded() -> None:
    bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n" + "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    axes = ", ".join(f"a{n}: *x0" for n in range(12))
    each = "foreach: *x11, do: {deps: ['${item}']}"
    cells = f"matrix: {{{axes}}}, deps: ['${{item.a0}}']"
    text = f"{bomb}stages:\n  t: {{{each}}}\n  u: {{{cells}}}\n"
    files = Files({"m/dvc.yaml": text.encode()})
    assert reached(["anything"], files.paths(), files, files) == {
        "m/dvc.yaml": "anything changed, and what t of m reads is not plain"
    }
