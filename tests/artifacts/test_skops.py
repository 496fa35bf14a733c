"""skops artifacts: the usual estimators load by default, nothing else does."""

import functools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gitmodel.artifacts import load
from gitmodel.artifacts.portable.trusted import TRUSTED_TYPES
from gitmodel.errors import InvalidFile

ROWS = 80


def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "amount": random.random(ROWS),
            "term": random.integers(0, 9, ROWS),
            "grade": random.choice(list("ABC"), ROWS),
            "note": random.choice(["hello world", "big money"], ROWS),
        }
    )
    made.loc[3, "amount"] = None
    return made


def prepare() -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include=np.number)),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["grade"]),
            ("text", TfidfVectorizer(), "note"),
        ]
    )


LABELS = np.where(frame()["term"] > 4, "bad", "good")
NUMBERS = frame()["term"] * 2.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (DecisionTreeClassifier(max_depth=3), LABELS),
        (RandomForestClassifier(5), LABELS),
        (GradientBoostingClassifier(n_estimators=3), LABELS),
        (ExtraTreesRegressor(3), NUMBERS),
        (LogisticRegression(), LABELS),
        (Ridge(), NUMBERS),
        (SVC(), LABELS),
        (KNeighborsClassifier(), LABELS),
        (MLPClassifier((4,), max_iter=3), LABELS),
        (CalibratedClassifierCV(RandomForestClassifier(3), cv=3), LABELS),
        (StackingClassifier([("tree", DecisionTreeClassifier())], cv=3), LABELS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pipelines_of_usual_estimators(tmp_path: Path, model: Any, labels: Any) -> None:
    pipeline = make_pipeline(prepare(), model).fit(frame(), labels)
    skops.io.dump(pipeline, tmp_path / "model.skops")
    predictor = load("skops", tmp_path / "model.skops")
    assert predictor.predict(frame()).tolist() == pipeline.predict(frame()).tolist()
    assert predictor.algo == type(model).__name__
    assert predictor.features == ("amount", "term", "grade", "note")
    assert predictor.classes == (None if labels is NUMBERS else ("bad", "good"))


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (HistGradientBoostingClassifier(max_iter=3), LABELS),
        (HistGradientBoostingRegressor(max_iter=3), NUMBERS),
    ],
)
def test_histogram_boosting_with_categories(tmp_path: Path, model: Any, labels: Any) -> None:
    rows = frame().drop(columns="note").astype({"grade": "category"})
    skops.io.dump(model.fit(rows, labels), tmp_path / "model.skops")
    assert load("skops", tmp_path / "model.skops").predict(rows).tolist() == model.predict(rows).tolist()


@pytest.mark.parametrize(
    ("vectorizer", "model"), [(CountVectorizer(), MultinomialNB()), (TfidfVectorizer(), LogisticRegression())]
)
def test_models_of_text_alone(tmp_path: Path, vectorizer: Any, model: Any) -> None:
    pipeline = make_pipeline(vectorizer, model).fit(frame()["note"], LABELS)
    skops.io.dump(pipeline, tmp_path / "model.skops")
    predictor = load("skops", tmp_path / "model.skops")
    assert predictor.predict(frame()[["note"]]).tolist() == pipeline.predict(frame()["note"]).tolist()
    assert predictor.features is None
    with pytest.raises(Exception, match="reads one column of text, and the rows have 4"):
        predictor.predict(frame())


def test_a_grid_search_is_its_best_estimator(tmp_path: Path) -> None:
    search = GridSearchCV(
        make_pipeline(prepare(), DecisionTreeClassifier()),
        {"decisiontreeclassifier__max_depth": [2]},
        cv=3,
        scoring="roc_auc",
    ).fit(frame(), LABELS)
    skops.io.dump(search, tmp_path / "model.skops")
    predictor = load("skops", tmp_path / "model.skops")
    assert (predictor.algo, predictor.parameters) == ("DecisionTreeClassifier", {"max_depth": 2})


def own_function(values: Any) -> Any:
    return values


def save_with_own_function(path: Path, function: Any) -> None:
    columns = frame()[["amount", "term"]].fillna(0)
    skops.io.dump(make_pipeline(FunctionTransformer(function), Ridge()).fit(columns, NUMBERS), path)


def test_types_nobody_trusts_are_named_and_can_be_trusted(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    save_with_own_function(path, own_function)
    name = f"{own_function.__module__}.own_function"
    with pytest.raises(InvalidFile, match=f"holds types that are not trusted: {name}") as caught:
        load("skops", path)
    assert "`trusted_types` in gitmodel.yaml" in caught.value.hint
    assert load("skops", path, trusted_types=[name]).algo == "Ridge"


def test_a_partial_does_not_hide_a_function(tmp_path: Path) -> None:
    save_with_own_function(tmp_path / "model.skops", functools.partial(own_function))
    with pytest.raises(InvalidFile, match=r"not trusted: .*own_function"):
        load("skops", tmp_path / "model.skops")


def test_the_default_list_has_exact_names_of_numeric_packages() -> None:
    assert len(set(TRUSTED_TYPES)) == len(TRUSTED_TYPES)
    assert all("*" not in name for name in TRUSTED_TYPES)
    assert {name.partition(".")[0] for name in TRUSTED_TYPES} == {"functools", "numpy", "scipy", "sklearn"}


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_damaged_files(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.skops"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("schema.json", "{}")
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidFile, match=r"model.skops cannot be loaded as skops") as caught:
        load("skops", path)
    assert "artifact.encoding" in caught.value.hint
