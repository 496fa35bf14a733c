"""Write the rows to learn from and to measure on: visits of the past, and those that feedback has told of."""

from pathlib import Path

import pandas as pd
import yaml
from visits import visits

ROWS = Path("feedback/rows")
APART = 5  # every fifth visit of the past; of later ones gitmodel keeps a share apart


def past(until: str) -> pd.DataFrame:
    """Return the visits before a day, a row a movie shown, with what became of it."""
    end = pd.Timestamp(until).timestamp()
    rows = []
    for number, visit in enumerate(visits()):
        if visit.at >= end:
            break
        about = {"at": pd.Timestamp(visit.at, unit="s", tz="UTC"), "apart": number % APART == 0}
        rows += [{**row, "relevance": visit.relevance(row["movieId"]), **about} for row in visit.rows]
    return pd.DataFrame(rows)


def told() -> list[pd.DataFrame]:
    """Return what feedback has brought, a table a file."""
    files = [*sorted(ROWS.glob("*.parquet")), *sorted(ROWS.glob("holdout/*.parquet"))]
    return [
        pd.read_parquet(file).assign(
            at=lambda rows: pd.to_datetime(rows["_at"], utc=True, format="ISO8601"),
            apart=file.parent.name == "holdout",
        )
        for file in files
    ]


params = yaml.safe_load(Path("params.yaml").read_text())["data"]
rows = pd.concat([past(params["until"]), *told()], ignore_index=True).sort_values("at", kind="stable")
apart = rows[rows.apart]
newest = apart.drop_duplicates("visit", keep="last").visit.tail(params["test"])

Path("data").mkdir(exist_ok=True)
for name, part in {"train": rows[~rows.apart], "test": apart[apart.visit.isin(newest)]}.items():
    columns = [column for column in part if not column.startswith("_") and column not in {"at", "apart"}]
    part[columns].to_parquet(f"data/{name}.parquet", index=False)
    print(f"{name}: {len(part)} rows of {part.visit.nunique()} visits until {part['at'].max():%Y-%m-%d}")
