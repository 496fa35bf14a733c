"""Building a package: the artifact, its signature and the service's code as a Bento, by BentoML."""

import compileall
import hashlib
import json
import logging
import os
import py_compile
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from gitmodel import clock
from gitmodel.artifacts import portable
from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.packaging import serving
from gitmodel.packaging.package import (
    FACTS,
    Content,
    Package,
    VersionIdentity,
    bento_name,
    content_digest,
    json_files,
    open_package,
)
from gitmodel.packaging.serving.openapi import document

# The package's own copy of gitmodel's portable modules, at the same relative places.
_ROOT = "gitmodel_service"
_COPIED: Mapping[str, str] = {
    "artifacts/portable": str(Path(portable.__file__).parent),
    "packaging/serving": str(Path(serving.__file__).parent),
    "": clock.__file__,
}
_SERVICE = f'''"""The service that BentoML runs."""

from pathlib import Path

from {_ROOT}.packaging.serving.api import make_service

service = make_service(Path(__file__).parent / "model")
'''
_RUNNER = "run.py"
_NEEDS = {
    "joblib": ("scikit-learn", "pandas", "joblib"),
    "skops": ("scikit-learn", "pandas", "skops"),
    "onnx": ("onnxruntime", "pandas"),
}


def build(content: Content, packages: Path) -> Package:
    """Build a package, or return the one that has been built from the same content.

    Args:
        content: What it is made of.
        packages: Folder of packages; several processes may build into it at once.

    Raises:
        InvalidFile: If the artifact is missing.
        ToolFailed: If BentoML cannot build it.
    """
    if not content.artifact.is_file():
        raise InvalidFile(f"the artifact {content.artifact} does not exist", hint="train the model first")
    name = bento_name(content.version.model)
    digest = content_digest(content, code_digest(), requirements(content.policy.encoding))
    folder = packages / name / f"{_file_name(content.version.version)}-{digest[:16]}"
    if (folder / FACTS).is_file():
        return open_package(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=folder.parent) as temporary:
        source = Path(temporary) / "source"
        _write_source(source, content, digest)
        bento = _build_bento(source, Path(temporary) / "home", content, name)
        _finish(bento, content, digest, name)
        _put_in_place(bento, folder)
    return open_package(folder)


def find(packages: Path, version: VersionIdentity, trusted_types: tuple[str, ...] = ()) -> Package | None:
    """Return a package of that very version, built by this very code, or None.

    A version never changes, so neither data nor artifact need be read to know that it is the same.
    """
    wanted = {"code": code_digest(), "trusted_types": sorted(trusted_types)}
    for facts in sorted((packages / bento_name(version.model)).glob(f"*/{FACTS}")):
        try:
            known = json.loads(facts.read_text(encoding="utf-8"))
            package = open_package(facts.parent)
            if all(known.get(key) == value for key, value in wanted.items()) and package.version == version:
                return package
        except (OSError, ValueError, InvalidFile):
            continue  # being removed, or damaged: it is built anew
    return None


def code_digest() -> str:
    """Return the sha256 of the code that goes into every package."""
    total = hashlib.sha256(_SERVICE.encode())
    for place, folder in _COPIED.items():
        for file in _code_files(Path(folder)):
            total.update(f"{place}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return total.hexdigest()


def requirements(encoding: str) -> tuple[str, ...]:
    """Return the pinned packages that a service of an encoding runs with."""
    names = ("pydantic", *_NEEDS.get(encoding, ()))  # BentoML adds itself
    return tuple(sorted(f"{name}=={metadata.version(name)}" for name in names))


def _code_files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return sorted(file for file in folder.iterdir() if file.suffix in {".py", ".html"})


def _file_name(version: str) -> str:
    return "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in version)


def _write_source(source: Path, content: Content, digest: str) -> None:
    """Write the folder that BentoML builds from."""
    for place, folder in _COPIED.items():
        target = source / _ROOT / place
        target.mkdir(parents=True, exist_ok=True)
        for file in _code_files(Path(folder)):
            shutil.copyfile(file, target / file.name)
    for place in ("", *(f"{Path(place).parent}" for place in _COPIED)):
        (source / _ROOT / place / "__init__.py").touch()
    (source / "service.py").write_text(_SERVICE, encoding="utf-8")
    shutil.copyfile(Path(serving.__file__).with_name(_RUNNER), source / _RUNNER)
    model = source / "model"
    model.mkdir()
    shutil.copyfile(content.artifact, model / content.policy.artifact)
    files = json_files(content)
    files["version"]["digest"] = digest
    for name, value in files.items():
        (model / f"{name}.json").write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _build_bento(source: Path, home: Path, content: Content, name: str) -> Path:
    """Build the Bento in a home of its own; return its folder."""
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"  # BentoML has no other switch
    for part in ("bentos", "models", "tmp"):
        (home / part).mkdir(parents=True)
    with _quiet(), _own_home(home), _own_modules():
        import bentoml

        try:
            bento = bentoml.bentos.build(
                "service:service",
                name=name,
                version=_file_name(content.version.version).lower(),
                description=content.policy.description or f"The model {content.version.model}",
                labels={"model": content.version.model, "tag": content.version.tag},
                include=["*"],
                python={"packages": list(requirements(content.policy.encoding)), "lock_packages": False},
                build_ctx=str(source),
            )
        except Exception as error:  # BentoML lets through what its parts raise
            words = f"{type(error).__name__}: {error}"
            raise ToolFailed(f"BentoML cannot build {content.version.tag}", detail=words) from error
    return Path(bento.path)


@contextmanager
def _own_home(home: Path) -> Iterator[None]:
    """Let BentoML keep what it keeps in a folder of ours."""
    from bentoml._internal.bento import BentoStore
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.models import ModelStore

    own = {
        BentoMLContainer.bentoml_home: str(home),
        BentoMLContainer.tmp_bento_store_dir: str(home / "tmp"),
        BentoMLContainer.bento_store: BentoStore(home / "bentos"),
        BentoMLContainer.model_store: ModelStore(home / "models"),
    }
    for provider, value in own.items():
        provider.set(value)
    try:
        yield
    finally:
        for provider in own:
            provider.reset()


@contextmanager
def _own_modules() -> Iterator[None]:
    """Import a package's modules anew and forget them after: the next package has the same names."""

    def forget() -> None:
        for name in [name for name in sys.modules if name == "service" or name.partition(".")[0] == _ROOT]:
            del sys.modules[name]

    forget()
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        forget()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep BentoML's remarks, and the deprecations of what it uses, out of our output."""
    logger = logging.getLogger("bentoml")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _finish(bento: Path, content: Content, digest: str, name: str) -> None:
    """Add our OpenAPI document, compiled modules, and last the mark of a whole package."""
    files = json_files(content)
    about = document(
        {**files["version"], "digest": digest}, content.policy.description, files["signature"], files["smoke"]
    )
    (bento / "apis" / "openapi.yaml").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    # Never written to again by the Python that runs it, so a release on a host stays as it was copied.
    compileall.compile_dir(
        bento / "src",
        quiet=2,
        stripdir=str(bento),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    facts = {
        "name": name,
        "digest": digest,
        "code": code_digest(),
        "trusted_types": sorted(content.policy.trusted_types),
    }
    (bento / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _put_in_place(bento: Path, folder: Path) -> None:
    try:
        bento.rename(folder)
    except OSError:
        if not (folder / FACTS).is_file():  # another process has put the same package there
            shutil.rmtree(folder, ignore_errors=True)
            bento.rename(folder)
