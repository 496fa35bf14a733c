"""Signatures: inferred from data and model, or declared."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from gitmodel.artifacts import load
from gitmodel.artifacts.portable.scikit import ScikitPredictor
from gitmodel.errors import InvalidFile
from gitmodel.packaging import Declared, Signature, infer_signature, make_signature, make_smoke
from gitmodel.packaging.serving.rows import Rows
from gitmodel.packaging.signature import parse_schema

from .conftest import labels, loans


@pytest.fixture(scope="module")
def signature(artifact: Path) -> Signature:
    frame = loans()
    return infer_signature(frame.assign(Class=labels(frame)), load("skops", artifact), "Class")


def test_each_column_gets_its_type(signature: Signature) -> None:
    columns = signature.input["properties"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "funded amount": "number",
        "term": "integer",
        "grade": "string",
        "owner": "boolean",
        "income": ["number", "null"],
    }
    assert set(columns["grade"]["examples"]) == {"A", "B", "C"}
    assert signature.input["required"] == list(columns)
    assert signature.input["additionalProperties"] is False


def test_the_output_says_classes_and_probabilities(signature: Signature) -> None:
    properties = signature.output["properties"]
    assert properties["prediction"] == {"enum": ["bad", "good"]}
    assert list(properties["probabilities"]["properties"]) == ["bad", "good"]


def test_it_is_json_schema_that_its_own_example_meets(signature: Signature) -> None:
    for schema in (signature.input, signature.output):
        jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(schema)))
    (example,) = signature.input["examples"]
    jsonschema.validate(example, signature.input)


def test_smoke_rows_carry_the_models_own_answers(signature: Signature, artifact: Path) -> None:
    predictor = load("skops", artifact)
    smoke = make_smoke(signature, predictor, loans())
    assert len(smoke) == 3
    for row in smoke:
        jsonschema.validate(row["input"], signature.input)
        jsonschema.validate(row["output"], signature.output)
        assert (
            row["output"]["prediction"] == predictor.predict(Rows(signature.input).frame([row["input"]]))[0]
        )


def test_inferred_rows_make_the_table_that_training_had(signature: Signature) -> None:
    frame = loans()
    rows = json.loads(frame.to_json(orient="records"))
    made = Rows(signature.input)
    pd.testing.assert_frame_equal(made.frame(made.parse(rows)), frame)


def test_only_what_the_model_reads_is_asked_for() -> None:
    frame = pd.DataFrame({"id": range(4), "a": [1.0, 2, 3, 4], "b": [1.0, 2, 3, 5], "y": [1.0, 2, 3, 4]})
    predictor = ScikitPredictor(LinearRegression().fit(frame[["b", "a"]], frame["y"]))
    signature = infer_signature(frame, predictor, "y")
    assert list(signature.input["properties"]) == ["b", "a"]
    assert signature.output["properties"] == {"prediction": {"type": "number"}}
    with pytest.raises(InvalidFile, match="the training data lack the columns 'b'"):
        infer_signature(frame.drop(columns="b"), predictor, "y")


def test_kinds_of_columns() -> None:
    frame = pd.DataFrame(
        {
            "small": np.array([1, 2, 3], dtype="int8"),
            "half": np.array([1, 2, 3], dtype="float32"),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "kind": pd.Categorical(["a", "b", "a"]),
            "at": pd.Series([pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02"), pd.NaT]),
            "mixed": pd.Series(["a", None, "b"], dtype=object),
            "never": pd.Series([None, None, None], dtype=object),
        }
    )
    predictor = ScikitPredictor(LinearRegression().fit(frame[["small"]].to_numpy(), [1, 2, 3]))
    columns = infer_signature(frame, predictor, None).input["properties"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "small": "integer",
        "half": "number",
        "nullable": ["integer", "null"],
        "flag": ["boolean", "null"],
        "kind": "string",
        "at": ["string", "null"],
        "mixed": ["string", "null"],
        "never": ["string", "null"],
    }
    assert columns["kind"]["x-pandas"] == "category"
    assert columns["at"]["format"] == "date-time"
    json.dumps(columns, allow_nan=False)


def test_values_that_json_has_no_type_for() -> None:
    frame = pd.DataFrame({"a": [[1], [2]]})
    predictor = ScikitPredictor(LinearRegression().fit([[1], [2]], [1, 2]))
    with pytest.raises(InvalidFile, match="column 'a' holds mixed values"):
        infer_signature(frame, predictor, None)


def test_a_model_of_text_reads_one_column() -> None:
    frame = pd.DataFrame({"text": ["good news", "bad news"], "y": ["ham", "spam"]})
    predictor = ScikitPredictor(
        make_pipeline(CountVectorizer(), LogisticRegression()).fit(frame["text"], frame["y"])
    )
    signature = infer_signature(frame, predictor, "y")
    assert list(signature.input["properties"]) == ["text"]
    assert len(make_smoke(signature, predictor, frame)) == 2
    wide = frame.assign(more=1)
    with pytest.raises(InvalidFile, match="does not fit the model: the model reads one column of text"):
        make_smoke(infer_signature(wide, predictor, "y"), predictor, wide)


def test_a_declared_input_is_used_and_its_examples_are_tried(artifact: Path) -> None:
    predictor = load("skops", artifact)
    row = {"funded amount": 1.0, "term": 3, "grade": "A", "owner": True, "income": 2.0}
    given: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "number"} for name in row}
        | {"grade": {"type": "string"}, "owner": True},
        "examples": [row],
    }
    made = make_signature(predictor, frame=None, target=None, declared=Declared(input=given))
    assert made.input == given
    assert made.output["properties"]["prediction"] == {"enum": ["bad", "good"]}
    assert make_smoke(made, predictor, None)[0]["input"]["term"] == 3


def test_nothing_to_infer_from(artifact: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be inferred without training data") as caught:
        make_signature(load("skops", artifact), frame=None, target=None, declared=Declared())
    assert "`data.train` or `signature.input`" in caught.value.hint


@pytest.mark.parametrize(("text", "words"), [(b"{", "is not JSON"), (b"[]", "not a JSON Schema object")])
def test_bad_schema_files(text: bytes, words: str) -> None:
    with pytest.raises(InvalidFile, match=words):
        parse_schema(text, "schemas/input.json")
