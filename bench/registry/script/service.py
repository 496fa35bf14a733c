"""The service that one writes by hand for this model; what is large is imported by the worker only."""

import os
from pathlib import Path
from typing import Any

import bentoml

TRUSTED = ["sklearn.tree._tree.Tree"]


@bentoml.service(name="credit-risk", logging={"access": {"enabled": False}})
class CreditRisk:
    """Tells which loans go bad."""

    def __init__(self) -> None:
        import skops.io

        self.model = skops.io.load(Path(__file__).with_name("model.skops"), trusted=TRUSTED)

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, rows: list[dict[str, Any]]) -> list[str]:
        """Predict rows."""
        import pandas as pd

        return [str(answer) for answer in self.model.predict(pd.DataFrame(rows))]

    @bentoml.api  # type: ignore[untyped-decorator]
    def version(self) -> str:
        """Tell which version this is."""
        return os.environ["MODEL_VERSION"]
