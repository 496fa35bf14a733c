"""Which models a push touches."""

import pytest

from gitmodel.pipelines.plan import touched
from gitmodel.spec import ModelSpec


def spec(name: str, folder: str) -> ModelSpec:
    return ModelSpec(name, folder, f"{folder}/model.yaml".lstrip("/"))


SPECS = [spec("a", "models/a"), spec("a-b", "models/a-b"), spec("inner", "models/a/inner")]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("models/a/train.py", ["a"]),
        ("models/a-b/params.yaml", ["a-b"]),
        ("models/a/inner/train.py", ["inner"]),
        ("shared/features.py", ["a", "a-b", "inner"]),
        ("requirements.txt", ["a", "a-b", "inner"]),
        ("README.md", []),
        ("models/a/README.md", []),
        ("environments/production.yaml", []),
        (".github/workflows/x.yml", []),
    ],
)
def test_a_path_touches_its_model_or_all(path: str, names: list[str]) -> None:
    assert [item.spec.name for item in touched(SPECS, [path])] == names


def test_a_model_at_the_root_is_touched_by_what_no_other_owns() -> None:
    specs = [spec("root", ""), spec("b", "models/b")]
    assert [item.spec.name for item in touched(specs, ["model.yaml"])] == ["root"]
    assert [item.spec.name for item in touched(specs, ["models/b/x.py"])] == ["b"]


def test_reasons_name_the_first_change() -> None:
    (item,) = touched(SPECS, ["models/a/one.py", "models/a/two.py"])
    assert item.reason == "models/a/one.py changed"


def test_a_new_repository_touches_all() -> None:
    assert [item.spec.name for item in touched(SPECS, None)] == ["a", "a-b", "inner"]
