"""Learn to tell spam from other mails, and measure on mails that are kept out."""

import json
from pathlib import Path

import pandas as pd
import skops.io
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

TARGET = "spam"

params = yaml.safe_load(Path("params.yaml").read_text())["train"]
train, test = pd.read_parquet("data/train.parquet"), pd.read_parquet("data/test.parquet")
features, rows = train.drop(columns=TARGET), test.drop(columns=TARGET)

words = list(features.select_dtypes(exclude="number"))
encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
model = make_pipeline(
    make_column_transformer((encoder, words), remainder="passthrough"),
    RandomForestClassifier(class_weight="balanced_subsample", **params),
).fit(features, train[TARGET])

predicted = model.predict(rows)
scores = model.predict_proba(rows)[:, 1]
metrics = {
    "average_precision": average_precision_score(test[TARGET], scores),
    "roc_auc": roc_auc_score(test[TARGET], scores),
    "recall": recall_score(test[TARGET], predicted),
    "precision": precision_score(test[TARGET], predicted),
}
false, true, _ = roc_curve(test[TARGET], scores)
found, caught, _ = precision_recall_curve(test[TARGET], scores)
weights = model[-1].feature_importances_
plots = {
    "roc": {"false_positives": false.round(4), "true_positives": true.round(4)},
    "precision_recall": {"recall": caught.round(4), "precision": found.round(4)},
    "confusion": {"actual": test[TARGET], "predicted": predicted},
    "importance": {"weight": weights.round(4), "feature": [*words, *rows.columns.drop(words)]},
}
Path("plots").mkdir(exist_ok=True)
for name, table in plots.items():
    pd.DataFrame(table).to_csv(f"plots/{name}.csv", index=False)

rounded = {name: round(float(value), 4) for name, value in metrics.items()}
skops.io.dump(model, "model.skops")
Path("metrics.json").write_text(json.dumps(rounded, indent=2) + "\n")
print(", ".join(f"{name} {value}" for name, value in rounded.items()))
