"""The quick grammar says what the registry's own says."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.git.tags import Tag
from gitmodel.git.trailers import parse_message
from gitmodel.git.values import Oid
from gitmodel.hooks import tag_rules
from gitmodel.registry import names
from gitmodel.registry.versions import parse_version

MODELS = ("m", "credit-risk", "team/m", "a_b", "", "-m", "m-", "M", "m m", "a@v1", "m/", "9", "ä")
VERSIONS = (
    *("0", "1", "10", "01", "", "-1", "1.2", "1.2.3", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-a", "1.2.3-0"),
    *("1.2.3-01", "1.2.3-0a", "1.2.3-a.b-c", "1.2.3-a..b", "1.2.3+b", "1.2.3+", "1.2.3+01", "1.2.3-a+b-c.d"),
    *("1.2.3+a+b", "v1", "1.2.3-ä", "1.0.0\n", "1\n", " 1"),
)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_names(model: str, version: str) -> None:
    name = f"{model}@v{version}"
    assert tag_rules.split_tag(name) == names.split_tag(name)


@given(st.text("abZ01.-+_/@v", max_size=14))
def test_any_name(text: str) -> None:
    assert tag_rules.split_tag(text) == names.split_tag(text)
    assert tag_rules.is_version_number(text) == names.is_version_number(text)


@given(st.text("Aa1-: \n\r", max_size=30))
def test_any_trailers(text: str) -> None:
    assert tag_rules.parse_trailers(text) == parse_message(text).trailers


TRAILERS = [
    "Model-Name: m\nModel-Version: 1",
    "Model-Name: n",
    "Model-Version: 2",
    "Model-Version: 01",
    'Metrics: {"a": 1}',
    'Metrics: {"a": {"b": 0.5}}',
    "Metrics: {}",
    "Metrics: [1]",
    "Metrics: {",
    'Metrics: {"a": "1"}',
    'Metrics: {"a": true}',
    'Metrics: {"a": NaN}',
    'Metrics: {"a": 1e999}',
    'Metrics: {"a": {"b": -Infinity}}',
    'Parameters: {"a": [1]}',
    "Parameters: 1",
    'Artifact: {"path": "m", "later": 1}',
    'Artifact: {"md5": "m"}',
    "Artifact: null",
    'Data: {"d": {"md5": "a"}}',
    'Data: {"d": 1}',
    "Run: a b",
    "Run: a",
    "Run: a b c",
    "Unknown: {",
    "no trailer: at all",
    "Metrics: {\nno trailer here",
]


@pytest.mark.parametrize("trailers", TRAILERS)
def test_messages(trailers: str) -> None:
    message = f"One\n\n{trailers}\n"
    raw = f"object {'a' * 40}\ntype commit\ntag m@v1\ntagger A <a@b.c> 1 +0000\n\n{message}"
    oid = Oid("a" * 40)
    try:
        parse_version(Tag("m@v1", oid, oid, "", "", message, annotated=True))
        accepted = True
    except InvalidFile:
        accepted = False
    assert (tag_rules.check_object("m@v1", "tag", raw.encode()) is None) == accepted


def test_a_signature_hides_no_trailer() -> None:
    message = "One\n\nMetrics: {\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    raw = f"object {'a' * 40}\ntype commit\ntag m@v1\n\n{message}"
    found = tag_rules.check_object("m@v1", "tag", raw.encode())
    assert found is not None
    assert "Metrics" in found[0]


@pytest.mark.parametrize("name", ["M@v1", "m@V1", "m@1", "m@v01", "m@v", "m@v1!", "a b@v1"])
def test_what_looks_like_a_version(name: str) -> None:
    assert tag_rules.looks_like_version(name)


@pytest.mark.parametrize("name", ["m#prod#1", "m@v1#prod#1", "v1.0.0", "release", "backup@monday", "m@"])
def test_what_is_no_version(name: str) -> None:
    assert not tag_rules.looks_like_version(name)


def test_little_is_imported() -> None:
    """What a tag takes is bounded by what is imported for it."""
    program = "import sys; from gitmodel.hooks import pre_receive; print(*sys.modules)"
    root = str(tag_rules.__file__).removesuffix("gitmodel/hooks/tag_rules.py")
    argv = [sys.executable, "-E", "-P", "-S", "-c", f"import sys; sys.path.append({root!r}); {program}"]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert not {"re", "json", "subprocess", "pathlib", "dataclasses", "typing", "site"} & set(loaded)
