"""The shape of the project: layers, who may import what, sizes, and what the wheel holds."""

import ast
import os
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import ToolFailed

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "gitmodel"
SHIPPED = ("ci-templates", "hooks", "schemas", "examples")
# Runs on hosts, sent there by ansible: it finds no gitmodel there, and nothing but the standard library.
ON_HOSTS = "delivery/ansible/"
# Copied into every package: it finds no gitmodel there either.
IN_PACKAGES = ("artifacts/portable/", "packaging/serving/")
MAX_FILE_LINES, MAX_FUNCTION_LINES = 300, 60
# Each with the reason why it may be longer.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def modules() -> dict[str, Path]:
    """Return the modules of the package by their path below it."""
    found = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE).as_posix(): path for path in found if "_resources" not in path.parts}


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, wherever in it; a relative import is told apart by its dots."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def importers(*packages: str) -> set[str]:
    """Return the modules that import one of these packages."""
    return {
        name
        for name, path in modules().items()
        if any(imported.partition(".")[0] in packages for imported in imports(path))
    }


def outside(found: set[str], *allowed: str) -> set[str]:
    """Return those that begin with none of the allowed prefixes."""
    return {name for name in found if not name.startswith(allowed)}


def configuration() -> dict[str, object]:
    document: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    return document


def test_imports_go_down_the_layers() -> None:
    done = process.run(["lint-imports", "--no-cache"], cwd=ROOT, check=False)
    assert done.code == 0, done.text


def test_every_package_has_its_layer() -> None:
    linter = configuration()["importlinter"]
    assert isinstance(linter, dict)
    (contract,) = linter["contracts"]
    listed = {name.strip() for layer in contract["layers"] for name in re.split(r"[|:]", layer)}
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    plain = {path.stem for path in SOURCE.glob("*.py") if not path.name.startswith("__")}
    assert listed == {f"gitmodel.{name}" for name in packages | plain}


def test_one_module_starts_processes() -> None:
    """A command may become another program, as `gitmodel serve` does; that starts none."""
    found = importers("subprocess", "pty") | {
        name
        for name, path in modules().items()
        if re.search(r"\bos\.(system|popen|posix_spawn|spawn|fork)", path.read_text())
    }
    assert outside(found, ON_HOSTS) == {"process.py"}


def test_only_the_git_layer_starts_git() -> None:
    """The demo is apart: it shows the commands that a person types."""
    found = set()
    for name, path in modules().items():
        nodes = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.List))
        firsts = (node.elts[0] for node in nodes if node.elts)
        if any(isinstance(first, ast.Constant) and first.value == "git" for first in firsts):
            found.add(name)
    assert outside(found, "git/") <= {"pipelines/demo.py"}
    assert any(name.startswith("git/") for name in found)


@pytest.mark.parametrize(
    ("tools", "homes"),
    [
        (("dvc", "dvc_data", "dvc_objects", "scmrepo", "papermill"), ("training/",)),
        (("nbformat", "nbclient", "nbconvert", "nbstripout", "jupyterlab"), ("notebooks/",)),
        (("bentoml", "_bentoml_sdk", "_bentoml_impl"), ("packaging/",)),
        (("ansible",), (ON_HOSTS,)),
        (("ansible_runner",), ("delivery/",)),
        (("skops", "joblib", "sklearn", "onnxruntime"), ("artifacts/", "evaluation/")),
        (("mlflow", "sqlalchemy"), ("exchange/",)),
        (("click",), ("cli/",)),
        (("git", "pygit2", "dulwich"), ("git/",)),
    ],
)
def test_each_tool_is_known_in_one_layer(tools: tuple[str, ...], homes: tuple[str, ...]) -> None:
    assert not outside(importers(*tools), *homes)


def test_what_leaves_this_machine_stands_alone() -> None:
    """Modules for hosts and for packages import nothing of gitmodel but what goes there with them."""
    for name, path in modules().items():
        if name.startswith((f"{ON_HOSTS}module_utils", *IN_PACKAGES)):
            there = [imported for imported in imports(path) if imported.partition(".")[0] == "gitmodel"]
            assert not there, f"{name} imports {there}"


@pytest.mark.parametrize("argv", [("--help",), ("list",), ("validate", "--help")])
def test_starting_is_quick(argv: tuple[str, ...], tmp_path: Path) -> None:
    """Reading commands load none of the large libraries."""
    process.run(["git", "init", "-q", str(tmp_path)])
    done = process.run(
        [sys.executable, "-X", "importtime", "-m", "gitmodel", *argv], cwd=tmp_path, check=False
    )
    assert done.code == 0, done.stderr.decode()
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.decode().splitlines()}
    assert "click" in loaded
    large = {"dvc", "bentoml", "papermill", "ansible", "git", "numpy", "pandas", "sklearn", "jsonschema"}
    assert not loaded & large


def test_files_are_small() -> None:
    long = {
        name: length
        for name, path in modules().items()
        if (length := len(path.read_text("utf-8").splitlines())) > MAX_FILE_LINES
    }
    assert long.keys() == LONG_FILES.keys(), long


def test_functions_are_small() -> None:
    long = {
        f"{name}:{function.name}": length
        for name, path in modules().items()
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _length(function)) > MAX_FUNCTION_LINES
    }
    assert long.keys() == LONG_FUNCTIONS.keys(), long


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or 0) - text.lineno + 1
    return lines


def tracked() -> list[str]:
    """Return the files that git knows."""
    try:
        return process.run(["git", "ls-files", "-z"], cwd=ROOT).text.rstrip("\0").split("\0")
    except ToolFailed:
        pytest.skip("not a git checkout")


# Written so that they do not match themselves.
UNWANTED = {
    "a package registry": r"pypi[.]org|python[h]osted|npmjs[.](?:org|com)|(?:extra-|default-)index[-_]url",
    "a path of somebody's machine": r"(?<![\w.$}])/(?:root|Users|wor[k]/|opt/(?!\{))|/home/[a-z]+/",
    "unfinished work": r"\b(?:TO[D]O|FIX[M]E|XX[X])\b",
}


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(UNWANTED[what])
    found = []
    for name in tracked():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".lock", ".png"}:
            lines = path.read_text("utf-8").splitlines()
            found += [
                f"{name}:{number}: {line}" for number, line in enumerate(lines, 1) if pattern.search(line)
            ]
    assert not found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_nothing_but_versions(name: str) -> None:
    line = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; .+)?")
    assert not [found for found in (ROOT / name).read_text().splitlines() if not line.fullmatch(found)]


def test_the_locks_agree() -> None:
    plain, dev = (
        {line.partition(" ;")[0] for line in (ROOT / name).read_text().splitlines()}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert plain <= dev


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a freshly built wheel."""
    folder = tmp_path_factory.mktemp("dist")
    process.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_ships(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        f"gitmodel/_resources/{name}"
        for name in tracked()
        if name.startswith(tuple(f"{top}/" for top in SHIPPED))
    }
    wanted |= {name for name in tracked() if name.startswith("gitmodel/") and (ROOT / name).is_file()}
    assert wanted <= names, sorted(wanted - names)
    for example in ("hello-world", "credit-risk", "spam-filter", "recommender"):
        for dotfile in (".dvc/config", ".dvcignore"):
            assert f"gitmodel/_resources/examples/{example}/{dotfile}" in names
    assert not [name for name in names if re.search(r"__pycache__|\.dvc/(cache|tmp)|^tests/|^bench/", name)]


def test_an_installed_wheel_finds_its_folders(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = f"from gitmodel import resources; print(*(resources.folder(n) for n in {SHIPPED!r}), sep='\\n')"
    environment = process.clean_environment({"PYTHONPATH": str(tmp_path)})
    done = process.run([sys.executable, "-c", program], cwd=tmp_path, env=environment)
    assert done.text.split() == [os.fspath(tmp_path / "gitmodel/_resources" / name) for name in SHIPPED]
