"""ONNX artifacts, as skl2onnx writes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gitmodel.artifacts import load
from gitmodel.artifacts.portable.problem import Problem
from gitmodel.errors import InvalidFile

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "amount": RANDOM.random(60).astype("float32"),
        "term": RANDOM.integers(0, 9, 60),
        "grade": RANDOM.choice(list("ABC"), 60),
    }
)
LABELS = np.where(FRAME["term"] > 4, "bad", "good")
NUMBERS = FRAME[["amount", "term"]].astype("float32")


def write(path: Path, model: Any) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("zipmap", [True, False])
def test_one_tensor_of_all_columns(tmp_path: Path, *, zipmap: bool) -> None:
    model = RandomForestClassifier(5, random_state=0).fit(NUMBERS.to_numpy(), LABELS)
    made = convert_sklearn(
        model, initial_types=[("rows", FloatTensorType([None, 2]))], options={id(model): {"zipmap": zipmap}}
    )
    predictor = load("onnx", write(tmp_path / "model.onnx", made))
    assert predictor.algo == "TreeEnsembleClassifier"
    assert predictor.classes == ("bad", "good")
    assert predictor.features is None
    assert predictor.predict(NUMBERS).tolist() == model.predict(NUMBERS.to_numpy()).tolist()
    chances = predictor.probabilities(NUMBERS)
    assert chances is not None
    np.testing.assert_allclose(chances.to_numpy(), model.predict_proba(NUMBERS.to_numpy()), atol=1e-5)
    with pytest.raises(Problem, match="reads 2 columns, and the rows have 1"):
        predictor.predict(NUMBERS[["term"]])


def test_one_input_a_column(tmp_path: Path) -> None:
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), ["amount", "term"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["grade"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(FRAME, LABELS)
    made = convert_sklearn(
        model,
        initial_types=[
            ("amount", FloatTensorType([None, 1])),
            ("term", Int64TensorType([None, 1])),
            ("grade", StringTensorType([None, 1])),
        ],
    )
    predictor = load("onnx", write(tmp_path / "model.onnx", made))
    assert predictor.features == ("amount", "term", "grade")
    assert predictor.algo == "LinearClassifier"
    assert predictor.predict(FRAME).tolist() == model.predict(FRAME).tolist()
    with pytest.raises(Problem, match="lack the columns 'grade'"):
        predictor.predict(FRAME[["amount", "term"]])
    with pytest.raises(Problem, match=r"the input 'term' takes tensor\(int64\)"):
        predictor.predict(FRAME.assign(term="many"))


def test_integer_labels_are_read_from_the_graph_or_given(tmp_path: Path) -> None:
    model = LogisticRegression().fit(NUMBERS.to_numpy(), np.where(LABELS == "bad", 2, 1))
    made = to_onnx(model, NUMBERS.to_numpy()[:1], options={"zipmap": False})
    path = write(tmp_path / "model.onnx", made)
    assert load("onnx", path).classes == (1, 2)
    assert load("onnx", path, classes=[1, 2]).classes == (1, 2)


def test_a_regressor(tmp_path: Path) -> None:
    model = GradientBoostingRegressor(n_estimators=3).fit(NUMBERS.to_numpy(), FRAME["term"])
    predictor = load("onnx", write(tmp_path / "model.onnx", to_onnx(model, NUMBERS.to_numpy()[:1])))
    assert predictor.classes is None
    assert predictor.probabilities(NUMBERS) is None
    np.testing.assert_allclose(predictor.predict(NUMBERS), model.predict(NUMBERS.to_numpy()), rtol=1e-4)
    assert (predictor.algo, predictor.parameters) == ("TreeEnsembleRegressor", {})


def test_damaged(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"garbage")
    with pytest.raises(InvalidFile, match=r"model.onnx cannot be loaded as onnx"):
        load("onnx", tmp_path / "model.onnx")
