"""The registry from Python: of a repository here, and of one elsewhere."""

import doctest
import json
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import joblib
import pandas as pd
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

import gitmodel
import gitmodel.api
from gitmodel import process
from gitmodel.api import Missing, Registry, StaleWarning
from gitmodel.delivery.promotion import promote
from gitmodel.errors import GitmodelError, InvalidFile, Refused, ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.steps import register_model
from gitmodel.registry.registry import Registry as Questions
from gitmodel.training import objects
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import push

ROOT = Path(__file__).resolve().parents[1]
TRAIN = """\
import json, pathlib, re, shutil
depth = int(re.search(r"max_depth: (\\d+)", pathlib.Path("params.yaml").read_text())[1])
for ending in ("skops", "joblib"):
    shutil.copy(f"fitted-{depth}.{ending}", f"model.{ending}")
pathlib.Path("metrics.json").write_text(json.dumps({"accuracy": 0.85, "depth": depth}))
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py, fitted-4.skops, fitted-5.skops]
    params: [max_depth]
    outs: [model.skops, model.joblib]
    metrics:
      - metrics.json: {cache: false}
"""
RISK = "name: credit-risk\nartifact: {path: model.skops}\nmetrics: [metrics.json]\n"
FILES = {
    "models/credit-risk/model.yaml": RISK,
    "models/credit-risk/dvc.yaml": PIPELINE,
    "models/credit-risk/params.yaml": "max_depth: 4\n",
    "models/credit-risk/train.py": TRAIN,
    "models/credit-risk/.gitignore": "/model.skops\n/model.joblib\n",
    "models/pickled/model.yaml": RISK.replace("credit-risk", "pickled").replace("skops", "joblib"),
    "models/small/model.yaml": RISK.replace("credit-risk", "small"),
    "models/small/model.skops": "a file that git itself holds",
    "models/small/metrics.json": '{"accuracy": 0.5}',
    ".dvc/config": "[core]\n    analytics = false\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    "large.bin": "x" * 100_000,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a server and its data: two versions of one model, one each of two others."""
    folder = tmp_path_factory.mktemp("made")
    author = make_repository(folder / "author")
    _fit(folder / "author" / "models" / "credit-risk")
    commit_all(author, FILES, "A first tree")
    process.run(["git", "init", "-q", "--bare", str(folder / "models.git")])
    server = Repository.open(folder / "models.git")
    server.git("config", "uploadpack.allowFilter", "true")
    push(author, server.git_dir)
    register_model(server, "credit-risk", rev="main", say=print)
    first = Questions(server).version("credit-risk:1")
    promote(server, first, "production", by="ada@example.org")
    commit_all(author, {"models/credit-risk/params.yaml": "max_depth: 5\n"}, "A deeper tree\n\nIt may help.")
    push(author, server.git_dir)
    register_model(server, "credit-risk", rev="main", say=print)
    server.git("tag", "-a", "-m", "By hand", "small@v1", "main")
    _pickled(server, first.tag)
    shutil.rmtree(server.state)
    shutil.rmtree(folder / "author")
    return folder


def _fit(folder: Path) -> None:
    """Write what the pipeline copies: fitting here spares each training the imports."""
    folder.mkdir(parents=True)
    for depth in (4, 5):
        tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
        tree.fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], ["no", "yes", "yes", "no"])
        skops.io.dump(tree, folder / f"fitted-{depth}.skops")
        joblib.dump(tree, folder / f"fitted-{depth}.joblib")


def _pickled(server: Repository, tag: str) -> None:
    """Tag the same training once more, for a model whose artifact is the other file."""
    lock = server.git("show", f"{tag}:models/credit-risk/dvc.lock")
    md5 = next(
        line
        for line in lock.splitlines()[lock.splitlines().index("    - path: model.joblib") :]
        if "md5:" in line
    )
    facts = {"path": "models/credit-risk/model.joblib", "md5": md5.split()[-1]}
    message = f"A pickle\n\nContent-Encoding: joblib\nArtifact: {json.dumps(facts)}"
    server.git("tag", "-a", "-m", message, "pickled@v1", f"{tag}^{{commit}}")


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the folder, with a cache of its own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def server(place: Path) -> Repository:
    return Repository.open(place / "models.git")


@pytest.fixture
def url(place: Path) -> str:
    return f"file://{place}/models.git"


@pytest.fixture(scope="module", params=["clone", "server", "url"])
def registry(
    request: pytest.FixtureRequest, made: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """Return the registry of each kind of source; the tests that use it only read."""
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    server = Repository.open(folder / "models.git")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        if request.param == "url":
            yield gitmodel.open(f"file://{server.git_dir}")
        elif request.param == "server":
            yield gitmodel.open(server.git_dir)
        else:
            yield gitmodel.open(clone(server, folder / "copy").workdir / "models").refresh()


def test_it_is_a_mapping(registry: Registry) -> None:
    assert list(registry) == ["credit-risk", "pickled", "small"]
    assert len(registry) == 3
    assert "credit-risk" in registry
    assert "Credit Risk" not in registry
    assert registry.get("none") is None
    assert registry.environments == ("production",)
    assert repr(registry) == "<gitmodel registry: credit-risk, pickled, small>"


def test_versions_are_found_by_number_word_and_environment(registry: Registry) -> None:
    model = registry["credit-risk"]
    second, first = model
    assert [version.version for version in model.versions] == ["2", "1"]
    assert (
        model[1] == model["1"] == model["production"] == registry.version("credit-risk:production") == first
    )
    assert model.latest == model["latest"] == registry.version(second.id) == second
    assert {model[1], first} == {first}
    assert first in model
    assert "production" in model
    assert 3 not in model
    assert len(model) == 2
    assert repr(model.versions) == "(<credit-risk:2>, <credit-risk:1>)"


def test_what_is_known_of_a_version(registry: Registry) -> None:
    version = registry["credit-risk"][2]
    assert (version.name, version.model, version.tag) == ("credit-risk:2", "credit-risk", "credit-risk@v2")
    assert version.metrics == {"accuracy": 0.85, "depth": 5}
    assert version.parameters == {"max_depth": 5}
    assert version.description == "A deeper tree\n\nIt may help."
    assert (version.encoding, version.algo) == ("skops", "DecisionTreeClassifier")
    assert version.data == {}
    assert version.date is not None
    assert version.date.utcoffset() == timedelta(0)
    assert len(version.commit) == 40
    assert version.environments == ()
    assert registry["credit-risk"][1].environments == ("production",)
    assert {record.metrics["depth"] for record in version.history} == {5}
    assert "2" in {record.version for record in version.history}


def test_a_tag_made_by_hand_is_completed_from_its_commit(registry: Registry) -> None:
    version = registry["small"]["latest"]
    assert version.metrics == {"accuracy": 0.5}
    assert version.description == "By hand"
    assert version.path().read_text() == "a file that git itself holds"
    with pytest.raises(InvalidFile, match="cannot be loaded as skops"):
        version.load()


def test_versions_are_compared(registry: Registry) -> None:
    second, first = registry["credit-risk"]
    found = first.diff(second)
    assert [(pair.name, pair.old, pair.new) for pair in found.parameters] == [("max_depth", "4", "5")]
    assert [(change.metric, change.delta) for change in found.metrics] == [("accuracy", 0.0), ("depth", 1)]
    assert found.code == [("models/credit-risk/params.yaml", "1", "1")]


def test_the_artifact_is_ready_to_use(registry: Registry) -> None:
    version = registry["credit-risk"]["production"]
    assert version.artifact is not None
    assert (version.path().name, version.path().stat().st_size) == ("model.skops", version.artifact.size)
    rows = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    assert version.load().predict(rows).tolist() == ["no", "yes"]


def test_only_the_caller_trusts(registry: Registry) -> None:
    version = registry["pickled"].latest
    with pytest.raises(Refused, match="runs what it says") as caught:
        version.load()
    assert 'load(trusted=["joblib"])' in caught.value.hint
    with pytest.raises(Refused):
        version.load(trusted="my.joblib.Type")
    assert version.load(trusted=["joblib"]).algo == "DecisionTreeClassifier"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("credit-risc",), 'did you mean "credit-risk"'),
        (("zebra",), "there are: credit-risk, pickled, small"),
        ((4,), "there is no model 4"),
        (("credit-risk", 7), "latest version of credit-risk is 2"),
        (("credit-risk", "staging"), "environments with a branch: production"),
        (("small", "production"), "no version of small was promoted to production"),
    ],
)
def test_what_is_missing_is_told_with_what_there_is(
    registry: Registry, asked: tuple[str, ...], told: str
) -> None:
    found: object = registry
    *first, last = asked
    for key in first:
        found = registry[key]
    with pytest.raises(KeyError) as caught:
        found[last]  # type: ignore[index]
    assert isinstance(caught.value, Missing)
    assert isinstance(caught.value, GitmodelError)
    assert told in str(caught.value)


def test_a_registry_without_models(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for source in (str(repo.root), f"file://{repo.root}"):
        empty = gitmodel.open(source)
        assert (list(empty), empty.environments) == ([], ())
        with pytest.raises(Missing, match="nothing is registered"):
            empty["credit-risk"]
    with pytest.raises(UsageError, match="not inside a git repository"):
        gitmodel.open(tmp_path)


def test_a_version_that_cannot_be_read_hides_no_other(server: Repository, url: str) -> None:
    server.git("tag", "-a", "-m", "Bad\n\nMetrics: [1", "credit-risk@v9", "main")
    server.git("tag", "-a", "-m", "Bad\n\nMetrics: [1", "broken@v1", "main")
    registry = gitmodel.open(url)
    assert registry["credit-risk"].latest.version == "2"
    with pytest.raises(InvalidFile, match="Metrics"):
        registry["credit-risk"][9]
    with pytest.raises(Missing, match="no version of broken can be read"):
        registry["broken"]["latest"]


# ---- of a URL


def _cached(place: Path) -> Path:
    (copy,) = place.glob("cache/gitmodel/repositories/*/")
    return copy


def test_a_url_is_not_cloned(url: str, place: Path) -> None:
    registry = gitmodel.open(url)
    registry["credit-risk"]["production"].load()
    size = sum(file.stat().st_size for file in _cached(place).rglob("*") if file.is_file())
    assert size < 60_000
    assert not list(_cached(place).glob("refs/heads/main"))
    assert "large.bin" in Repository.open(_cached(place)).git(
        "ls-tree", "-r", "--name-only", "credit-risk@v1"
    )
    assert stat.S_IMODE((place / "cache" / "gitmodel").stat().st_mode) == 0o700


def test_refresh_brings_what_is_new(url: str, server: Repository) -> None:
    registry = gitmodel.open(url)
    before = registry["credit-risk"]
    promote(server, Questions(server).version("credit-risk:2"), "production", by="ada@example.org")
    server.git("tag", "-d", "small@v1")
    assert registry["credit-risk"]["production"].version == "1"
    assert registry.refresh()["credit-risk"]["production"].version == "2"
    assert list(registry) == ["credit-risk", "pickled"]
    assert before.latest.environments == ("production",)


def test_what_is_cached_works_offline_and_says_so(url: str, server: Repository, place: Path) -> None:
    gitmodel.open(url)["credit-risk"]["production"].path()
    server.git_dir.rename(place / "away")
    shutil.rmtree(place / "models.dvc")
    with pytest.warns(StaleWarning, match=r"models\.git: what is read was fetched less than a minute ago"):
        registry = gitmodel.open(url)
    version = registry["credit-risk"]["production"]
    assert version.load().algo == "DecisionTreeClassifier"
    assert version.history
    with pytest.raises(ToolFailed):
        registry["credit-risk"][2].path()


def test_a_remote_that_was_never_reached(place: Path) -> None:
    with pytest.raises(ToolFailed, match="could not fetch from"):
        gitmodel.open(f"file://{place}/nowhere.git")


def test_an_artifact_is_fetched_once_by_many(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    real = objects.fetch_object

    def count(*args: object, **kwargs: object) -> None:
        fetched.append("x")
        real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("gitmodel.training.sources.fetch_object", count)
    version = gitmodel.open(url)["credit-risk"]["production"]
    algos: list[str] = []
    users = [threading.Thread(target=lambda: algos.append(version.load().algo)) for _ in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert algos == ["DecisionTreeClassifier"] * 8
    assert fetched == ["x"]


def test_processes_at_once_and_one_that_was_killed(url: str, place: Path) -> None:
    version = gitmodel.open(url)["credit-risk"]["production"]
    assert version.artifact is not None
    folder = place / "cache" / "gitmodel" / "artifacts" / str(version.artifact.sha256)
    (folder / ".dvc-killed" / "cache").mkdir(parents=True)
    (folder / ".part").write_text("half of")
    program = f"import gitmodel; print(gitmodel.open({url!r})['credit-risk'][1].path())"
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    paths = {process.communicate()[0].strip() for process in started}
    assert paths == {str(folder / "model.skops")}
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "model.skops"]


def test_threads_share_what_a_clone_has_to_pull(server: Repository, place: Path) -> None:
    copy = clone(server, place / "copy")
    version = gitmodel.open(str(copy.root)).refresh()["credit-risk"]["production"]
    paths: list[Path] = []
    users = [threading.Thread(target=lambda: paths.append(version.path())) for _ in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert len(paths) == 4
    assert len(set(paths)) == 1


def test_a_damaged_cache_heals_and_a_damaged_remote_is_refused(url: str, place: Path) -> None:
    version = gitmodel.open(url)["credit-risk"]["production"]
    good = version.path().read_bytes()
    version.path().write_bytes(b"x")
    assert version.path().read_bytes() == good
    version.path().unlink()
    assert version.artifact is not None
    md5 = str(version.artifact.md5)
    stored = place / "models.dvc" / "files" / "md5" / md5[:2] / md5[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"evil")
    stored.chmod(0o444)  # as DVC leaves what it takes for whole
    with pytest.raises(InvalidFile, match="is not the file that was registered: its size is 4"):
        version.path()


@pytest.mark.parametrize("path", ["../../evil", "a/..", "x/.ssh", "x/\x1b[2J", "models/"])
def test_names_in_tags_lead_nowhere_else(server: Repository, url: str, path: str, place: Path) -> None:
    artifact = {"path": path, "md5": "../" * 10 + "etc", "sha256": "../" * 21 + "x"}
    server.git("tag", "-a", "-m", f"Evil\n\nArtifact: {json.dumps(artifact)}", "evil@v1", "main")
    with pytest.raises(GitmodelError):
        gitmodel.open(url)["evil"].latest.path()
    assert not [file for file in place.rglob("*evil*") if "refs" not in file.parts]


def test_the_remote_that_the_repository_configures_is_asked(server: Repository, place: Path) -> None:
    (place / "models.dvc").rename(place / "store")
    author = clone(server, place / "author")
    author.git("fetch", "-q", "--tags")
    lock = author.git("show", "credit-risk@v1:models/credit-risk/dvc.lock")
    artifact = author.git(
        "for-each-ref", "--format=%(contents:trailers:key=Artifact)", "refs/tags/credit-risk@v1"
    )
    remotes = "".join(f"['remote \"{name}\"']\n    url = ../../{name}\n" for name in ("gone", "store"))
    others = f"    no_such_setting = 1\n[cache]\n    dir = {place}/elsewhere\n"  # nothing to us
    config = f"[core]\n    remote = gone\n{others}{remotes}"
    commit_all(author, {".dvc/config": config, "models/credit-risk/dvc.lock": lock})
    author.git("tag", "-a", "-m", f"Moved\n\nContent-Encoding: skops\n{artifact}", "credit-risk@v3")
    registry = gitmodel.open(f"file://{author.root}")
    assert registry["credit-risk"][3].load().algo == "DecisionTreeClassifier"
    with pytest.raises(ToolFailed, match="names no DVC remote"):
        registry["credit-risk"][2].path()


# ---- what it costs, and what is said of it


def test_importing_costs_nothing_and_reading_imports_nothing_large(server: Repository) -> None:
    program = f"""
import sys
before = set(sys.modules)
import gitmodel
print(sorted(set(sys.modules) - before))
model = gitmodel.open({str(server.git_dir)!r})["credit-risk"]
print(model["latest"].metrics, model[1].metrics)
large = {{"dvc", "git", "bentoml", "yaml", "pandas", "numpy", "sklearn", "click", "jsonschema"}}
print(sorted(large & set(sys.modules)))
model["production"].metrics, model["production"].environments, model["latest"].history
print(sorted(large & set(sys.modules)))
"""
    done = process.run([sys.executable, "-c", program], cwd=ROOT)
    assert done.text.splitlines() == [
        "['gitmodel']",
        "{'accuracy': 0.85, 'depth': 5} {'accuracy': 0.85, 'depth': 4}",
        "[]",
        "['yaml']",
    ]


def test_the_example_of_the_module_is_true(server: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(server.git_dir)
    failed, tried = doctest.testmod(gitmodel.api)
    assert (failed, tried) == (0, 4)


def test_the_examples_of_the_guide_are_true(url: str, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """The address that the guide names leads to the registry of this test, by settings of git and DVC."""
    settings = f'[url "file://{place}/"]\n\tinsteadOf = https://git.example.org/risk/\n'
    (place / "gitconfig").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(place / "gitconfig"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
    (place / "dvc").mkdir()
    store = f"[core]\nremote = store\n['remote \"store\"']\nurl = {place}/models.dvc\n"
    (place / "dvc" / "config").write_text(store)
    failed, tried = doctest.testfile(
        str(ROOT / "docs/python.md"), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert tried > 10
    assert failed == 0
