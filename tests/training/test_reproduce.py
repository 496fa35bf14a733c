"""Training a version again: what is the same, what differs, and that nothing is left behind."""

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from gitmodel import process, resources
from gitmodel.errors import ToolFailed
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.pipelines.reproducing import reproduce
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, Version
from gitmodel.reports.reproduction import reproduction_text
from gitmodel.training.packages import read_packages
from gitmodel.training.reproduce import Again, Line, compare, is_reproduced
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import PIPELINE, TRAIN, Trainer, commit, commit_of, dvc, push


def _registered(repo: Repository, trainer: Trainer, rev: str = "HEAD") -> Version:
    """Train the tiny model and give it a version."""
    run = trainer(repo, rev)
    trained = RunRef(run.source, run.result)
    facts = Facts("A try", "", "joblib", None, run.metrics, run.parameters, run.artifact, run.data, trained)
    return register(repo, "tiny", commit=run.commit, facts=facts).version


def _verdicts(lines: list[Line]) -> dict[str, str]:
    return {line.name: line.verdict for line in lines}


def _everything(folder: Path) -> dict[str, bytes]:
    """Return all files but those that git and DVC keep for speed."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    passed_over = {"objects", "index"}
    return {
        file.as_posix(): (folder / file).read_bytes()
        for file in files
        if not passed_over & {*file.parts} and ".dvc/tmp" not in file.as_posix()
    }


def test_the_same_comes_out_and_nothing_is_left(tiny: Repository, trainer: Trainer, tmp_path: Path) -> None:
    dvc(tiny, "remote", "add", "-d", "store", str(tmp_path / "store"))
    commit(tiny)
    version = _registered(tiny, trainer)
    before = _everything(tmp_path)
    assert {"my models/.dvc/config", "my models/.git/HEAD", "trainings"} < before.keys()
    lines = reproduce(tiny, version)
    assert _everything(tmp_path) == before | {"trainings": b"xx"}
    assert trainer.trainings == 2
    assert is_reproduced(lines)
    assert [(line.what, line.name, line.then, line.verdict) for line in lines[1:]] == [
        ("metric", "accuracy", 0.3, "same"),
        ("parameter", "depth", 3, "same"),
        ("data", "data.csv", version.facts.data["data.csv"].md5, "same"),
    ]
    assert version.facts.artifact is not None
    assert lines[0] == Line("artifact", "model.joblib", version.facts.artifact.sha256, lines[0].then, "same")


def test_a_pipeline_that_writes_the_time_is_found_out(tiny: Repository, trainer: Trainer) -> None:
    timed = TRAIN.replace("a model of depth {depth}", "made at {__import__('time').time_ns()}")
    commit(tiny, train=timed)
    version = _registered(tiny, trainer)
    lines = reproduce(tiny, version)
    assert not is_reproduced(lines)
    assert _verdicts(lines) == {
        "model.joblib": "differs",
        "accuracy": "same",
        "depth": "same",
        "data.csv": "same",
    }
    assert reproduction_text(version, lines)[-1] == "tiny:1 is not reproduced: artifact model.joblib"


def test_metrics_may_differ_by_what_is_tolerated(tiny: Repository, trainer: Trainer) -> None:
    unsteady = TRAIN.replace("depth / 10", "depth / 10 + os.stat(os.environ['TRAININGS']).st_size / 1000")
    commit(tiny, train=unsteady)
    version = _registered(tiny, trainer)
    for tolerance, verdict in ((0.0, "differs"), (0.0001, "differs"), (0.1, "within tolerance")):
        assert _verdicts(reproduce(tiny, version, tolerance=tolerance))["accuracy"] == verdict


def _with_raw_data(repo: Repository) -> None:
    """Have the tiny model train on data that `dvc add` tracks."""
    assert repo.root is not None
    (repo.root / "raw.csv").write_text("1\n2\n")
    dvc(repo, "add", "raw.csv")
    pipeline = PIPELINE.replace("deps: [train.py, data.csv]", "deps: [train.py, data.csv, raw.csv]")
    commit(repo, dvc=pipeline)


def test_data_that_are_gone_are_named_and_nothing_is_trained(tiny: Repository, trainer: Trainer) -> None:
    _with_raw_data(tiny)
    version = _registered(tiny, trainer)
    assert tiny.root is not None
    shutil.rmtree(tiny.root / ".dvc" / "cache")
    with pytest.raises(ToolFailed, match=r"raw\.csv \(md5 [0-9a-f]{32}\)") as caught:
        reproduce(tiny, version)
    assert "no DVC remote is configured" in caught.value.message
    assert trainer.trainings == 1


@pytest.mark.system
def test_data_come_from_the_remote(tiny: Repository, trainer: Trainer, tmp_path: Path) -> None:
    _with_raw_data(tiny)
    dvc(tiny, "remote", "add", "-d", "store", str(tmp_path / "store"))
    commit(tiny)
    version = _registered(tiny, trainer)
    assert tiny.root is not None
    shutil.rmtree(tiny.root / ".dvc" / "cache")
    assert is_reproduced(reproduce(tiny, version))
    shutil.rmtree(tiny.root / ".dvc" / "cache")
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(ToolFailed, match=r"not on the DVC remote: raw\.csv"):
        reproduce(tiny, version)


@pytest.mark.system
def test_a_frozen_stage_gives_what_it_gave(tiny: Repository, trainer: Trainer) -> None:
    frozen = PIPELINE.replace("cmd: python make.py", "cmd: python make.py\n    frozen: true")
    _registered(tiny, trainer)
    run = trainer(tiny)
    tiny.git("merge", "-q", "--ff-only", run.commit)
    commit(tiny, dvc=frozen, params="depth: 4\n")
    version = _registered(tiny, trainer)
    assert version.version == "2"
    assert is_reproduced(reproduce(tiny, version))


def test_a_pipeline_that_fails(tiny: Repository, trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    version = _registered(tiny, trainer)
    monkeypatch.delenv("TRAININGS")
    with pytest.raises(ToolFailed, match="the pipeline failed") as caught:
        reproduce(tiny, version)
    assert caught.value.exit_code == 3
    assert not list((tiny.state / "worktrees").iterdir())


@pytest.mark.system
def test_a_server_can_do_it_too(tiny: Repository, bare: Repository, trainer: Trainer) -> None:
    push(tiny, bare.git_dir)
    version = _registered(bare, trainer, "main")
    before = list_refs(bare)
    assert is_reproduced(reproduce(bare, version))
    assert list_refs(bare) == before


def test_what_a_tag_made_by_hand_lacks_is_read_from_the_lock(tiny: Repository, trainer: Trainer) -> None:
    commit_all(tiny, {"requirements.txt": "click<1\n"})
    run = trainer(tiny)
    tiny.git("tag", "-a", "-m", "By hand", "tiny@v7", run.commit)
    lines = reproduce(tiny, Registry(tiny).version("tiny:7"))
    assert is_reproduced(lines)
    assert lines[-1] == Line("package", "click", "<1", metadata.version("click"), "differs", counts=False)
    assert (lines[0].then, lines[0].verdict) == (run.artifact.md5, "same")
    assert _verdicts(lines)["accuracy"] == "same"


@pytest.mark.system
def test_a_clone_reproduces_what_a_server_trained(
    tiny: Repository, bare: Repository, trainer: Trainer, tmp_path: Path
) -> None:
    _with_raw_data(tiny)
    push(tiny, bare.git_dir)
    (tmp_path / "server.dvc").mkdir()
    assert tiny.root is not None
    shutil.copytree(tiny.root / ".dvc" / "cache" / "files", tmp_path / "server.dvc" / "files")
    _registered(bare, trainer, "main")
    copy = clone(bare, tmp_path / "copy")
    assert is_reproduced(reproduce(copy, Registry(copy).version("tiny:1")))


# ---- the comparison by itself

_AGAIN = Again({"accuracy": 0.5}, {"depth": 3}, ArtifactRef("m", "m5", "s2", 1), Path("m"), {"d": "dd"}, {})


def _compared(facts: Facts, **changes: object) -> dict[str, str]:
    return _verdicts(compare(facts, Again(**(vars(_AGAIN) | changes)), []))


def test_what_is_gone_or_new_is_no_reproduction() -> None:
    facts = Facts("", metrics={"recall": 0.1}, parameters={"depth": None}, data={"e": DataRef("ee")})
    lines = compare(facts, _AGAIN, [])
    assert _verdicts(lines) == {
        "m": "not recorded",
        "recall": "gone",
        "accuracy": "new",
        "depth": "not recorded",
        "e": "gone",
        "d": "new",
    }
    assert not is_reproduced(lines)


def test_nothing_is_said_of_what_was_never_recorded() -> None:
    lines = compare(Facts(""), _AGAIN, [])
    assert {line.verdict for line in lines} == {"not recorded"}


def test_predictions_are_asked_for_only_where_bits_differ() -> None:
    def never() -> bool:
        raise AssertionError

    same, other = (Facts("", artifact=ArtifactRef("m", None, digest)) for digest in ("s2", "s1"))
    assert compare(same, _AGAIN, [], same_predictions=never)[0].verdict == "same"
    assert compare(other, _AGAIN, [], same_predictions=lambda: True)[0].verdict == "same predictions"
    assert compare(other, _AGAIN, [], same_predictions=lambda: False)[0].verdict == "differs"


def test_an_intermediate_output_that_differs_explains_and_does_not_count() -> None:
    facts = Facts("", artifact=ArtifactRef("m", None, "s2"))
    again = Again(
        **(vars(_AGAIN) | {"outputs": {"same": ("1", "1"), "other": ("1", "2"), "lost": ("1", "")}})
    )
    lines = compare(facts, again, [])
    assert [(line.name, line.now, line.verdict) for line in lines if line.what == "output"] == [
        ("other", "2", "differs"),
        ("lost", None, "differs"),
    ]
    assert is_reproduced(lines)


def test_names_of_others_are_harmless_on_a_terminal(repo: Repository) -> None:
    repo.git("tag", "tiny@v1")
    found = Registry(repo).version("tiny:1")
    lines = compare(Facts("", metrics={"a\x1b[2J": 1.0}), _AGAIN, [])
    assert "\x1b" not in "".join(reproduction_text(found, lines))


# ---- the packages


def test_packages_are_compared_with_what_is_installed(tiny: Repository) -> None:
    requirements = f"""\
# a remark
--require-hashes
numpy=={metadata.version("numpy")} \\
    --hash=sha256:aa
dvc<1  # too old
no-such-package==1
other-system==1 ; sys_platform == 'win32'
click
"""
    uv = '[[package]]\nname = "numpy"\nversion = "0.1"\n[[package]]\nname = "not-installed"\nversion = "1"\n'
    pipfile = {"default": {"dvc": {"version": f"=={metadata.version('dvc')}"}, "local": {"path": "."}}}
    files = {
        "requirements.txt": requirements,
        "models/x/uv.lock": uv,
        "models/x/Pipfile.lock": json.dumps(pipfile),
    }
    commit_all(tiny, files | {"models/other/requirements.txt": "numpy==0.2\n"})
    found = {(p.file, p.name): (p.allowed, p.fits) for p in read_packages(tiny, commit_of(tiny), "models/x")}
    assert found == {
        ("models/x/Pipfile.lock", "dvc"): (f"=={metadata.version('dvc')}", True),
        ("models/x/uv.lock", "numpy"): ("==0.1", False),
        ("requirements.txt", "numpy"): (f"=={metadata.version('numpy')}", True),
        ("requirements.txt", "dvc"): ("<1", False),
        ("requirements.txt", "no-such-package"): ("==1", False),
    }


@pytest.mark.parametrize("text", ["[", "package = 3", "[[package]]\nversion = 1"])
def test_a_lock_that_cannot_be_read_is_named(tiny: Repository, text: str) -> None:
    commit_all(tiny, {"uv.lock": text})
    (found,) = read_packages(tiny, commit_of(tiny), "")
    assert (found.name, found.allowed, found.fits) == ("uv.lock", "cannot be read", False)


# ---- the command


def _command(repo: Repository, *args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "gitmodel", "reproduce", *args]
    return subprocess.run(argv, cwd=repo.root, capture_output=True, text=True, check=False)


def test_the_command_keeps_its_answer_apart_from_the_stages(tiny: Repository, trainer: Trainer) -> None:
    _registered(tiny, trainer)
    done = _command(tiny, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["model"], answer["version"], answer["reproduced"]) == ("tiny", "1", True)
    assert answer["compared"][0]["what"] == "artifact"
    assert "training at depth 3" in done.stderr


@pytest.mark.system
def test_examples_are_reproduced(tmp_path: Path) -> None:
    """joblib files are equal bit by bit; skops files hold the time, and their predictions are equal."""
    for name, verdict in (("hello-world", "same"), ("credit-risk", "same predictions")):
        repo = make_repository(tmp_path / name)
        assert repo.root is not None
        shutil.copytree(resources.folder("examples") / name, repo.root, dirs_exist_ok=True)
        commit_all(repo, {}, "The example")
        process.run([sys.executable, "-m", "gitmodel", "register"], cwd=repo.root)
        done = _command(repo, "--json")
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["reproduced"]) == (0, True)
        assert answer["compared"][0]["verdict"] == verdict
        assert repo.changed_files() == []
        exact = _command(repo, "--exact")
        assert exact.returncode == (0 if verdict == "same" else 1)
        assert exact.stdout.startswith("WHAT ")


@pytest.mark.system
def test_a_model_that_answers_otherwise_is_found_out(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "hello")
    assert repo.root is not None
    shutil.copytree(resources.folder("examples") / "hello-world", repo.root, dirs_exist_ok=True)
    code = (repo.root / "train.py").read_text()
    shuffled = code.replace("model.fit(", "train = train.sample(frac=0.3)\nmodel.fit(")
    assert shuffled != code
    commit_all(repo, {"train.py": shuffled}, "Train on a part")
    process.run([sys.executable, "-m", "gitmodel", "register"], cwd=repo.root)
    done = _command(repo)
    assert done.returncode == 1
    assert "artifact model.joblib" in done.stdout.splitlines()[-1]
