"""What a ``model.yaml`` says, as values that cannot change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from gitmodel.spec import metric_names, paths

Encoding = Literal["joblib", "skops", "onnx", "xgboost", "lightgbm", "pytorch", "python"]
Kind = Literal["classification", "regression", "ranking", "command"]
Trigger = Literal["code", "data", "params"]
Action = Literal["alert", "retrain", "rollback"]
Better = Literal["higher", "lower"]
Label = str | int | float | bool

AS_SENT = "value"  # of a signal: the label is what was sent with it
PREDICTED = "predicted"  # of silence: the label is what the model has answered

# An artifact that names no encoding is read by the ending of its file.
ENCODINGS_BY_ENDING: dict[str, Encoding] = {
    ".joblib": "joblib",
    ".onnx": "onnx",
    ".pickle": "joblib",
    ".pkl": "joblib",
    ".pt": "pytorch",
    ".skops": "skops",
    ".ubj": "xgboost",
}


@dataclass(frozen=True)
class ArtifactSpec:
    """The file that training makes, relative to the model's folder, and how it is encoded."""

    path: str = "model.skops"
    encoding: Encoding = "skops"


@dataclass(frozen=True)
class DataSpec:
    """Labelled rows, as files relative to the model's folder, and the column to predict."""

    train: str | None = None
    test: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class SignatureSpec:
    """JSON Schema files of one input row and one output; what is absent is inferred."""

    input: str | None = None
    output: str | None = None


@dataclass(frozen=True)
class EvaluateSpec:
    """How a version is scored on labelled rows.

    ``command`` is set exactly where ``kind`` is ``command``; ``positive`` is the label of the positive
    class of a binary classification. ``group`` is set exactly where ``kind`` is ``ranking``: the column
    whose equal values are ranked together; ``k`` is how many of the first count.
    """

    kind: Kind
    command: str | None = None
    positive: str | int | bool | None = None
    group: str | None = None
    k: int = 10


@dataclass(frozen=True)
class Gate:
    """A condition on one metric that a version must meet before it is promoted.

    ``min`` and ``max`` bound the value itself. ``versus`` names an environment: there the version must
    not be worse than the one that runs there by more than ``max_drop`` (>= 0, in units of the metric),
    both scored on the same rows. ``confidence`` (0..1) asks for that with the bound of a paired
    interval; absent, the two figures alone decide.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    versus: str | None = None
    max_drop: float | None = None
    confidence: float | None = None
    better: Better | None = None

    @property
    def higher_is_better(self) -> bool:
        """Say whether a larger value is the better one: ``better``, or what the metric's name says."""
        if self.better is not None:
            return self.better == "higher"
        return metric_names.higher_is_better(self.metric)


@dataclass(frozen=True)
class QualityCondition:
    """A bound on a metric of the live model over a window, and what happens when it is broken.

    After each step of ``when_broken`` nothing more is done for ``cool_down``; one incident retrains at
    most ``max_attempts`` times.
    """

    metric: str
    window: timedelta
    min_samples: int = 1
    min: float | None = None
    max: float | None = None
    when_broken: tuple[Action, ...] = ("alert",)
    cool_down: timedelta = timedelta(hours=1)
    max_attempts: int = 2


@dataclass(frozen=True)
class MonitorSpec:
    """What a running service keeps of its predictions, and when (words or cron, UTC) they are judged.

    ``sample`` is the share of requests (0..1) that is kept; ``exclude`` and ``hash`` are input columns;
    ``max_size`` counts bytes, of one model on one host.
    """

    schedule: str | None = None
    sample: float = 1.0
    exclude: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    keep: timedelta = timedelta(days=30)
    max_size: int = 1_000_000_000

    @property
    def cron(self) -> str | None:
        """The schedule as a cron expression."""
        from gitmodel.spec.schedule import to_cron

        return to_cron(self.schedule) if self.schedule else None


@dataclass(frozen=True)
class ServingSpec:
    """Origins of pages that may ask the service from a browser; ``null`` is a disk's, ``*`` any."""

    allow_origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class RetrainSpec:
    """When automation trains: at changes of these kinds, and by a schedule (words or cron, UTC)."""

    schedule: str | None = None
    on: tuple[Trigger, ...] = ("code", "data", "params")
    mode: Literal["direct", "pull_request"] = "direct"

    @property
    def cron(self) -> str | None:
        """The schedule as a cron expression."""
        from gitmodel.spec.schedule import to_cron

        return to_cron(self.schedule) if self.schedule else None


@dataclass(frozen=True)
class SilenceSpec:
    """The label of a prediction of which nothing was said within a time; ``PREDICTED``: its answer."""

    after: timedelta
    label: Label


@dataclass(frozen=True)
class FeedbackSpec:
    """The folder, relative to the model's, that labelled live rows are appended to.

    ``holdout`` is the share of them (0..0.9) that is never trained on; ``label`` says which label counts
    where a prediction has several; ``signals`` is the label that each signal means (``AS_SENT``: what was
    sent with it), or ``None`` where all mean what was sent.
    """

    append_to: str
    mode: Literal["direct", "pull_request"] = "direct"
    holdout: float = 0.0
    label: Literal["latest", "first"] = "latest"
    signals: Mapping[str, Label] | None = None
    silence: SilenceSpec | None = None


@dataclass(frozen=True)
class DeploySpec:
    """Environments that automation promotes to; ``None``: every one that exists."""

    environments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A model as its ``model.yaml`` declares it.

    ``file`` is that file and ``folder`` its folder, both posix and relative to the repository ("" is
    its root). All paths inside the spec are relative to the folder: `path` resolves them.
    """

    name: str
    folder: str
    file: str
    description: str = ""
    owners: tuple[str, ...] = ()
    intended_use: str = ""
    limitations: tuple[str, ...] = ()
    license: str = ""
    artifact: ArtifactSpec = ArtifactSpec()
    metrics: tuple[str, ...] = ()
    notebooks: tuple[str, ...] = ()
    data: DataSpec | None = None
    signature: SignatureSpec | None = None
    serving: ServingSpec = ServingSpec()
    evaluate: EvaluateSpec | None = None
    gates: tuple[Gate, ...] = ()
    quality: tuple[QualityCondition, ...] = ()
    monitor: MonitorSpec = MonitorSpec()
    retrain: RetrainSpec = RetrainSpec()
    feedback: FeedbackSpec | None = None
    deploy: DeploySpec = DeploySpec()

    def path(self, path: str) -> str:
        """Return a path of this spec as one relative to the repository.

        Raises:
            InvalidFile: If it is absolute or leaves the model's folder.
        """
        return paths.within(self.folder, path)

    @property
    def artifact_path(self) -> str:
        """The artifact's path, relative to the repository."""
        return self.path(self.artifact.path)

    @property
    def feedback_path(self) -> str:
        """The folder that feedback is appended to, relative to the repository; "" where there is none."""
        return self.path(self.feedback.append_to) if self.feedback else ""
