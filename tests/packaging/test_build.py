"""Building packages: once for the same content, whole or not at all."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.packaging import (
    Content,
    Declared,
    Package,
    Policy,
    VersionIdentity,
    bento_name,
    build,
    find,
    open_package,
    package_version,
    read_declared,
)
from gitmodel.packaging import build as build_module
from gitmodel.packaging.package import content_digest
from gitmodel.spec.model import SignatureSpec
from tests.conftest import commit_all

from .conftest import SPEC, VERSION, loans


def content_of(package: Package) -> Content:
    policy = package.read("policy")
    return Content(
        package.version,
        package.folder / "src" / "model" / policy["artifact"],
        Policy(
            **{**policy, "trusted_types": tuple(policy["trusted_types"]), "classes": tuple(policy["classes"])}
        ),
        package.signature,
        package.smoke,
    )


def never() -> Path:
    raise AssertionError("the artifact is not needed")


def test_a_package_says_what_it_is(package: Package) -> None:
    assert package.version == VERSION
    assert package.name == "credit-risk"
    assert package.read("version")["digest"] == package.digest
    assert package.read("policy")["encoding"] == "skops"
    assert open_package(package.folder) == package
    document = json.loads((package.folder / "apis" / "openapi.yaml").read_text())
    assert document["info"] == {
        "title": "credit-risk",
        "version": "4",
        "description": "Probability that a loan goes bad",
    }


def test_the_same_version_is_found_without_artifact_or_data(package: Package) -> None:
    packages = package.folder.parents[1]
    found = package_version(SPEC, VERSION, packages, artifact=never, rows=None, declared=Declared())
    assert found == package
    assert find(packages, replace(VERSION, version="5")) is None
    assert find(packages, VERSION, ("house.Model",)) is None


def test_the_same_content_is_not_built_again(package: Package) -> None:
    before = (package.folder / "bento.yaml").stat().st_mtime_ns
    assert build(content_of(package), package.folder.parents[1]) == package
    assert (package.folder / "bento.yaml").stat().st_mtime_ns == before


def test_the_digest_does_not_depend_on_where_or_when(package: Package, tmp_path: Path) -> None:
    other = build(content_of(package), tmp_path / "elsewhere")
    assert other.digest == package.digest
    assert [path.name for path in (tmp_path / "elsewhere" / "credit-risk").iterdir()] == [other.folder.name]
    rest = {path.relative_to(other.folder) for path in other.folder.rglob("*")}
    assert rest == {path.relative_to(package.folder) for path in package.folder.rglob("*")}


def test_everything_that_goes_in_changes_the_digest(package: Package, tmp_path: Path) -> None:
    plain = content_of(package)
    (tmp_path / "model.skops").write_bytes(b"another")
    contents = [
        plain,
        replace(plain, artifact=tmp_path / "model.skops"),
        replace(plain, version=replace(VERSION, commit="0" * 40)),
        replace(plain, smoke=()),
        replace(plain, policy=replace(plain.policy, trusted_types=("a.B",))),
        replace(plain, signature=replace(plain.signature, output={})),
    ]
    digests = {content_digest(content, "code", ()) for content in contents}
    assert len(digests) == len(contents)
    assert content_digest(plain, "other", ()) != content_digest(plain, "code", ())
    assert content_digest(plain, "code", ("a==1",)) != content_digest(plain, "code", ())


def test_a_build_that_was_killed_is_built_again(package: Package, tmp_path: Path) -> None:
    copy = shutil.copytree(package.folder, tmp_path / "credit-risk" / package.folder.name)
    (copy / "gitmodel.json").unlink()  # written last
    assert find(tmp_path, VERSION) is None
    again = build(content_of(package), tmp_path)
    assert again.folder == copy
    assert again.digest == package.digest


def test_packages_of_two_models_are_built_in_one_process(package: Package, tmp_path: Path) -> None:
    plain = content_of(package)
    other = build(
        replace(plain, version=replace(VERSION, model="teams/fraud", version="1.2.0+Build")), tmp_path
    )
    assert other.name == "teams.fraud"
    assert (
        "service: service:service\nname: teams.fraud\nversion: 1.2.0-build"
        in (other.folder / "bento.yaml").read_text()
    )


def test_nothing_is_left_in_the_home_folder(package: Package) -> None:
    assert not (Path.home() / "bentoml").exists()
    assert list(package.folder.parent.glob(".building-*")) == []


def test_the_packaged_code_needs_no_gitmodel(package: Package) -> None:
    for file in (package.folder / "src").rglob("*.py"):
        for line in file.read_text().splitlines():
            assert not line.strip().startswith(("from gitmodel.", "import gitmodel ")), f"{file}: {line}"


def test_requirements_are_pinned(package: Package) -> None:
    lines = (package.folder / "env" / "python" / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in lines} == {
        "bentoml", "pandas", "pydantic", "scikit-learn", "skops"
    }  # fmt: skip
    assert all("==" in line for line in lines)


def test_a_damaged_or_missing_package(tmp_path: Path, package: Package) -> None:
    with pytest.raises(InvalidFile, match="is not a package"):
        open_package(tmp_path)
    copy = Package(shutil.copytree(package.folder, tmp_path / "copy"), package.digest, package.name)
    (copy.folder / "src" / "model" / "version.json").write_text("{")
    with pytest.raises(InvalidFile, match="is damaged"):
        _ = copy.version
    with pytest.raises(InvalidFile, match="does not exist"):
        build(replace(content_of(package), artifact=tmp_path / "nothing"), tmp_path)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("credit-risk", "credit-risk"),
        ("a/b", "a.b"),
        ("a-b", "a-b"),
        ("a_b/c-d", "a_b.c-d"),
        ("x" * 63, "x" * 63),
    ],
)
def test_names_of_bentos(model: str, name: str) -> None:
    assert bento_name(model) == name


def test_long_names_stay_different_and_short() -> None:
    names = {bento_name(f"{'x' * 70}{ending}") for ending in "abc"}
    assert len(names) == 3
    assert all(len(name) <= 63 and ".." in name for name in names)


def test_declared_schemas_are_read_from_the_commit(repo: Repository) -> None:
    spec = replace(SPEC, signature=SignatureSpec(input="schemas/input.json", output=None))
    head = commit_all(repo, {"schemas/input.json": '{"type": "object"}'}, "Declare")
    assert read_declared(repo, str(head), spec) == Declared({"type": "object"}, None)
    assert read_declared(repo, str(head), SPEC) == Declared()
    missing = replace(SPEC, signature=SignatureSpec(output="schemas/output.json"))
    with pytest.raises(InvalidFile, match=r"names the signature schemas/output.json, which does not exist"):
        read_declared(repo, str(head), missing)


def test_an_identity_is_compared_as_a_whole() -> None:
    assert VersionIdentity("a", "1", "b", "c", "d") != VersionIdentity("a", "1", "b", "c", "e")
    assert build_module is build
    assert len(loans()) == 300
