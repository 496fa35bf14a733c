"""joblib artifacts, and what every scikit-learn model says of itself."""

import sys
import types
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from gitmodel.artifacts import Predictor, load
from gitmodel.artifacts.portable.problem import Problem
from gitmodel.errors import InvalidFile

FRAME = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
LABELS = ["no", "no", "yes", "yes"]


def saved(path: Path, model: Any) -> Predictor:
    joblib.dump(model, path / "model.joblib")
    return load("joblib", path / "model.joblib")


def test_a_classifier(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), RandomForestClassifier(5, max_depth=2, random_state=7))
    predictor = saved(tmp_path, model.fit(FRAME, LABELS))
    assert predictor.algo == "RandomForestClassifier"
    assert predictor.parameters == {"n_estimators": 5, "max_depth": 2, "random_state": 7}
    assert predictor.classes == ("no", "yes")
    assert predictor.features == ("a", "b")
    chances = predictor.probabilities(FRAME)
    assert chances is not None
    assert list(chances.columns) == ["no", "yes"]
    np.testing.assert_allclose(chances.to_numpy(), model.predict_proba(FRAME))


def test_a_regressor_has_no_classes_and_no_probabilities(tmp_path: Path) -> None:
    predictor = saved(tmp_path, LinearRegression().fit(FRAME, [1, 2, 3, 4]))
    assert predictor.classes is None
    assert predictor.probabilities(FRAME) is None
    assert predictor.parameters == {}
    assert predictor.predict(FRAME).shape == (4,)


def test_a_regressor_fitted_on_a_column_answers_one_dimension(tmp_path: Path) -> None:
    predictor = saved(tmp_path, LinearRegression().fit(FRAME, np.array([[1], [2], [3], [4]])))
    assert predictor.predict(FRAME).shape == (4,)


def test_a_classifier_without_probabilities(tmp_path: Path) -> None:
    predictor = saved(tmp_path, LinearSVC().fit(FRAME, LABELS))
    assert predictor.classes == ("no", "yes")
    assert predictor.probabilities(FRAME) is None


def test_columns_are_taken_by_name_in_the_models_order(tmp_path: Path) -> None:
    predictor = saved(tmp_path, LogisticRegression().fit(FRAME, LABELS))
    mixed = FRAME.assign(c=9)[["c", "b", "a"]]
    assert predictor.predict(mixed).tolist() == predictor.predict(FRAME).tolist()
    with pytest.raises(Problem, match="lack the columns 'b'"):
        predictor.predict(FRAME[["a"]])


def test_a_model_fitted_without_names_takes_columns_as_they_come(tmp_path: Path) -> None:
    predictor = saved(tmp_path, LogisticRegression().fit(FRAME.to_numpy(), LABELS))
    assert predictor.features is None
    assert len(predictor.predict(FRAME)) == 4


def test_a_clustering_predicts_numbers(tmp_path: Path) -> None:
    assert saved(tmp_path, KMeans(2, n_init=1).fit(FRAME)).classes is None


def test_integer_and_boolean_classes_are_plain_values(tmp_path: Path) -> None:
    assert saved(tmp_path, LogisticRegression().fit(FRAME, [0, 0, 1, 1])).classes == (0, 1)
    classes = saved(tmp_path, LogisticRegression().fit(FRAME, [False, False, True, True])).classes
    assert classes is not None
    assert [type(label) for label in classes] == [bool, bool]


def test_several_outputs_are_refused(tmp_path: Path) -> None:
    model = MultiOutputClassifier(LogisticRegression()).fit(FRAME, np.array([[0, 1], [0, 1], [1, 0], [1, 0]]))
    with pytest.raises(InvalidFile, match="several values a row"):
        saved(tmp_path, model)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="holds a dict, which cannot predict"):
        saved(tmp_path, {"model": LogisticRegression()})


def test_a_class_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("house_models")
    exec("class House:\n    def predict(self, rows): return rows", module.__dict__)
    monkeypatch.setitem(sys.modules, "house_models", module)
    joblib.dump(module.House(), tmp_path / "model.joblib")
    monkeypatch.delitem(sys.modules, "house_models")
    with pytest.raises(InvalidFile, match="needs the Python module 'house_models'") as caught:
        load("joblib", tmp_path / "model.joblib")
    assert "install it" in caught.value.hint


def test_damaged_missing_and_unknown(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"garbage")
    with pytest.raises(InvalidFile, match=r"model.joblib cannot be loaded as joblib"):
        load("joblib", tmp_path / "model.joblib")
    with pytest.raises(InvalidFile, match="does not exist"):
        load("joblib", tmp_path / "nothing.joblib")
    with pytest.raises(InvalidFile, match="'pytorch' cannot be loaded yet") as caught:
        load("pytorch", tmp_path / "model.joblib")
    assert caught.value.hint == "use one of joblib, onnx, skops"
