"""Tags as people, scripts and accidents leave them: what is readable is listed, what is not is named."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel import process
from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.git.refs import list_refs
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.git.trailers import Message, format_message, parse_message
from gitmodel.git.values import Oid
from gitmodel.hooks import tag_rules
from gitmodel.registry.names import check_model, number_key, split_tag, tag_name
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import (
    ArtifactRef,
    DataRef,
    Facts,
    RunRef,
    format_version,
    parse_facts,
)

from ..conftest import clone, commit_all, make_repository  # noqa: TID252

BROKEN_TRAILERS = [
    "Model-Name: other", "Model-Version: 7", "Metrics: {", "Metrics: []", 'Metrics: {"a":"b"}',
    'Metrics: {"a":NaN}', f'Metrics: {{"a":1{"0" * 400}}}', "Parameters: [1]", "Parameters: null",
    "Artifact: {}", 'Artifact: "x"', "Data: []", 'Data: {"x":null}', "Run: x", "Run: a b c",
]  # fmt: skip


def tag(repo: Repository, name: str, message: bytes, target: str = "HEAD", head: bytes = b"") -> Oid:
    """Store a tag object byte for byte, as any program may."""
    kind, oid = repo.git("cat-file", "-t", target), repo.git("rev-parse", target)
    header = head or b"tagger Ada <ada@example.org> 1 +0000\n"
    text = f"object {oid}\ntype {kind}\ntag {name}\n".encode() + header + b"\n" + message
    made = Oid(repo.git("hash-object", "-t", "tag", "-w", "--stdin", "--literally", stdin=text))
    repo.git("update-ref", f"refs/tags/{name}", made)
    return made


def read(repo: Repository) -> tuple[set[str], dict[str, str]]:
    """Return the tags that are versions, and of those that are not, why."""
    versions, broken = Registry(repo).read()
    assert [(v.tag, v.facts.subject) for v in Registry(repo).read(headings=True)[0] if v.facts.subject]
    return {version.tag for version in versions}, {tag.tag: tag.reason for tag in broken}


@pytest.fixture
def good(repo: Repository) -> Repository:
    """Return a repository with one good version, which nothing may hide."""
    tag(repo, "good@v1", format_version("good", "1", Facts("Good", metrics={"auc": 0.9})).encode())
    return repo


@pytest.mark.parametrize("trailer", BROKEN_TRAILERS)
def test_a_broken_trailer_hides_only_its_own_tag(good: Repository, trailer: str) -> None:
    tag(good, "m@v1", f"Subject\n\n{trailer}\n".encode())
    readable, broken = read(good)
    assert readable == {"good@v1"}
    assert trailer.partition(":")[0] in broken["m@v1"]
    with pytest.raises(InvalidFile, match=trailer.partition(":")[0]):
        Registry(good).version("m:1")
    assert Registry(good).version("good").facts.metrics == {"auc": 0.9}


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"By hand\n", "By hand"), (b"", ""), (b"\n\n", ""), (b"\xff\xfe\n\nAlgo: \xe9\n", "\udcff\udcfe"),
        (b"Windows\r\n\r\nAlgo: x\r\n", "Windows"), (b"NUL \0 in it\0\0\n", "NUL "),
        ("Grüße \u2028 \U0001f600\n".encode(), "Grüße \u2028 \U0001f600"),
        (b"big\n\n" + b"x" * 1_000_000 + b"\n", "big"),
        (b'big\n\nParameters: {"x":"' + b"y" * 1_000_000 + b'"}\n', "big"),
        (b"lines\n\n" + b"word\n" * 200_000, "lines"), (b"Subject\n\nMetrics {}\n", "Subject"),
    ],
)  # fmt: skip
def test_any_message_without_broken_trailers_is_a_version(
    good: Repository, message: bytes, subject: str
) -> None:
    tag(good, "m@v1", message)
    assert read(good) == ({"good@v1", "m@v1"}, {})
    assert Registry(good).version("m").facts.subject == subject


@pytest.mark.parametrize(
    "head", [b"tagger nobody\n", b"tagger A <a@b> 99999999999999999999 +9999\n", b"other line\n"]
)
def test_tags_whose_head_is_broken_are_versions_without_that(good: Repository, head: bytes) -> None:
    tag(good, "m@v1", b"Subject\n", head=head)
    assert read(good) == ({"good@v1", "m@v1"}, {})
    assert Registry(good).version("m").facts.subject == "Subject"


@pytest.mark.parametrize("target", ["HEAD^{tree}", "HEAD:README", "good@v1"])
@pytest.mark.parametrize("annotated", [True, False])
def test_tags_on_anything(good: Repository, target: str, *, annotated: bool) -> None:
    if annotated:
        tag(good, "m@v1", b"Subject\n", target)
    else:
        good.git("update-ref", "refs/tags/m@v1", good.git("rev-parse", target))
    assert "good@v1" in read(good)[0]
    readable, broken = read(good)
    assert "m@v1" in readable | broken.keys()


@pytest.mark.parametrize(
    "name", ["M@v1", "m@v01", "m@1", "modèle@v1", "-m@v1", "m-@v1", "m@v1.0", "m@v1@v", "v1", "@v1", "m@V1"]
)
def test_other_names_are_no_versions_and_hide_none(good: Repository, name: str) -> None:
    other = commit_all(good, {"x": "1"})  # a commit that has a version would stand for it
    good.git("update-ref", f"refs/tags/{name}", other)
    assert read(good) == ({"good@v1"}, {})
    assert [latest.model for latest in Registry(good).latest()] == ["good"]
    with pytest.raises(UsageError):
        Registry(good).version(name)


def test_names_that_differ_in_case_are_kept_apart(good: Repository) -> None:
    tag(good, "Good@v7", b"Another\n")
    assert Registry(good).version("good").version == "1"
    with pytest.raises(UsageError, match="Good"):
        Registry(good).version("Good")
    facts = Facts("Next")
    commit = Oid(commit_all(good, {"x": "1"}))
    assert register(good, "good", commit=commit, facts=facts).version.name == "good:2"
    with pytest.raises(UsageError, match="lower-case"):
        register(good, "Good", commit=commit, facts=facts)


def test_the_number_after_a_broken_tag_is_the_next(good: Repository) -> None:
    tag(good, "good@v5", b"Subject\n\nMetrics: {\n")
    commit = Oid(commit_all(good, {"x": "1"}))
    assert register(good, "good", commit=commit, facts=Facts("Next")).version.name == "good:6"


def test_a_tag_moved_in_another_clone_changes_nothing_here(bare: Repository, tmp_path: Path) -> None:
    first = make_repository(tmp_path / "first")
    tag(first, "m@v1", b"Mine\n")
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main", "m@v1")
    second = clone(bare, tmp_path / "second")
    before = list_refs(first, "refs/tags/")
    tag(second, "m@v1", b"Theirs\n")
    second.git("push", "-q", "--force", "origin", "m@v1")
    with pytest.raises(ToolFailed) as caught:
        fetch(first)
    assert "clobber" in caught.value.detail
    assert "git tag -d" in caught.value.hint
    assert list_refs(first, "refs/tags/") == before
    assert Registry(first).version("m:1").facts.subject == "Mine"


@pytest.mark.parametrize("options", [["--depth=1"], ["--filter=blob:none"], ["--filter=tree:0"]])
def test_clones_of_a_part_list_and_register(good: Repository, tmp_path: Path, options: Sequence[str]) -> None:
    commit_all(good, {"x": "1"})
    good.git("config", "uploadpack.allowFilter", "true")
    process.run(["git", "clone", "-q", *options, good.git_dir.as_uri(), str(tmp_path / "part")])
    part = Repository.open(tmp_path / "part")
    fetch(part)
    assert read(part) == ({"good@v1"}, {})
    commit = Oid(part.git("rev-parse", "HEAD"))
    assert register(part, "good", commit=commit, facts=Facts("Next")).version.name == "good:2"
    assert read(good)[0] == {"good@v1", "good@v2"}


def test_packed_refs_are_the_same(good: Repository) -> None:
    before = read(good)
    good.git("pack-refs", "--all", "--prune")
    good.git("repack", "-adq")
    assert read(good) == before
    assert not (good.git_dir / "refs/tags/good@v1").exists()


_SEGMENT = st.from_regex(r"[a-z0-9](?:[a-z0-9_/-]{0,12}[a-z0-9])?", fullmatch=True)
_VERSION = st.one_of(
    st.integers(0).map(str),
    st.from_regex(
        r"(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})(-[a-z][0-9a-z-]{0,5})?(\+[0-9a-z]{1,4})?",
        fullmatch=True,
    ).filter(str.isascii),
)
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20)
_WORD = st.from_regex(r"[A-Za-z0-9._/-]{1,20}", fullmatch=True)
_NUMBER = st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False))
_MAYBE = st.one_of(st.none(), _WORD)
_COUNT = st.one_of(st.none(), st.integers(0, 10**12))
FACTS = st.builds(
    Facts,
    subject=_TEXT.map(str.strip).filter(bool),
    encoding=_MAYBE,
    algo=_MAYBE,
    metrics=st.dictionaries(_TEXT.filter(lambda text: "." not in text), _NUMBER, max_size=4),
    parameters=st.dictionaries(_TEXT, st.one_of(_TEXT, _NUMBER, st.lists(_TEXT, max_size=2)), max_size=3),
    artifact=st.one_of(st.none(), st.builds(ArtifactRef, _WORD, _MAYBE, _MAYBE, _COUNT)),
    data=st.dictionaries(_TEXT, st.builds(DataRef, _MAYBE, _COUNT, _COUNT), max_size=2),
    run=st.one_of(st.none(), st.builds(RunRef, _WORD, _WORD)),
)


@given(_SEGMENT, _VERSION)
def test_names_are_read_back_as_they_were_written(model: str, version: str) -> None:
    assert split_tag(tag_name(model, version)) == (check_model(model), version)
    assert number_key(version)


@given(st.one_of(st.text(max_size=20), st.from_regex(r".{0,8}@v.{0,8}", fullmatch=True)))
def test_any_name_is_a_version_or_not_for_hook_and_registry_alike(name: str) -> None:
    assert split_tag(name) == tag_rules.split_tag(name)


@given(_SEGMENT, _VERSION, FACTS)
def test_facts_are_read_back_as_they_were_written(model: str, version: str, facts: Facts) -> None:
    assert parse_facts(parse_message(format_version(model, version, facts))) == facts


@given(st.binary(max_size=200))
def test_any_message_is_read(data: bytes) -> None:
    message = parse_message(data.decode("utf-8", "surrogateescape"))
    assert isinstance(message, Message)


@given(_TEXT, st.text(max_size=20))
def test_a_value_of_more_than_one_line_is_never_written(subject: str, value: str) -> None:
    if "\n" in value or "\r" in value:
        with pytest.raises(InvalidFile):
            format_message(Message(subject, "", {"Key": value}))


def test_a_message_made_for_a_version_is_one(good: Repository) -> None:
    facts = Facts("Subject \u2028 line", "Body.\n\nKey: no trailer, there is more below.", "skops")
    made = tag(good, "m@v1", format_version("m", "1", facts).encode())
    version = Registry(good).version("m")
    assert (version.object, version.facts) == (made, facts)
