"""Scores of real models, and what is said where there can be none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, f1_score, roc_auc_score
from sklearn.svm import LinearSVC

from gitmodel.artifacts.portable.scikit import ScikitPredictor
from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.evaluation import Dataset, score


def dataset(labels: Any, frame: pd.DataFrame | None = None) -> Dataset:
    if frame is None:
        frame = features(len(labels))
    return Dataset("test.csv", "0" * 32, frame, pd.Series(labels), "y")


def features(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"a": random.normal(size=rows), "b": random.normal(size=rows)})


def classes(frame: pd.DataFrame, seed: int = 1) -> list[str]:
    noise = np.random.default_rng(seed).normal(size=len(frame))
    return ["good" if value > 0 else "bad" for value in frame["a"] + noise]


def fitted(model: Any, labels: Any = None) -> ScikitPredictor:
    frame = features()
    return ScikitPredictor(model.fit(frame, classes(frame) if labels is None else labels))


def test_two_classes_equal_scikit_learn() -> None:
    frame = features(seed=5)
    truth = classes(frame, seed=6)
    predictor = fitted(LogisticRegression())
    scores = score("classification", dataset(truth, frame), predictor)
    chances = predictor.probabilities(frame)
    assert chances is not None
    assert scores.positive == "good"
    assert scores.metrics["roc_auc"] == pytest.approx(roc_auc_score(truth, chances["good"]))
    assert scores.metrics["f1"] == pytest.approx(f1_score(truth, predictor.predict(frame), pos_label="good"))
    assert scores.metrics["brier"] == pytest.approx(
        brier_score_loss(truth, chances["good"], pos_label="good")
    )
    assert set(scores.metrics) == {
        "accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss", "brier",
    }  # fmt: skip
    assert all(type(value) is float for value in scores.metrics.values())
    assert scores.score is not None
    assert scores.score.shape == (200,)


def test_the_positive_class_can_be_chosen() -> None:
    frame = features(seed=5)
    truth = classes(frame, seed=6)
    predictor = fitted(LogisticRegression())
    scores = score(None, dataset(truth, frame), predictor, positive="bad")
    expected = f1_score(truth, predictor.predict(frame), pos_label="bad")
    assert scores.metrics["f1"] == pytest.approx(expected)
    with pytest.raises(InvalidFile, match="'Bad' is none of the classes: 'bad', 'good'"):
        score(None, dataset(truth, frame), predictor, positive="Bad")


def test_truth_and_classes_of_different_numeric_types_agree() -> None:
    frame = features()
    truth = np.array(classes(frame)) == "good"
    scores = score(None, dataset(truth), fitted(LogisticRegression(), truth.astype(int)))
    assert scores.metrics["accuracy"] > 0.6


def test_a_model_without_probabilities_has_no_ranking_metrics() -> None:
    scores = score(None, dataset(classes(features())), fitted(LinearSVC()))
    assert set(scores.metrics) == {"accuracy", "precision", "recall", "f1"}
    with pytest.raises(InvalidFile, match=r"roc_auc cannot be computed on test.csv: the model gives no prob"):
        scores.value("roc_auc")


def test_three_classes_are_averaged() -> None:
    frame = features()
    truth = np.digitize(frame["a"], [-0.5, 0.5])
    scores = score(None, dataset(truth), fitted(LogisticRegression(), truth))
    assert scores.positive is None
    assert scores.metrics["roc_auc"] > 0.9
    with pytest.raises(InvalidFile, match="two classes only"):
        scores.value("brier")


def test_rows_of_one_class_lack_the_metrics_that_need_both() -> None:
    scores = score(None, dataset(["good"] * 200), fitted(LogisticRegression()))
    assert "accuracy" in scores.metrics
    assert "roc_auc" not in scores.metrics
    with pytest.raises(InvalidFile, match=r"do not hold every class .only 'good'."):
        scores.value("roc_auc")


def test_labels_the_model_does_not_know_at_all() -> None:
    with pytest.raises(
        InvalidFile, match=r"no label of 'y' is a class of the model .1, 0 against 'bad', 'good'."
    ):
        score(None, dataset([1, 0] * 100), fitted(LogisticRegression()))


def test_an_unseen_label_counts_as_wrong() -> None:
    truth = classes(features())
    plain = score(None, dataset(truth), fitted(LogisticRegression())).metrics
    truth[:20] = ["ugly"] * 20
    scores = score(None, dataset(truth), fitted(LogisticRegression()))
    assert scores.metrics["accuracy"] < plain["accuracy"]
    assert scores.metrics["log_loss"] > plain["log_loss"]
    assert scores.positive is None


def test_numbers() -> None:
    frame = features()
    truth = 3 * frame["a"] + 1
    scores = score("regression", dataset(truth), fitted(LinearRegression(), truth))
    assert scores.metrics["r2"] == pytest.approx(1)
    assert scores.metrics["rmse"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(InvalidFile, match="not a metric of regression"):
        scores.value("roc_auc")
    with pytest.raises(InvalidFile, match="known metrics are rmse, mae"):
        scores.value("rsme")


def test_numbers_asked_of_words() -> None:
    with pytest.raises(InvalidFile, match="is not a number"):
        score("regression", dataset(classes(features())), fitted(LogisticRegression()))


class Broken(ScikitPredictor):
    def answer(self, frame: pd.DataFrame) -> "tuple[np.ndarray[Any, Any], None]":
        return np.where(np.arange(len(frame)) < 3, np.nan, 1.0), None


def test_nan_predictions_are_an_error() -> None:
    frame = features()
    model = LinearRegression().fit(frame, frame["a"])
    with pytest.raises(ToolFailed, match=r"NaN or infinity for 3 of 200 rows"):
        score("regression", dataset(frame["a"]), Broken(model))


def test_missing_columns_and_failing_models() -> None:
    with pytest.raises(InvalidFile, match=r"test.csv: the rows lack the columns 'b'"):
        score(None, dataset(["good"] * 200, features()[["a"]]), fitted(LogisticRegression()))
    with pytest.raises(ToolFailed, match="cannot predict the rows") as caught:
        score(None, dataset(["good"] * 200, features() * np.nan), fitted(LogisticRegression()))
    assert "NaN" in caught.value.detail


@pytest.mark.parametrize("kind", ["ranking", "command"])
def test_kinds_that_need_more(kind: str) -> None:
    with pytest.raises(UsageError, match="is not scored so"):
        score(kind, dataset(["good"] * 200), fitted(DummyClassifier()))
