"""What should run in an environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.commits import commit_files
from gitmodel.git.refs import update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import RefUpdate
from gitmodel.registry.desired import Desired, Hold, Promoted, format_desired, parse_desired, read_desired
from gitmodel.registry.environments import check_environment, env_branch, env_tip, environments
from tests.conftest import clone

EXAMPLE = Desired(
    "credit-risk",
    "4",
    "credit-risk@v4",
    "0123456789" * 4,
    "5e8f",
    {"kind": "blue-green"},
    Promoted(
        "ada@example.org", "2026-11-27T15:46:31Z", "3", ({"metric": "roc_auc", "value": 0.91},), "better"
    ),
    Hold("eve@example.org", "2026-11-28T08:00:00Z", "wrong for the young", "4"),
)
TEXT = """\
version: '4'
tag: credit-risk@v4
object: 0123456789012345678901234567890123456789
artifact:
  sha256: 5e8f
strategy:
  kind: blue-green
promoted:
  by: ada@example.org
  at: '2026-11-27T15:46:31Z'
  from: '3'
  gates:
  - metric: roc_auc
    value: 0.91
  reason: better
hold:
  by: eve@example.org
  at: '2026-11-28T08:00:00Z'
  reason: wrong for the young
  bad_version: '4'
"""

# PyYAML loses a "next line" character at the end of a text, which no person types.
_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\x85"),
    min_size=1,
    max_size=12,
)
_MAYBE = st.one_of(st.none(), _TEXT)
_GATE = st.dictionaries(
    st.sampled_from(["metric", "min", "value"]), st.one_of(_TEXT, st.floats(0, 1)), min_size=1
)
DESIRED = st.builds(
    Desired,
    st.just("credit-risk"),
    st.one_of(st.none(), st.integers(0, 99).map(str), st.just("1.0.0-rc.1")),
    _MAYBE,
    _MAYBE,
    _MAYBE,
    st.one_of(st.just({}), st.just({"kind": "canary", "steps": [5, 100]})),
    st.one_of(
        st.none(), st.builds(Promoted, _TEXT, _TEXT, _MAYBE, st.lists(_GATE, max_size=2).map(tuple), _MAYBE)
    ),
    st.one_of(st.none(), st.builds(Hold, _TEXT, _TEXT, _TEXT, _MAYBE)),
)


def promote(repo: Repository, env: str, files: dict[str, bytes | None]) -> None:
    old = env_tip(repo, env)
    new = commit_files(repo, parent=old, changes=files, message="Promote")
    update_refs(repo, [RefUpdate(env_branch(env), new, old)])


def test_the_file_is_what_the_design_says() -> None:
    assert format_desired(EXAMPLE).decode() == TEXT
    assert parse_desired("credit-risk", TEXT.encode()) == EXAMPLE


@given(DESIRED)
def test_a_file_is_read_back_as_it_was_written(desired: Desired) -> None:
    assert parse_desired(desired.model, format_desired(desired)) == desired


@pytest.mark.parametrize(
    "text",
    [b"- a", b"a: [", b"promoted: {by: me}", b"hold: yes", b"artifact: 3", b"strategy: 4", b"\xff", b"7"],
)
def test_a_broken_file_is_named(text: bytes) -> None:
    with pytest.raises(InvalidFile, match=r"credit-risk\.yaml"):
        parse_desired("credit-risk", text)


def test_a_version_that_a_person_wrote_as_a_number(repo: Repository) -> None:
    promote(repo, "production", {"credit-risk.yaml": b"version: 4\n", "README.md": b"no model"})
    assert read_desired(repo, "production") == {"credit-risk": Desired("credit-risk", "4")}


def test_an_environment_that_nobody_promoted_to(repo: Repository) -> None:
    assert read_desired(repo, "production") == {}
    assert environments(repo) == []


def test_models_in_folders_and_an_earlier_commit(repo: Repository) -> None:
    promote(repo, "production", {"team/spam.yaml": format_desired(EXAMPLE)})
    before = env_tip(repo, "production")
    promote(repo, "production", {"team/spam.yaml": None})
    assert list(read_desired(repo, "production", before)) == ["team/spam"]
    assert read_desired(repo, "production") == {}


def test_a_clone_follows_the_environments_of_its_remote(
    repo: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    promote(repo, "production", {"credit-risk.yaml": format_desired(EXAMPLE)})
    copy = clone(repo, tmp_path_factory.mktemp("clone") / "copy")
    assert environments(copy) == ["production"]
    assert read_desired(copy, "production") == {"credit-risk": EXAMPLE}


def test_names_of_environments() -> None:
    for name in ("local", "production", "eu-west-1", "42"):
        assert check_environment(name) == name
    for name in ("", "Production", "a_b", "a/b", "-a", "a--b", "é", ".."):
        with pytest.raises(UsageError, match="is no name of an environment"):
            check_environment(name)
