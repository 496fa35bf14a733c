"""How a version does on labelled rows, and why: what a notebook asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gitmodel.errors import GitmodelError, UsageError
from gitmodel.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

    from gitmodel.api.version import Version
    from gitmodel.artifacts import Predictor
    from gitmodel.evaluation import Dataset, Scores


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A version's answers for labelled rows; tables are data frames of pandas.

    Attributes:
        version: The version.
        model: Its artifact, loaded.
        rows: The labelled rows.
        scores: Metrics and answers, as gates see them.
    """

    version: "Version"
    model: "Predictor" = field(repr=False)
    rows: "Dataset" = field(repr=False)
    scores: "Scores" = field(repr=False)
    _spec: ModelSpec = field(repr=False)
    _trusted: Sequence[str] = field(repr=False, default=())

    @property
    def kind(self) -> str:
        """``classification``, ``regression`` or ``ranking``."""
        return self.scores.kind

    @property
    def metric(self) -> str:
        """The metric that counts most: that of the first gate, else the usual one of the kind."""
        from gitmodel.evaluation.explaining import usual_metric

        return usual_metric(self.scores, self._spec.gates[0].metric if self._spec.gates else "")

    @cached_property
    def _others(self) -> "dict[str, Version]":
        """The version before and those in environments, by what they are called here."""
        found = self.version.in_environments
        before = self.version.before
        others = {f"before: {before.name}": before} if before else {}
        return others | {f"{env}: {each.name}": each for env, each in found.items() if each != self.version}

    def compared(self) -> "pd.DataFrame":
        """Return the metrics beside those of the version before and of what the environments run.

        All are scored on these rows. One that cannot be scored shows what its training reported, and its
        column says so.
        """
        import pandas as pd

        table = {self.version.name: self.scores.metrics}
        for title, other in self._others.items():
            try:
                table[title] = other.evaluate(self._table, trusted=self._trusted).scores.metrics
            except GitmodelError:
                table[f"{title}, as trained"] = other.metrics
        names = list(dict.fromkeys(name for values in table.values() for name in values))
        return pd.DataFrame(table, index=pd.Index(names, name="metric"))

    @property
    def _table(self) -> "pd.DataFrame":
        return self.rows.frame.assign(**{self.rows.target: self.rows.labels})

    def predictions(self) -> "pd.DataFrame":
        """Return every row with what was true, what the model says, and how far that is off."""
        from gitmodel.evaluation.explaining import answers

        return answers(self.rows, self.scores)

    def worst(self, count: int = 20) -> "pd.DataFrame":
        """Return the rows that the model does worst on, the worst first."""
        from gitmodel.evaluation.explaining import worst

        return worst(self.rows, self.scores, count)

    def confusion(self) -> "pd.DataFrame":
        """Count rows by true class (index) and predicted class (columns).

        Raises:
            UsageError: If the model predicts no classes.
        """
        from gitmodel.evaluation.explaining import confusion

        self._only("classification")
        return confusion(self.scores)

    def rankings(self) -> "pd.DataFrame":
        """Return each ranking with its ``ndcg``, the worst first.

        Raises:
            UsageError: If nothing is ranked.
        """
        from gitmodel.evaluation.explaining import rankings

        self._only("ranking")
        assert self._spec.evaluate is not None
        return rankings(self.rows, self.scores, str(self._spec.evaluate.group))

    def importance(self, repeats: int = 5) -> "pd.DataFrame":
        """Return how much worse `metric` gets where a column is shuffled, the most important one first."""
        from gitmodel.evaluation.explaining import importance

        return importance(self._spec.evaluate, self.rows, self.model, metric=self.metric, repeats=repeats)

    def drift(self, reference: "pd.DataFrame") -> "pd.DataFrame":
        """Return how far each column of the rows has moved from a reference, the farthest first.

        Args:
            reference: Other rows, such as those that the model was trained on.

        Returns:
            ``psi``, the population stability index (below 0.1 is little, above 0.25 much), and what is
            typical of the column in ``reference`` and in the ``rows``.
        """
        import pandas as pd

        from gitmodel.evaluation.shifts import shifts

        found = shifts(reference, self._table)
        index = pd.Index([each.column for each in found], name="column")
        told = [(round(each.psi, 4), each.before, each.after) for each in found]
        return pd.DataFrame(told, index, ["psi", "reference", "rows"])

    def _only(self, kind: str) -> None:
        if self.kind != kind:
            raise UsageError(f"{self.version.name} is a {self.kind}, not a {kind}")
