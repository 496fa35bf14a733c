"""Fit a decision tree that tells how likely a loan goes bad, and measure it on loans it has not seen."""

import json
from pathlib import Path

import pandas as pd
import skops.io
import yaml
from sklearn.compose import make_column_transformer
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    precision_recall_curve,
    recall_score,
    roc_auc_score,
    roc_curve,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

TARGET, BAD = "Class", "bad"


def build(features: pd.DataFrame, params: dict) -> Pipeline:
    """Return the untrained model: words become numbers, and a tree decides."""
    words = list(features.select_dtypes(exclude="number"))
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((encoder, words), remainder="passthrough"),
        DecisionTreeClassifier(class_weight="balanced", **params),
    )


def measure(truth: pd.Series, scores: pd.Series, predicted: pd.Series) -> dict[str, float]:
    """Return the metrics; the scores are probabilities of a bad loan."""
    bad = truth == BAD
    return {
        "roc_auc": roc_auc_score(bad, scores),
        "average_precision": average_precision_score(bad, scores),
        "recall": recall_score(bad, predicted == BAD),
        "accuracy": accuracy_score(truth, predicted),
    }


def plot(truth: pd.Series, scores: pd.Series, predicted: pd.Series) -> None:
    """Write what dvc.yaml declares as plots."""
    folder = Path("plots")
    folder.mkdir(exist_ok=True)
    bad = truth == BAD
    false, true, _ = roc_curve(bad, scores)
    found, caught, _ = precision_recall_curve(bad, scores)
    tables = {
        "roc": {"false_positives": false.round(4), "true_positives": true.round(4)},
        "precision_recall": {"recall": caught.round(4), "precision": found.round(4)},
        "confusion": {"actual": truth, "predicted": predicted},
    }
    for name, table in tables.items():
        pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)


def main() -> None:
    """Train, measure, write the model, the scores of the test rows, the plots and the metrics."""
    params = yaml.safe_load(Path("params.yaml").read_text())["train"]
    train, test = pd.read_parquet("data/train.parquet"), pd.read_parquet("data/test.parquet")
    rows, truth = test.drop(columns=TARGET), test[TARGET]

    model = build(rows, params).fit(train.drop(columns=TARGET), train[TARGET])
    scores = pd.Series(model.predict_proba(rows)[:, list(model.classes_).index(BAD)])
    predicted = pd.Series(model.predict(rows))
    metrics = measure(truth, scores, predicted)
    plot(truth, scores, predicted)

    skops.io.dump(model, "model.skops")
    pd.DataFrame({"truth": truth, "score": scores, "amount": test.funded_amnt}).to_parquet("scores.parquet")
    rounded = {name: round(float(value), 4) for name, value in metrics.items()}
    Path("metrics.json").write_text(json.dumps(rounded, indent=2) + "\n")
    print(", ".join(f"{name} {value}" for name, value in rounded.items()))


main()
