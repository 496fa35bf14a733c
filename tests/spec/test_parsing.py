"""From text to values."""

import dataclasses
import json
from datetime import timedelta

import pytest

from gitmodel import spec
from gitmodel.errors import InvalidFile
from gitmodel.spec import Gate, load_schema, parse_environment, parse_model, parse_repository
from gitmodel.spec.kubernetes import BoundsSpec, ContainerSpec, ReplicasSpec, RequestsSpec
from gitmodel.spec.repository import AlertSpec, CiSpec, SiteSpec

WHOLE = """\
name: credit-risk
description: Probability that a loan goes bad
owners: [risk@example.org]
artifact: {path: model.skops, encoding: skops}     # a comment
metrics: [metrics.json]
notebooks: [train.ipynb]
data: {train: data/train.parquet, test: data/test.parquet, target: Class}
signature: {input: schemas/input.json, output: schemas/output.json}
evaluate: {kind: classification}
gates:
  - {metric: roc_auc, min: 0.70}
  - {metric: roc_auc, versus: production, max_drop: 0.01, confidence: 0.95}
quality:
  - {metric: roc_auc, window: 7d, min_samples: 200, min: 0.65, when_broken: [alert, retrain, rollback]}
  - {metric: error_rate, window: 10m, max: 0.01, cool_down: 2d, max_attempts: 1}
monitor: {schedule: "0 * * * *", sample: 0.5, exclude: [name], hash: [ssn], keep: 1w, max_size: 20MB}
retrain: {schedule: "0 3 * * 1", on: [code, data, params], mode: direct}
feedback: {append_to: data/feedback, mode: pull_request, holdout: 0.1, label: first}
deploy: {environments: [staging, production]}
"""


def test_a_whole_model() -> None:
    model = parse_model(WHOLE, "models/credit-risk/model.yaml")
    assert model == spec.ModelSpec(
        name="credit-risk",
        folder="models/credit-risk",
        file="models/credit-risk/model.yaml",
        description="Probability that a loan goes bad",
        owners=("risk@example.org",),
        artifact=spec.ArtifactSpec("model.skops", "skops"),
        metrics=("metrics.json",),
        notebooks=("train.ipynb",),
        data=spec.DataSpec("data/train.parquet", "data/test.parquet", "Class"),
        signature=spec.SignatureSpec("schemas/input.json", "schemas/output.json"),
        evaluate=spec.EvaluateSpec("classification"),
        gates=(
            Gate("roc_auc", min=0.7),
            Gate("roc_auc", versus="production", max_drop=0.01, confidence=0.95),
        ),
        quality=(
            spec.QualityCondition(
                "roc_auc", timedelta(days=7), 200, min=0.65, when_broken=("alert", "retrain", "rollback")
            ),
            spec.QualityCondition(
                "error_rate", timedelta(minutes=10), max=0.01, cool_down=timedelta(days=2), max_attempts=1
            ),
        ),
        monitor=spec.MonitorSpec(
            "0 * * * *", 0.5, ("name",), ("ssn",), timedelta(weeks=1), max_size=20_000_000
        ),
        retrain=spec.RetrainSpec("0 3 * * 1"),
        feedback=spec.FeedbackSpec("data/feedback", "pull_request", 0.1, "first"),
        deploy=spec.DeploySpec(("staging", "production")),
    )
    assert hash(model) == hash(parse_model(WHOLE.encode(), "models/credit-risk/model.yaml"))


def test_a_name_is_enough() -> None:
    model = parse_model("name: tiny\n", "model.yaml")
    assert model == spec.ModelSpec("tiny", "", "model.yaml")
    assert (model.artifact.path, model.artifact.encoding) == ("model.skops", "skops")
    assert model.deploy.environments is None
    assert model.retrain.on == ("code", "data", "params")


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        ("m.skops", "skops"),
        ("m.pkl", "joblib"),
        ("out/M.JOBLIB", "joblib"),
        ("m.onnx", "onnx"),
        ("m.ubj", "xgboost"),
    ],
)
def test_the_ending_says_the_encoding(path: str, encoding: str) -> None:
    assert parse_model(f"name: m\nartifact: {{path: {path}}}\n", "model.yaml").artifact.encoding == encoding


def test_an_encoding_wins_over_the_ending() -> None:
    assert (
        parse_model("name: m\nartifact: {path: m.pkl, encoding: skops}", "m.yaml").artifact.encoding
        == "skops"
    )


def test_a_command_implies_its_kind() -> None:
    evaluate = parse_model("name: m\nevaluate: {command: python e.py}\n", "model.yaml").evaluate
    assert evaluate == spec.EvaluateSpec("command", "python e.py")


@pytest.mark.parametrize(
    ("text", "label"), [("Bad", "Bad"), ("1", 1), ("'1'", "1"), ("true", True), ("yes", "yes")]
)
def test_a_positive_label_keeps_its_type(text: str, label: str | int) -> None:
    model = parse_model(
        f"name: m\ndata: {{target: y}}\nevaluate: {{kind: classification, positive: {text}}}\n", "model.yaml"
    )
    assert model.evaluate is not None
    assert model.evaluate.positive == label
    assert type(model.evaluate.positive) is type(label)


def test_deploy_to_none_is_not_deploy_to_all() -> None:
    assert parse_model("name: m\ndeploy: {environments: []}\n", "model.yaml").deploy.environments == ()


@pytest.mark.parametrize(
    ("gate", "better"),
    [
        (Gate("roc_auc"), "higher"),
        (Gate("test_rmse"), "lower"),
        (Gate("roc_auc", better="lower"), "lower"),
        (Gate("rmse", better="higher"), "higher"),
    ],
)
def test_which_values_of_a_gate_are_better(gate: Gate, better: str) -> None:
    assert gate.higher_is_better is (better == "higher")


def test_paths_are_relative_to_the_folder() -> None:
    model = parse_model(WHOLE, "models/credit-risk/model.yaml")
    assert model.path("./data/train.parquet") == "models/credit-risk/data/train.parquet"
    assert model.artifact_path == "models/credit-risk/model.skops"
    assert parse_model(WHOLE, "model.yaml").artifact_path == "model.skops"
    with pytest.raises(InvalidFile, match="not inside the folder 'models/credit-risk'"):
        model.path("../fraud/model.skops")


def test_values_cannot_change() -> None:
    model = parse_model(WHOLE, "model.yaml")
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # type: ignore[misc]


def test_an_environment() -> None:
    text = """\
name: production
inventory: production.hosts.yaml
after: staging
approval: review
runtime: systemd
strategy: {kind: canary, steps: [10, 100], hold: 30s}
host: 0.0.0.0
port: 9000
root: ~/services
drain: 2.5
"""
    environment = parse_environment(text, "environments/production.yaml")
    assert environment == spec.EnvironmentSpec(
        name="production",
        file="environments/production.yaml",
        inventory="production.hosts.yaml",
        after="staging",
        approval="review",
        runtime="systemd",
        strategy=spec.StrategySpec("canary", (10, 100), timedelta(seconds=30)),
        host="0.0.0.0",
        port=9000,
        root="~/services",
        drain=2.5,
    )
    assert environment.inventory_path == "environments/production.hosts.yaml"


def test_the_smallest_environment_is_this_machine() -> None:
    environment = parse_environment("name: local\n", "environments/local.yaml")
    assert environment == spec.EnvironmentSpec("local", "environments/local.yaml")
    assert environment.inventory_path is None
    assert (environment.runtime, environment.host, environment.port) == ("process", "127.0.0.1", 8400)


@pytest.mark.parametrize(
    ("kind", "steps", "seconds"), [("blue-green", (), 0), ("canary", (5, 25, 100), 600), ("shadow", (), 600)]
)
def test_strategies_have_defaults(kind: str, steps: tuple[int, ...], seconds: int) -> None:
    strategy = parse_environment(f"name: x\nstrategy: {{kind: {kind}}}\n", "environments/x.yaml").strategy
    assert (strategy.kind, strategy.steps, strategy.hold) == (kind, steps, timedelta(seconds=seconds))


def test_what_a_new_version_must_keep_to() -> None:
    text = """name: x
strategy:
  kind: shadow
  percent: 20
  then: report
  analysis: {max_error_rate: 0.5, min_requests: 7, quality: false, inconclusive: continue}
"""
    found = parse_environment(text, "environments/x.yaml").strategy
    assert (found.percent, found.then) == (20, "report")
    kept = spec.AnalysisSpec(0.5, min_requests=7, quality=False, inconclusive="continue")
    assert found.analysis == kept
    schema = load_schema("environment")["properties"]["strategy"]["properties"]
    for part, value in (
        (schema["analysis"]["properties"], spec.AnalysisSpec()),
        (schema, spec.StrategySpec()),
    ):
        for field in dataclasses.fields(value):
            if field.name not in {"steps", "hold", "analysis"}:
                assert part[field.name]["default"] == getattr(value, field.name)


def test_a_repository() -> None:
    text = """models: ['**/model.yaml']
versions: semver
trusted_types: [a.B]
alerts: [{to: $SLACK, severity: critical, models: [fraud-*], environments: [production]}, {to: "json://desk"}]
"""
    alerts = (AlertSpec("$SLACK", "critical", ("fraud-*",), ("production",)), AlertSpec("json://desk"))
    assert parse_repository(text) == spec.RepositorySpec(
        ("**/model.yaml",), "semver", ("a.B",), alerts=alerts
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"])
def test_an_empty_repository_file_sets_nothing(text: str) -> None:
    assert parse_repository(text) == spec.RepositorySpec()


def test_defaults_of_the_schemas_are_those_of_the_values() -> None:
    repository = load_schema("gitmodel")["properties"]
    values = [
        *(
            (repository, field)
            for field in dataclasses.fields(spec.RepositorySpec)
            if field.name not in ("ci", "site")
        ),
        *((repository["ci"]["properties"], field) for field in dataclasses.fields(CiSpec)),
        *((repository["site"]["properties"], field) for field in dataclasses.fields(SiteSpec)),
    ]
    for part, field in values:
        default = part[field.name].get("default")
        assert field.default == (tuple(default) if isinstance(default, list) else default)
    for field in dataclasses.fields(AlertSpec)[1:]:
        default = repository["alerts"]["items"]["properties"][field.name]["default"]
        assert field.default == (tuple(default) if isinstance(default, list) else default)
    environment = load_schema("environment")["properties"]
    for field in dataclasses.fields(spec.EnvironmentSpec):
        nested = {"strategy", "windows", "reconcile", "limits", "container"}
        if "default" in environment.get(field.name, {}) and field.name not in nested:
            assert field.default == environment[field.name]["default"]
    cluster = environment["kubernetes"]["properties"]
    for part, kind in (
        (environment["container"], ContainerSpec),
        (cluster["replicas"], ReplicasSpec),
        (cluster["requests"], RequestsSpec),
        (cluster["limits"], BoundsSpec),
    ):
        for field in dataclasses.fields(kind):
            assert field.default == part["properties"][field.name].get("default")


@pytest.mark.parametrize("number", range(len(load_schema("model")["examples"])))
def test_examples_of_models_parse(number: int) -> None:
    example = load_schema("model")["examples"][number]
    assert parse_model(json.dumps(example), "model.yaml").name == example["name"]


@pytest.mark.parametrize("number", range(len(load_schema("environment")["examples"])))
def test_examples_of_environments_parse(number: int) -> None:
    example = load_schema("environment")["examples"][number]
    assert (
        parse_environment(json.dumps(example), f"environments/{example['name']}.yaml").name == example["name"]
    )
