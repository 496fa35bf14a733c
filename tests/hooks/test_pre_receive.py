"""Pushes to a server that takes only what keeps the registry whole."""

import statistics
import subprocess
import sys
import time

import pytest

from gitmodel.git.refs import list_refs, read_ref
from gitmodel.git.repository import Repository
from tests.conftest import clone, commit_all
from tests.hooks.conftest import Push, words

GOOD = "name: m\nartifact: {path: m.joblib, encoding: joblib}\nmetrics: [metrics.json]\n"


def test_a_version_arrives_and_stays(server: Repository, work: Repository, push: Push) -> None:
    work.git("tag", "-a", "-m", "One", "m@v1")
    push("origin", "m@v1", check=True)
    first = read_ref(server, "refs/tags/m@v1")
    assert first == read_ref(work, "refs/tags/m@v1")
    push("-f", "origin", "m@v1", check=True)
    work.git("tag", "-f", "-a", "-m", "Another", "m@v1")
    for arguments in (("-f", "origin", "m@v1"), ("origin", ":m@v1")):
        done = push(*arguments)
        assert done.code == 1
        assert "a version is never" in words(done)
    assert read_ref(server, "refs/tags/m@v1") == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("m@v1",), "m@v1 is a lightweight tag of a commit; a version is an annotated tag"),
        (("-a", "-m", "x", "M@v1"), "M@v1 is no name of a version"),
        (("-a", "-m", "x", "m@1.0"), "m@1.0 is no name of a version"),
        (("-a", "-m", "x", "m@v1", "HEAD^{tree}"), "m@v1 is a tag of a tree; a version is a tag of a commit"),
        (("-a", "-m", "x\n\nModel-Name: n", "m@v1"), "m@v1 says Model-Name: 'n', expected m"),
        (("-a", "-m", "x\n\nModel-Version: 2", "m@v1"), "m@v1 says Model-Version: '2', expected 1"),
        (("-a", "-m", "x\n\nMetrics: {", "m@v1"), "m@v1 has a broken trailer Metrics: '{'"),
    ],
)
def test_a_tag_that_is_no_version(
    server: Repository, work: Repository, push: Push, arguments: tuple[str, ...], said: str
) -> None:
    work.git("tag", *arguments)
    done = push("origin", "--tags")
    assert done.code == 1
    assert said in words(done)
    assert "gitmodel refuses this push; nothing has changed." in words(done)
    assert "    -> " in words(done)
    assert not list_refs(server, "refs/tags/")


def test_a_tag_under_another_name(server: Repository, work: Repository, push: Push) -> None:
    work.git("tag", "-a", "-m", "x", "m@v1")
    done = push("origin", "refs/tags/m@v1:refs/tags/m@v2")
    assert "m@v2 was made as m@v1" in words(done)
    assert not list_refs(server, "refs/tags/")


def test_all_problems_are_told(work: Repository, push: Push) -> None:
    work.git("tag", "m@v1")
    work.git("tag", "m@v01")
    work.git("tag", "-a", "-m", "fine", "m@v3")
    said = words(push("origin", "--tags"))
    assert "m@v1 is a lightweight" in said
    assert "m@v01 is no name" in said
    assert "m@v3" not in said.partition("To ")[0]


def test_other_tags_are_not_our_business(server: Repository, work: Repository, push: Push) -> None:
    for name in ("v1.0", "m#prod#1", "backup@monday"):
        work.git("tag", name)
    push("origin", "--tags", check=True)
    work.git("tag", "-f", "v1.0", "HEAD^{tree}")
    push("-f", "origin", "v1.0", check=True)
    push("origin", ":v1.0", check=True)
    assert len(list_refs(server, "refs/tags/")) == 2


def test_a_large_push_is_looked_into_too(server: Repository, work: Repository, push: Push) -> None:
    """Its objects arrive as a pack."""
    server.git("config", "receive.unpackLimit", "1")
    work.git("tag", "-a", "-m", "x\n\nModel-Name: other", "m@v1")
    commit_all(work, {f"{number}": f"{number}" for number in range(20)})
    assert "says Model-Name" in words(push("origin", "main", "m@v1"))
    work.git("tag", "-f", "-a", "-m", "x", "m@v1")
    push("origin", "main", "m@v1", check=True)
    assert read_ref(server, "refs/tags/m@v1")


@pytest.mark.parametrize("ref", ["refs/notes/metrics", "refs/notes/deployments", "refs/heads/env/local"])
def test_shared_history_is_only_added_to(server: Repository, work: Repository, push: Push, ref: str) -> None:
    commit_all(work, {"a": "1"})
    commit_all(work, {"a": "2"})
    push("origin", f"HEAD~2:{ref}", check=True)
    push("origin", f"HEAD~1:{ref}", check=True)
    push("origin", f"HEAD:{ref}", check=True)
    assert "never deleted" in words(push("origin", f":{ref}"))
    assert "would lose" in words(push("-f", "origin", f"HEAD~1:{ref}"))
    assert read_ref(server, ref) == work.git("rev-parse", "HEAD")


def test_several_commits_at_once_are_added_to_an_environment(
    server: Repository, work: Repository, push: Push
) -> None:
    push("origin", "HEAD:env/local", check=True)
    commit_all(work, {"a": "1"})
    commit_all(work, {"a": "2"})
    push("origin", "HEAD:env/local", check=True)
    assert read_ref(server, "refs/heads/env/local") == work.git("rev-parse", "HEAD")


def test_runs_and_other_branches_are_free(server: Repository, work: Repository, push: Push) -> None:
    commit_all(work, {"a": "1"})
    push("origin", "HEAD:refs/runs/m/1", "HEAD:refs/heads/topic", check=True)
    push("-f", "origin", "HEAD~1:refs/runs/m/1", "HEAD~1:refs/heads/topic", check=True)
    push("origin", ":refs/runs/m/1", ":topic", check=True)
    assert list(list_refs(server)) == ["refs/heads/main"]


def test_a_broken_specification_is_refused_with_file_and_line(
    server: Repository, work: Repository, push: Push
) -> None:
    before = read_ref(server, "refs/heads/main")
    commit_all(work, {"models/m/model.yaml": GOOD.replace("metrics", "metrisc")})
    done = push()
    assert done.code == 1
    said = words(done)
    assert "main has" in said
    assert "models/m/model.yaml:3: " in said
    assert 'did you mean "metrics"?' in said
    assert read_ref(server, "refs/heads/main") == before
    commit_all(work, {"models/m/model.yaml": GOOD})
    push(check=True)


def test_a_new_branch_is_compared_with_the_default_one(work: Repository, push: Push) -> None:
    commit_all(work, {"environments/prod.yaml": "nam: prod\n"})
    done = push("origin", "HEAD:topic")
    assert "topic has" in words(done)
    assert "environments/prod.yaml:1: " in words(done)


def test_no_specification_is_looked_at_where_none_changed(
    server: Repository, work: Repository, push: Push
) -> None:
    commit_all(work, {"models/m/model.yaml": "nonsense"})
    process = ["git", "-C", str(work.root), "push", "-q", str(server.git_dir)]
    (server.git_dir / "hooks" / "pre-receive").rename(server.git_dir / "hooks" / "off")
    subprocess.run([*process, "main"], check=True)
    (server.git_dir / "hooks" / "off").rename(server.git_dir / "hooks" / "pre-receive")
    commit_all(work, {"README": "words\n"})
    push(check=True)


def test_an_error_of_the_hook_refuses(server: Repository, work: Repository, push: Push) -> None:
    server.git("config", "receive.fsckObjects", "false")
    work.git("tag", "-a", "-m", "x", "m@v1")
    hook = server.git_dir / "hooks" / "pre-receive"
    broken = "from gitmodel.hooks import pre_receive; pre_receive.read_object = None"
    hook.write_text(
        hook.read_text().replace(
            "from gitmodel.hooks.pre_receive", f"{broken}\nfrom gitmodel.hooks.pre_receive"
        )
    )
    done = push("origin", "m@v1")
    assert done.code == 1
    assert "m@v1 could not be checked (TypeError" in words(done)
    assert "error of the server" in words(done)


def test_a_missing_python_refuses(server: Repository, work: Repository, push: Push) -> None:
    hook = server.git_dir / "hooks" / "pre-receive"
    hook.write_text(hook.read_text().replace(f"python={sys.executable}", "python=/nowhere/python"))
    work.git("tag", "-a", "-m", "x", "m@v1")
    assert "/nowhere/python is gone" in words(push("origin", "m@v1"))
    assert not list_refs(server, "refs/tags/")


def test_a_hook_of_the_owner_comes_first(server: Repository, work: Repository, push: Push) -> None:
    own = server.git_dir / "hooks" / "pre-receive.before-gitmodel"
    own.write_text('#!/bin/sh\ncat > seen\n[ ! -e refuse ] || { echo "not today"; exit 1; }\n')
    own.chmod(0o755)
    work.git("tag", "m@v1")
    assert "m@v1 is a lightweight" in words(push("origin", "m@v1"))
    assert (server.git_dir / "seen").read_text().endswith(" refs/tags/m@v1\n")
    (server.git_dir / "refuse").touch()
    said = words(push("origin", "m@v1"))
    assert "not today" in said
    assert "lightweight" not in said


def test_concurrent_pushes_of_one_version(server: Repository, work: Repository, push: Push) -> None:
    assert work.root is not None
    others = [clone(server, work.root.with_name(f"other{number}")) for number in range(4)]
    for other in others:
        other.git("tag", "-a", "-m", str(other.root), "m@v1")
    running = [
        subprocess.Popen(["git", "push", "-q", "origin", "m@v1"], cwd=other.root, stderr=subprocess.DEVNULL)
        for other in others
    ]
    codes = [process.wait() for process in running]
    assert codes.count(0) == 1
    winner = others[codes.index(0)]
    assert read_ref(server, "refs/tags/m@v1") == read_ref(winner, "refs/tags/m@v1")


def test_a_tag_takes_at_most_three_times_as_long_as_python_takes_to_start(
    server: Repository, work: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    trailers = 'Model-Name: m\nModel-Version: 1\nMetrics: {"a":0.5}\nArtifact: {"path":"m"}'
    work.git("tag", "-a", "-m", f"One\n\n{trailers}", "m@v1")
    oid = work.git("rev-parse", "m@v1")
    monkeypatch.setenv("GIT_DIR", ".")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(work.git_dir / "objects"))
    line = f"{'0' * 40} {oid} refs/tags/m@v1\n".encode()
    hook = str(server.git_dir / "hooks" / "pre-receive")

    def once(*argv: str) -> float:
        begun = time.perf_counter()
        subprocess.run(argv, input=line, cwd=server.git_dir, check=True)
        return time.perf_counter() - begun

    once(hook)
    pairs = [(once(hook), once(sys.executable, "-c", "pass")) for _ in range(15)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert ours <= 3 * theirs
