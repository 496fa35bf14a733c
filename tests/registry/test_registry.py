"""Questions to the registry, asked of real repositories."""

import pytest

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.register import register
from gitmodel.registry.registry import Latest, Registry
from gitmodel.registry.versions import Facts, RunRef, format_version
from tests.conftest import commit_all
from tests.registry.test_desired import promote


def tag(repo: Repository, name: str, message: str, target: str = "HEAD") -> str:
    repo.git("tag", "-a", "--cleanup=verbatim", "-F", "-", name, target, stdin=message.encode())
    return repo.git("rev-parse", name)


@pytest.fixture
def full(repo: Repository) -> Repository:
    """Return a repository with versions of two models."""
    for version in ("1", "2", "10"):
        message = format_version("credit-risk", version, Facts(f"Version {version}", metrics={"auc": 0.9}))
        tag(repo, f"credit-risk@v{version}", message)
    tag(repo, "spam@v1.0.0-rc.1", "Candidate\n")
    tag(repo, "spam@v1.0.0", "Ready\n")
    tag(repo, "v7", "Something else\n")
    return repo


def test_latest(full: Repository) -> None:
    assert Registry(full).latest() == [Latest("credit-risk", "10"), Latest("spam", "1.0.0")]


def test_an_empty_repository(bare: Repository) -> None:
    registry = Registry(bare)
    assert registry.latest() == []
    assert registry.read() == ([], [])
    with pytest.raises(UsageError) as error:
        registry.version("credit-risk")
    assert error.value.hint == "nothing is registered yet"


def test_versions_are_newest_first(full: Repository) -> None:
    registry = Registry(full)
    assert [version.version for version in registry.versions("credit-risk")] == ["10", "2", "1"]
    assert [version.version for version in registry.versions("spam")] == ["1.0.0", "1.0.0-rc.1"]
    assert len(registry.versions()) == 5
    assert registry.versions("nothing") == []


def test_a_name_that_begins_alike_is_another_model(full: Repository) -> None:
    tag(full, "credit-risk/eu@v3", "Europe\n")
    registry = Registry(full)
    assert [version.model for version in registry.versions("credit-risk")] == ["credit-risk"] * 3
    assert registry.version("credit-risk/eu:latest").version == "3"


def test_a_version_by_the_commit_that_was_trained(repo: Repository) -> None:
    trained = Oid(commit_all(repo, {"params.yaml": "depth: 3\n"}))
    result = Oid(repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Result"))
    facts = Facts("Depth 3", run=RunRef(trained, "d" * 64))
    made = register(repo, "m", commit=result, facts=facts).version
    commit_all(repo, {"more": "data\n"})
    for ref in ("HEAD~1", trained, trained[:7], result):
        assert Registry(repo).version(ref) == made
    with pytest.raises(UsageError, match=r"no version is of commit .*HEAD~2") as caught:
        Registry(repo).version("HEAD~2")
    assert caught.value.hint == "models with versions: m"


def test_a_version_by_its_commit(full: Repository) -> None:
    commit_all(full, {"more": "data\n"})
    full.git("tag", "-a", "-m", "Again", "credit-risk@v11")
    commit = full.git("rev-parse", "HEAD")
    registry = Registry(full)
    for ref in (commit, commit[:7], "HEAD", "main"):
        assert registry.version(ref).name == "credit-risk:11"
    with pytest.raises(UsageError, match="HEAD~1 is more than one version") as error:
        registry.version("HEAD~1")
    assert "credit-risk@v10" in error.value.hint
    for ref in ("HEAD~7", "spma", "--all", "credit-risk@v*", "HEAD^{tree}"):
        with pytest.raises(UsageError):
            registry.version(ref)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("credit-risk:2", "credit-risk:2"),
        ("credit-risk:latest", "credit-risk:10"),
        ("credit-risk", "credit-risk:10"),
        ("credit-risk:", "credit-risk:10"),
        ("credit-risk@v1", "credit-risk:1"),
        ("credit-risk:production", "credit-risk:2"),
        ("spam:1.0.0-rc.1", "spam:1.0.0-rc.1"),
        ("spam", "spam:1.0.0"),
    ],
)
def test_each_form_of_a_version(full: Repository, ref: str, name: str) -> None:
    promote(full, "production", {"credit-risk.yaml": format_desired(Desired("credit-risk", "2"))})
    assert Registry(full).version(ref).name == name


def test_a_model_id_names_a_version(full: Repository) -> None:
    registry = Registry(full)
    oid = registry.version("credit-risk:2").object
    for digits in (8, 12, 40):
        assert registry.version(oid[:digits]).name == "credit-risk:2"


def test_a_model_whose_name_could_be_an_id(full: Repository) -> None:
    tag(full, "cafe@v1", "Coffee\n")
    assert Registry(full).version("cafe").name == "cafe:1"


@pytest.mark.parametrize(
    ("ref", "message", "hint"),
    [
        ("credit-risk:3", "there is no version credit-risk@v3", "the latest version of credit-risk is 10"),
        ("credit-risk@v3", "there is no version credit-risk@v3", "the latest version of credit-risk is 10"),
        ("other:1", "there is no version other@v1", "models with versions: credit-risk, spam"),
        ("other", "there is no version of other", "models with versions: credit-risk, spam"),
        ("credit-risk:staging", "credit-risk:staging: no such version or environment", "none yet"),
        ("Credit:1", "'Credit' is no name of a model", ""),
        ("", "'' is no name of a model", ""),
        (":1", "'' is no name of a model", ""),
        ("deadbeef", "there is no version of deadbeef", "models with versions"),
    ],
)
def test_what_is_not_there_is_told(full: Repository, ref: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        Registry(full).version(ref)
    assert error.value.message.startswith(message)
    assert hint in error.value.hint


def test_an_environment_that_has_no_version_of_the_model(full: Repository) -> None:
    promote(full, "production", {"spam.yaml": b"hold: {by: a, at: b, reason: c}\n"})
    for model in ("spam", "credit-risk"):
        with pytest.raises(UsageError, match=f"no version of {model} was promoted to production"):
            Registry(full).version(f"{model}:production")


def test_what_cannot_be_read_is_named_and_the_rest_is_listed(full: Repository) -> None:
    tag(full, "credit-risk@v11", "Broken\n\nMetrics: {\n")
    tag(full, "credit-risk@v12", "Other\n\nModel-Name: spam\n")
    versions, broken = Registry(full).read("credit-risk")
    assert [version.version for version in versions] == ["10", "2", "1"]
    assert sorted(item.tag for item in broken) == ["credit-risk@v11", "credit-risk@v12"]
    with pytest.raises(InvalidFile, match="Metrics"):
        Registry(full).version("credit-risk:11")


def test_tags_by_hand(full: Repository) -> None:
    full.git("tag", "hand@v1")
    full.git("tag", "-a", "-m", "A tree", "hand@v2", "HEAD^{tree}")
    tag(full, "hand@v3", "")
    tag(full, "hand@v4", "Subject " * 200_000)
    tag(full, "hand@v5", "Ünïcode \x1b[31m\r\nline\x00"[:-1])
    versions = {version.version: version for version in Registry(full).versions("hand")}
    assert versions["1"].commit == full.git("rev-parse", "HEAD")
    assert versions["1"].object == versions["1"].commit
    assert versions["3"].facts == Facts("")
    assert len(versions["4"].facts.subject) > 1_000_000
    assert versions["5"].facts.body == "line"
