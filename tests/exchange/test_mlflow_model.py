"""Folders in which MLflow saved a model: its file and encoding, whatever the folder claims."""

import json
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.exchange.mlflow_model import read_saved

SKOPS = "sklearn: {pickled_model: model.skops, serialization_format: skops, skops_trusted_types: [os.system]}"


def save(folder: Path, flavors: str, *files: str, signature: object = None) -> Path:
    lines = ["flavors:", *(f"  {line}" for line in flavors.splitlines())]
    if signature is not None:
        lines += [f"signature: {json.dumps({'inputs': json.dumps(signature)})}"]
    (folder / "MLmodel").write_text("\n".join([*lines, ""]))
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("x")
    return folder


@pytest.mark.parametrize(
    ("flavors", "file", "encoding"),
    [
        ("sklearn: {pickled_model: model.pkl}", "model.pkl", "joblib"),
        ("sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}", "model.pkl", "joblib"),
        (SKOPS, "model.skops", "skops"),
        ("python_function: {loader_module: x}\nonnx: {data: model.onnx}", "model.onnx", "onnx"),
        ("xgboost: {data: model.ubj}", "model.ubj", "xgboost"),
        ("lightgbm: {data: sub/model.lgb}", "sub/model.lgb", "lightgbm"),
        ("gitmodel: {data: m.joblib, encoding: joblib}", "m.joblib", "joblib"),
        ("gitmodel: {data: m.x, encoding: evil}", "m.x", "python"),
    ],
)
def test_the_flavor_decides(tmp_path: Path, flavors: str, file: str, encoding: str) -> None:
    saved = read_saved(save(tmp_path, flavors, file, "requirements.txt"))
    assert (saved.main, saved.encoding) == (file, encoding)
    assert set(saved.files) == {"MLmodel", "requirements.txt", file}


@pytest.mark.parametrize(
    "flavors",
    [
        "pytorch: {model_data: data}\npython_function: {}",
        "sklearn: {pickled_model: ../../../etc/passwd}",
        "sklearn: {pickled_model: /etc/passwd}",
        "sklearn: {pickled_model: gone.pkl}",
        "sklearn: {pickled_model: [model.pkl]}",
        "sklearn: model.pkl",
    ],
)
def test_what_is_not_one_file_of_the_folder_is_kept_as_a_whole(tmp_path: Path, flavors: str) -> None:
    saved = read_saved(save(tmp_path, flavors, "model.pkl"))
    assert (saved.main, saved.encoding) == (None, "python")


@pytest.mark.parametrize("text", ["", "flavors: [", "flavors: &a [*a]", "- x", "flavors: 7", "\xff"])
def test_a_description_of_nothing_names_no_model(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_bytes(text.encode("latin-1"))
    try:
        assert read_saved(tmp_path).main is None
    except InvalidFile as error:
        assert "MLmodel cannot be read" in error.message  # noqa: PT017 - either is right


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "id_rsa").write_text("secret")
    with pytest.raises(InvalidFile, match="no model of MLflow"):
        read_saved(tmp_path)


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, target: str) -> None:
    save(tmp_path, SKOPS, "model.skops")
    (tmp_path / "data").symlink_to(target)
    with pytest.raises(InvalidFile, match="data is a link"):
        read_saved(tmp_path)


def test_named_columns_are_the_schema_of_a_row(tmp_path: Path) -> None:
    columns = [
        {"type": "double", "name": "income", "required": True},
        {"type": "string", "name": "city", "required": False},
    ]
    assert read_saved(save(tmp_path, SKOPS, "model.skops", signature=columns)).row == {
        "type": "object",
        "properties": {"income": {"type": "number"}, "city": {"type": "string"}},
        "required": ["income"],
    }


@pytest.mark.parametrize(
    "columns",
    [
        [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}],
        [{"type": "double"}],
        [{"type": "map", "name": "x"}],
        [],
        7,
        ["x"],
    ],
)
def test_other_inputs_are_left_to_people(tmp_path: Path, columns: object) -> None:
    assert read_saved(save(tmp_path, SKOPS, "model.skops", signature=columns)).row is None
