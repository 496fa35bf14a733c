"""Learn how relevant movies are at older visits, and measure how newer ones are ranked."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import ndcg_score
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import TargetEncoder

TARGET, GROUP, FIRST = "relevance", "visit", 5
PLAIN = ["year", "seen", "genre_taste", "genre_share"]


def fit(rows: pd.DataFrame, **params: object) -> Pipeline:
    """Fit a model; what it knows of a movie is how relevant it was until now."""
    encoder = TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=0))
    columns = make_column_transformer((encoder, ["movieId"]), ("passthrough", PLAIN))
    model = make_pipeline(columns, HistGradientBoostingRegressor(early_stopping=False, **params))
    return model.fit(rows[[GROUP, "movieId", *PLAIN]], rows[TARGET])


def ndcg(rows: pd.DataFrame, scores: np.ndarray) -> float:
    """Return the mean over the visits at which something was relevant, and something is to be ranked."""
    visits = [each for _, each in rows.assign(score=scores).groupby(GROUP, sort=False)]
    ranked = [each for each in visits if each[TARGET].any() and len(each) > 1]
    return float(np.mean([ndcg_score([each[TARGET]], [each.score], k=FIRST) for each in ranked]))


def main() -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())["train"]
    train, test = pd.read_parquet("data/train.parquet"), pd.read_parquet("data/test.parquet")
    model = fit(train, **params)
    metrics = {"ndcg": round(ndcg(test, model.predict(test)), 4)}
    skops.io.dump(model, "model.skops")
    Path("metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"ndcg {metrics['ndcg']} of {test[GROUP].nunique()} visits")


if __name__ == "__main__":
    main()
