"""Train a classifier of wines: the smallest model that goes all the way."""

import json
from pathlib import Path

import joblib
import yaml
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["alcohol", "malic_acid", "flavanoids", "color_intensity"]

params = yaml.safe_load(Path("params.yaml").read_text())
wine = load_wine(as_frame=True)
table = wine.data[FEATURES].assign(wine=wine.target_names[wine.target])
train, test = train_test_split(table, test_size=0.4, random_state=params["seed"], stratify=table.wine)

model = make_pipeline(StandardScaler(), LogisticRegression(C=params["C"], max_iter=1000))
model.fit(train[FEATURES], train.wine)
accuracy = model.score(test[FEATURES], test.wine)
print(f"accuracy {accuracy:.3f} on {len(test)} wines")

Path("data").mkdir(exist_ok=True)
train.to_csv("data/train.csv", index=False)
test.to_csv("data/test.csv", index=False)
joblib.dump(model, "model.joblib")
Path("metrics.json").write_text(json.dumps({"accuracy": round(accuracy, 4)}) + "\n")
