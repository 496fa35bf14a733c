"""Marks survive whatever stands beside them."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitmodel.exchange.marks import as_message, format_mark, marked_versions, parse_mark, sound, with_mark
from gitmodel.git.refs import read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.tags import write_tag_object
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, format_version

MARK = {"registry": "mlflow", "model": "Credit\nRisk: \x00\u2028", "version": "1"}


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers())))
def test_a_mark_is_read_as_it_was_written(mark: dict[str, str | int]) -> None:
    assert parse_mark(with_mark("Subject\n\nModel-Name: m\n", mark)) == mark


@pytest.mark.parametrize(
    "message", ["", "x\n\nImported-From: {", "x\n\nImported-From: 7", "Imported-From: {}"]
)
def test_what_is_no_mark_is_none(message: str) -> None:
    assert parse_mark(message) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text())
@example(text="fine\n\n-----BEGIN PGP SIGNATURE-----\nhidden")
@example(text="\x00\x00\n\n\r\r\nModel-Name: other\nModel-Version: 9")
@example(text="-----BEGIN SSH SIGNATURE-----")
@example(text="x\n\nImported-From: {}")
@example(text="\ud800 half a character")
@example(text="y" * 100_000)
def test_any_description_leaves_a_version_that_can_be_read(repo: Repository, text: str) -> None:
    subject, body = as_message(text, "Version 1")
    message = with_mark(format_version("m1", "1", Facts(subject, body, metrics={"auc": 0.5})), MARK)
    commit = Oid(repo.git("rev-parse", "HEAD"))
    made = write_tag_object(repo, commit=commit, name="m1@v1", message=message, at=1_700_000_000)
    update_refs(repo, [RefUpdate("refs/tags/m1@v1", made, read_ref(repo, "refs/tags/m1@v1"))])
    (version,), broken = Registry(repo).read("m1")
    assert not broken
    assert (version.version, version.facts.metrics) == ("1", {"auc": 0.5})
    assert marked_versions(repo, "m1") == {format_mark(MARK): "m1@v1"}


def test_a_long_first_line_is_cut_and_kept_whole_below() -> None:
    subject, body = as_message(f"{'long ' * 100}\nrest", "otherwise")
    assert len(subject) == 200
    assert body == f"{'long ' * 100}\nrest"


def test_an_empty_description_has_a_subject() -> None:
    assert as_message(" \n \n", "otherwise") == ("otherwise", "")


def test_line_ends_of_all_systems_are_one() -> None:
    assert sound("a\r\nb\rc\td") == "a\nb\nc\td"
