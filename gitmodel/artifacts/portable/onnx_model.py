"""ONNX artifacts: one tensor of all columns or one input a column, with a zipmap or without."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .predictor import Label, Predictor, select
from .problem import Problem

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_TENSORS = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


def load_onnx(path: Path, trusted_types: Iterable[str], classes: Sequence[Label] | None) -> Predictor:
    """Load an ONNX file. Its labels are read from the graph unless ``classes`` says them."""
    del trusted_types
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise Problem("onnxruntime is not installed", hint="run `pip install gitmodel[onnx]`") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # rows come one or few at a time: threads cost more than they give
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common exception of its own
        raise Problem(
            f"{path.name} cannot be loaded as onnx: {str(error).splitlines()[0]}",
            hint="check `artifact.encoding` in model.yaml",
        ) from error
    return OnnxPredictor(session, path, classes)


class OnnxPredictor:
    """A session of onnxruntime (see `Predictor`)."""

    def __init__(self, session: Any, path: Path, classes: Sequence[Label] | None) -> None:
        self._session = session
        self._inputs = session.get_inputs()
        self._outputs = [output.name for output in session.get_outputs()]
        for given in self._inputs:
            if given.type not in _TENSORS:
                raise Problem(f"{path.name}: the input {given.name!r} has the unsupported type {given.type}")
        self.parameters: dict[str, Any] = {}
        self.classes: tuple[Label, ...] | None = None
        self._algo: str | None = None
        self._path = path
        if len(self._outputs) > 1:
            self.classes = tuple(classes) if classes else _read_graph(path)[1]

    @property
    def algo(self) -> str:
        """The last model operator of the graph, such as ``TreeEnsembleClassifier``."""
        if self._algo is None:
            self._algo = _read_graph(self._path)[0]
        return self._algo

    @property
    def features(self) -> tuple[str, ...] | None:
        """The names of the inputs where each is one column; a single tensor does not say."""
        return None if self._is_one_tensor else tuple(given.name for given in self._inputs)

    @property
    def _is_one_tensor(self) -> bool:
        shape = self._inputs[0].shape
        return len(self._inputs) == 1 and not (len(shape) == 2 and shape[1] == 1)  # noqa: PLR2004

    def predict(self, frame: "pd.DataFrame") -> "np.ndarray[Any, Any]":
        """Predict rows; shape (n,)."""
        return _flat(self._run(frame, self._outputs[:1])[0])

    def probabilities(self, frame: "pd.DataFrame") -> "pd.DataFrame | None":
        """Give the probability of each class; None where the graph has one output only."""
        return self.answer(frame)[1]

    def answer(self, frame: "pd.DataFrame") -> "tuple[np.ndarray[Any, Any], pd.DataFrame | None]":
        """Return both, from one run of the session."""
        if self.classes is None:
            return self.predict(frame), None
        import pandas as pd

        prediction, values = self._run(frame, self._outputs[:2])
        if isinstance(values, list):  # a zipmap: one dictionary a row
            values = [[row[label] for label in self.classes] for row in values]
        return _flat(prediction), pd.DataFrame(values, columns=list(self.classes), index=frame.index)

    def _run(self, frame: "pd.DataFrame", outputs: list[str]) -> Any:
        if self._is_one_tensor:
            feed = {self._inputs[0].name: self._tensor(frame, self._inputs[0])}
        else:
            select(frame, self.features)
            feed = {given.name: self._tensor(frame[[given.name]], given) for given in self._inputs}
        return self._session.run(outputs, feed)

    def _tensor(self, frame: "pd.DataFrame", given: Any) -> "np.ndarray[Any, Any]":
        width = given.shape[1] if len(given.shape) == 2 else None  # noqa: PLR2004 - rows and columns
        if isinstance(width, int) and width != frame.shape[1]:
            raise Problem(f"the model reads {width} columns, and the rows have {frame.shape[1]}")
        try:
            return frame.to_numpy(dtype=_TENSORS[given.type])
        except (TypeError, ValueError) as error:
            raise Problem(f"the input {given.name!r} takes {given.type}: {error}") from error


def _flat(values: Any) -> "np.ndarray[Any, Any]":
    import numpy as np

    answer = np.asarray(values)
    if answer.ndim == 2 and answer.shape[1] == 1:  # noqa: PLR2004 - a regressor answers one column
        answer = answer[:, 0]
    if answer.ndim != 1:
        raise Problem("the model predicts several values a row; only one is supported")
    return answer


def _read_graph(path: Path) -> tuple[str, tuple[Label, ...]]:
    """Return the last model operator and the class labels of the graph."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise Problem("onnx is not installed", hint="run `pip install gitmodel[onnx]`") from error
    graph = onnx.load(path, load_external_data=False).graph
    models = [node.op_type for node in graph.node if node.domain == "ai.onnx.ml" and node.op_type != "ZipMap"]
    labels: tuple[Label, ...] = ()
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels_int") and attribute.ints:
                labels = tuple(attribute.ints)
            elif attribute.name.startswith("classlabels_string") and attribute.strings:
                labels = tuple(text.decode() for text in attribute.strings)
    if not labels and len(graph.output) > 1:
        raise Problem(f"{path.name} does not say its class labels")
    known = [name for name in models if name.endswith(("Classifier", "Regressor"))] or models
    return (known[-1] if known else graph.name), labels
