"""The words of every usual mistake, literally."""

# ruff: noqa: E501 - messages are easier to read whole

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.spec import InvalidSpec, parse_environment, parse_model, parse_repository
from gitmodel.spec.schedule import EXPECTED

MODEL_KEYS = (
    "one of artifact, data, deploy, description, evaluate, feedback, gates, intended_use, license, limitations, metrics, monitor, name, notebooks, owners, "
    "quality, retrain, serving, signature"
)
GATE_KEYS = "one of better, confidence, max, max_drop, metric, min, versus"
PATH = 'a relative path with "/" and without ".."'
NAME = 'a model\'s name (a-z, 0-9, "-", "_", "/"; a letter or digit at both ends)'
START = "name: credit-risk\nmetrics: [metrics.json]\n"
SCORED = "name: credit-risk\ndata: {test: test.csv, target: Class}\nevaluate: {kind: classification}\n"


def problems_of_model(text: str | bytes) -> list[str]:
    with pytest.raises(InvalidSpec) as caught:
        parse_model(text, "m/model.yaml")
    return [str(problem).removeprefix("m/model.yaml:") for problem in caught.value.problems]


MISTAKES_OF_MODELS: dict[str, tuple[str | bytes, str]] = {
    "unknown key": (
        START + "artefact: {path: model.skops}\n",
        f'3: artefact: found an unknown key; expected {MODEL_KEYS}; did you mean "artifact"?',
    ),
    "unknown key in upper case": (
        "Name: x\n",
        f'1: Name: found an unknown key; expected {MODEL_KEYS}; did you mean "name"?',
    ),
    "unknown key that nothing is near": (
        START + "zzz: 1\n",
        f"3: zzz: found an unknown key; expected {MODEL_KEYS}",
    ),
    "key on the wrong level": (
        START + "encoding: skops\n",
        f'3: encoding: found an unknown key; expected {MODEL_KEYS}; it belongs below "artifact"',
    ),
    "key of a list's items on the wrong level": (
        START + "max_drop: 0.1\n",
        f'3: max_drop: found an unknown key; expected {MODEL_KEYS}; it belongs below "gates"',
    ),
    "cron of the monitor": (
        START + "monitor: {schedule: 0 25 * * *}\n",
        '3: monitor.schedule: found "25" as hour; expected 0 to 23, with * - / and ,',
    ),
    "column that is both left out and hashed": (
        START + "monitor: {exclude: [name, age], hash: [age]}\n",
        '3: monitor.hash: found "age"; expected columns that `exclude` does not name',
    ),
    "size without a unit": (
        START + "monitor: {max_size: '5'}\n",
        '3: monitor.max_size: found "5"; expected a size, for example 500MB or 2GB',
    ),
    "ranking without a group": (
        START + "data: {target: y}\nevaluate: {kind: ranking}\n",
        '4: evaluate.group: found nothing; expected the column of what is ranked together; kind "ranking" needs it',
    ),
    "k of a regression": (
        START + "data: {target: y}\nevaluate: {kind: regression, k: 5}\n",
        '4: evaluate.k: found the number 5; expected it only with kind "ranking"',
    ),
    "silence without a time": (
        START + "feedback: {append_to: data/feedback, silence: {label: 0}}\n",
        "3: feedback.silence.after: found nothing; expected a length of time such as 30s, 10m, 12h, 7d or 2w",
    ),
    "unknown signal": (
        START + "feedback: {append_to: data/feedback, signals: {clik: 1}}\n",
        '3: feedback.signals.clik: found an unknown key; expected one of click, like, rating; did you mean "click"?',
    ),
    "all labels held out": (
        START + "feedback: {append_to: data/feedback, holdout: 1}\n",
        "3: feedback.holdout: found the number 1; expected a share from 0 to 0.9",
    ),
    "unknown key in a gate": (
        START + "gates:\n  - metric: auc\n    min: 1\n    confidance: 0.9\n",
        f'6: gates[0].confidance: found an unknown key; expected {GATE_KEYS}; did you mean "confidence"?',
    ),
    "text for a list": (
        "name: credit-risk\nmetrics: metrics.json\n",
        '2: metrics: found "metrics.json"; expected a list; write [metrics.json]',
    ),
    "mapping for a list": (
        START + "gates: {metric: auc, min: 1}\n",
        '3: gates: found a mapping; expected a list; begin the item with "- "',
    ),
    "list for a mapping": (
        START + "artifact: [model.skops]\n",
        "3: artifact: found a list; expected a mapping; for example {path: model.skops, encoding: skops}",
    ),
    "text for a mapping": (
        START + "evaluate: regression\n",
        '3: evaluate: found "regression"; expected a mapping; for example {kind: classification, positive: Bad}',
    ),
    "number for a text": (
        "name: 7\n",
        f"1: name: found the number 7; expected {NAME}",
    ),
    "text for a number": (
        START + "gates: [{metric: auc, min: high}]\n",
        '3: gates[0].min: found "high"; expected a number',
    ),
    "nothing for a text": (
        START + "description:\n",
        "3: description: found nothing; expected a text",
    ),
    "fraction for a whole number": (
        START + "quality: [{metric: auc, window: 7d, min: 0.5, min_samples: 1.5}]\n",
        "3: quality[0].min_samples: found the number 1.5; expected a whole number",
    ),
    "no name": (
        "metrics: [metrics.json]\n",
        f"1: name: found nothing; expected {NAME}",
    ),
    "name with a space": (
        "name: Credit risk\n",
        f'1: name: found "Credit risk"; expected {NAME}',
    ),
    "name with a new line at its end": (
        'name: "credit-risk\\n"\n',
        f"1: name: found 'credit-risk\\n'; expected {NAME}",
    ),
    "name too long": (
        f"name: {'a' * 101}\n",
        f'1: name: found "{"a" * 57}..."; expected a text of at most 100 characters',
    ),
    "unknown encoding": (
        START + "artifact:\n  path: model.pkl\n  encoding: scops\n",
        (
            '5: artifact.encoding: found "scops"; expected one of joblib, skops, onnx, xgboost, lightgbm, pytorch, '
            'python; did you mean "skops"?'
        ),
    ),
    "encoding that the ending does not say": (
        START + "artifact: {path: model.bin}\n",
        (
            "3: artifact.encoding: found nothing; expected one of joblib, onnx, pytorch, skops, xgboost, lightgbm, "
            'python; the ending of "model.bin" does not say it'
        ),
    ),
    "artifact without a path": (
        START + "artifact: {encoding: skops}\n",
        f"3: artifact.path: found nothing; expected {PATH}",
    ),
    "path out of the folder": (
        START + "data:\n  train: data/../../secret.csv\n",
        f'4: data.train: found "data/../../secret.csv"; expected {PATH}',
    ),
    "absolute path": (
        "name: credit-risk\nmetrics: [/etc/passwd]\n",
        f'2: metrics[0]: found "/etc/passwd"; expected {PATH}',
    ),
    "path of a home": (
        START + "feedback: {append_to: ~/x}\n",
        f'3: feedback.append_to: found "~/x"; expected {PATH}',
    ),
    "item twice": (
        START + "owners: [ada, bob, ada]\n",
        '3: owners: found "ada" twice; expected each item once',
    ),
    "gate without a bound": (
        START + "gates:\n  - {metric: roc_auc}\n",
        "4: gates[0]: found no min and no max and no versus; expected min or max or versus",
    ),
    "gate with a comparison but no limit": (
        SCORED + "gates: [{metric: roc_auc, versus: production}]\n",
        '4: gates[0].max_drop: found nothing; expected a number; "versus" needs it',
    ),
    "gate with a limit but no comparison": (
        START + "gates: [{metric: roc_auc, min: 0.5, max_drop: 1}]\n",
        (
            '3: gates[0].versus: found nothing; expected an environment\'s name (a-z, 0-9, "-", "_"; a letter or digit '
            'at both ends); "max_drop" needs it'
        ),
    ),
    "gate whose bounds exclude all": (
        START + "gates: [{metric: auc, min: 0.9, max: 0.1}]\n",
        "3: gates[0].min: found the number 0.9; expected a number of at most 0.1 (max)",
    ),
    "negative drop": (
        SCORED + "gates: [{metric: auc, versus: production, max_drop: -0.1}]\n",
        "4: gates[0].max_drop: found the number -0.1; expected a number of at least 0",
    ),
    "confidence in percent": (
        SCORED + "gates: [{metric: auc, versus: production, max_drop: 0, confidence: 95}]\n",
        "4: gates[0].confidence: found the number 95; expected a number between 0 and 1, for example 0.95",
    ),
    "gate that nothing measures": (
        "name: credit-risk\ngates: [{metric: auc, min: 0.9}]\n",
        (
            '2: gates[0].metric: found the metric "auc", which nothing measures; expected "metrics" files or "evaluate" in '
            "this file"
        ),
    ),
    "comparison that nothing scores": (
        START + "gates: [{metric: auc, versus: production, max_drop: 0}]\n",
        (
            "1: evaluate: found nothing; expected how versions are scored, such as {kind: regression}; the gate versus "
            '"production" scores both versions on the same rows'
        ),
    ),
    "comparison without rows": (
        (
            "name: credit-risk\ndata: {target: Class}\nevaluate: {kind: classification}\n"
            "gates: [{metric: auc, versus: production, max_drop: 0}]\n"
        ),
        (
            '2: data.test: found nothing; expected a file with labelled rows; the gate versus "production" scores both '
            "versions on the same rows"
        ),
    ),
    "evaluation without a target": (
        "name: credit-risk\nevaluate: {kind: regression}\n",
        "1: data.target: found nothing; expected the column to predict; evaluate: {kind: regression} needs it",
    ),
    "evaluation of no kind": (
        START + "evaluate: {positive: Bad}\n",
        "3: evaluate: found no kind and no command; expected kind or command",
    ),
    "kind command without one": (
        START + "evaluate: {kind: command}\n",
        '3: evaluate.command: found nothing; expected the program to run; kind "command" needs it',
    ),
    "command of another kind": (
        START + "data: {target: y}\nevaluate: {kind: ranking, group: u, command: python x.py}\n",
        '4: evaluate.command: found a command beside kind "ranking"; expected it only with kind "command"',
    ),
    "positive label of a regression": (
        START + "data: {target: y}\nevaluate: {kind: regression, positive: true}\n",
        '4: evaluate.positive: found true; expected it only with kind "classification"',
    ),
    "unknown action": (
        START + "quality: [{metric: auc, window: 7d, min: 1, when_broken: [panic]}]\n",
        '3: quality[0].when_broken[0]: found "panic"; expected one of alert, retrain, rollback',
    ),
    "window that is no length of time": (
        START + "quality: [{metric: auc, window: a week, min: 1}]\n",
        '3: quality[0].window: found "a week"; expected a length of time such as 30s, 10m, 12h, 7d or 2w',
    ),
    "schedule of four fields": (
        START + 'retrain: {schedule: "0 3 * *"}\n',
        '3: retrain.schedule: found 4 fields; expected five: minute, hour, day of month, month, day of week; words do as well: "every day at 10:00"',
    ),
    "schedule of a day that is spelt wrong": (
        START + "retrain:\n  schedule: every mondey at 3:00\n",
        f'4: retrain.schedule: found "mondey" in "every mondey at 3:00"; expected {EXPECTED}; did you mean "monday"?',
    ),
    "schedule on two lines": (
        START + 'retrain: {schedule: "every day\\nat 10:00"}\n',
        '3: retrain.schedule: found \'every day\\nat 10:00\'; expected a schedule such as "every monday at 3:00" or "0 3 * * 1"',
    ),
    "schedule at 25 hours": (
        START + 'retrain:\n  schedule: "0 25 * * 1"\n',
        '4: retrain.schedule: found "25" as hour; expected 0 to 23, with * - / and ,',
    ),
    "tab": (
        "name: credit-risk\ndata:\n\ttrain: x.csv\n",
        "3: found a tab at the start of the line; expected spaces; indent with spaces",
    ),
    "key twice": (
        "name: credit-risk\nmetrics: [a.json]\nname: fraud\n",
        '3: found the key "name" again (first in line 1); expected each key once; remove one of them',
    ),
    "colon in a text": (
        "name: credit-risk\ndescription: Risk: high\n",
        (
            "2: found what is not YAML (mapping values are not allowed in this context); expected YAML; put texts that "
            'contain ": " or begin with a special character in quotation marks'
        ),
    ),
    "a list": ("- name\n", f"1: found a list; expected a mapping; for example {'{'}name: hello-world, "),
    "a text": ("hello\n", f'1: found "hello"; expected a mapping; for example {"{"}name: hello-world, '),
    "empty file": ("", "1: found an empty file; expected a mapping; for example {name: hello-world, "),
    "only a comment": (
        "# nothing\n",
        "1: found an empty file; expected a mapping; for example {name: hello-world, ",
    ),
    "not UTF-8": (
        b"name: credit-risk\ndescription: Z\xfcrich\n",
        "2: found the byte 0xfc; expected text in UTF-8; save the file as UTF-8",
    ),
    "control character": (
        "name: x\ndescription: a\x07b\n",
        "2: found what is not YAML (control characters are not allowed); expected printable text",
    ),
    "alias": (
        "name: &n credit-risk\ndescription: *n\n",
        "2: description: found an alias (*); expected the value itself",
    ),
    "tag": (
        "name: !!python/name:os.system x\n",
        "1: name: found the tag tag:yaml.org,2002:python/name:os.system; expected a value without a tag",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES_OF_MODELS)
def test_mistake_in_a_model(mistake: str) -> None:
    text, message = MISTAKES_OF_MODELS[mistake]
    (problem,) = problems_of_model(text)
    if message.endswith("hello-world, "):  # the example goes on
        assert problem.startswith(message)
    else:
        assert problem == message


MISTAKES_OF_ENVIRONMENTS = {
    "named otherwise than its file": (
        "name: prod\n",
        '1: name: found "prod"; expected "production", as the file is named',
    ),
    "port out of range": (
        "name: production\nport: 99999\n",
        "2: port: found the number 99999; expected a whole number of at most 65535",
    ),
    "true for a number": (
        "name: production\ndrain: true\n",
        "2: drain: found true; expected a number",
    ),
    "unknown approval": (
        "name: production\napproval: manual\n",
        '2: approval: found "manual"; expected one of automatic, review',
    ),
    "unknown runtime": (
        "name: production\nruntime: Systemd\n",
        '2: runtime: found "Systemd"; expected one of process, systemd, container, kubernetes; did you mean "systemd"?',
    ),
    "hosts of no inventory": (
        "name: production\nruntime: systemd\n",
        "2: runtime: found `systemd` without an inventory; expected an ansible inventory; add `inventory: production.hosts.yaml`",
    ),
    "secrets of another runtime": (
        "name: production\nsecrets: [TOKEN]\n",
        "2: secrets: found `secrets` with the runtime `process`; expected the runtime `systemd`",
    ),
    "a secret that is ours": (
        "name: production\nsecrets: [PATH]\n",
        '2: secrets[0]: found "PATH"; expected the name of a variable in capitals',
    ),
    "relative root": (
        "name: production\nroot: srv\n",
        '2: root: found "srv"; expected an absolute path, or one that begins with ~/',
    ),
    "after itself": (
        "name: production\nafter: production\n",
        "2: after: found the environment itself; expected another environment",
    ),
    "steps of a blue-green": (
        "name: production\nstrategy:\n  steps: [5, 100]\n",
        '3: strategy.steps: found steps of a blue-green; expected it only with kind "canary"',
    ),
    "hold of a blue-green": (
        "name: production\nstrategy: {kind: blue-green, hold: 5m}\n",
        '2: strategy.hold: found a hold of a blue-green; expected it only with kind "canary" or "shadow"',
    ),
    "analysis of a blue-green": (
        "name: production\nstrategy: {analysis: {quality: false}}\n",
        (
            "2: strategy.analysis: found an analysis of a blue-green; "
            'expected it only with kind "canary" or "shadow"'
        ),
    ),
    "then of a canary": (
        "name: production\nstrategy: {kind: canary, then: report}\n",
        '2: strategy.then: found then of a canary; expected it only with kind "shadow"',
    ),
    "steps that fall": (
        "name: production\nstrategy: {kind: canary, steps: [50, 20, 100]}\n",
        "2: strategy.steps: found [50, 20, 100]; expected rising numbers, the last one 100",
    ),
    "steps that end early": (
        "name: production\nstrategy: {kind: canary, steps: [5, 50]}\n",
        "2: strategy.steps: found [5, 50]; expected rising numbers, the last one 100",
    ),
    "no cluster": (
        "name: production\nruntime: kubernetes\n",
        ('1: kubernetes: found nothing; expected a namespace and an image; runtime "kubernetes" needs it'),
    ),
    "cluster of another runtime": (
        "name: production\nkubernetes: {namespace: models, image: 'r.example.org/{model}'}\n",
        '2: kubernetes: found it beside runtime "process"; expected it only with runtime "kubernetes"',
    ),
    "canary in a cluster": (
        (
            "name: production\nruntime: kubernetes\nstrategy: {kind: canary}\n"
            "kubernetes: {namespace: models, image: 'r.example.org/{model}'}\n"
        ),
        (
            "3: strategy.kind: found canary on Kubernetes; expected blue-green, the one there is yet; "
            "Argo Rollouts does such steps in a cluster; `gitmodel render` writes what it needs"
        ),
    ),
    "more pods at least than at most": (
        (
            "name: production\nruntime: kubernetes\n"
            "kubernetes: {namespace: models, image: 'r.example.org/{model}', replicas: {min: 3, max: 2}}\n"
        ),
        "3: kubernetes.replicas.min: found 3; expected a number of at most 2 (max)",
    ),
    "limit below the request": (
        (
            "name: production\nruntime: kubernetes\n"
            "kubernetes: {namespace: models, image: 'r.example.org/{model}', limits: {memory: 512Mi}}\n"
        ),
        (
            "3: kubernetes.limits.memory: found 512Mi, less than a pod is sure to get; "
            "expected at least 1Gi (requests)"
        ),
    ),
    "image without a model": (
        (
            "name: production\nruntime: kubernetes\n"
            "kubernetes: {namespace: models, image: r.example.org/models}\n"
        ),
        (
            '3: kubernetes.image: found "r.example.org/models"; '
            "expected a repository of images such as registry.example.org/team/{model}"
        ),
    ),
    "no steps": (
        "name: production\nstrategy: {kind: canary, steps: []}\n",
        "2: strategy.steps: found a list; expected a list that is not empty",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES_OF_ENVIRONMENTS)
def test_mistake_in_an_environment(mistake: str) -> None:
    text, message = MISTAKES_OF_ENVIRONMENTS[mistake]
    with pytest.raises(InvalidSpec) as caught:
        parse_environment(text, "environments/production.yaml")
    assert caught.value.message == f"environments/production.yaml:{message}"


MISTAKES_OF_REPOSITORIES = {
    "unknown way of counting": (
        "versions: semantic\n",
        'gitmodel.yaml:1: versions: found "semantic"; expected one of integer, semver',
    ),
    "glob of another ending": (
        "models: [models/*]\n",
        (
            'gitmodel.yaml:1: models[0]: found "models/*"; expected a relative glob that ends in .yaml or .yml, '
            'without ".."'
        ),
    ),
    "type without a module": (
        "trusted_types: [Scaler]\n",
        (
            'gitmodel.yaml:1: trusted_types[0]: found "Scaler"; expected a dotted name of a type, for example '
            "sklearn.tree.DecisionTreeClassifier"
        ),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES_OF_REPOSITORIES)
def test_mistake_in_a_repository(mistake: str) -> None:
    text, message = MISTAKES_OF_REPOSITORIES[mistake]
    with pytest.raises(InvalidSpec) as caught:
        parse_repository(text)
    assert caught.value.message == message


def test_all_problems_of_a_file_are_told_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        parse_model("metrics: m.json\nartefact: 1\n", "model.yaml")
    assert caught.value.message == "3 problems in model.yaml"
    assert caught.value.detail.splitlines() == [
        'model.yaml:1: metrics: found "m.json"; expected a list; write [m.json]',
        f"model.yaml:1: name: found nothing; expected {NAME}",
        f'model.yaml:2: artefact: found an unknown key; expected {MODEL_KEYS}; did you mean "artifact"?',
    ]
    assert caught.value.exit_code == 2
