"""A thousand models: planning a change of twenty of them, and rendering the pipelines."""

import subprocess
import sys
from pathlib import Path

from bench.registry.measure import Act, Pair, alternate, environment
from gitmodel import process

MODELS, TOUCHED = 1000, 20
_MODEL = """\
name: {name}
description: Probability that a loan of this kind goes bad
owners: [risk@example.org]
artifact: {{path: model.skops, encoding: skops}}
metrics: [metrics.json]
data: {{train: data/train.parquet, test: data/test.parquet, target: Class}}
evaluate: {{kind: classification}}
gates:
  - {{metric: roc_auc, min: 0.70}}
  - {{metric: roc_auc, versus: production, max_drop: 0.01, confidence: 0.95}}
retrain: {{schedule: "{minute} 3 * * 1"}}
deploy: {{environments: [staging, production]}}
"""
_PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py, ../../shared/features.py]
    params: [C]
    outs: [model.skops]
    metrics: [metrics.json: {cache: false}]
"""
# The floor: git names what has changed, and the C loader reads the specifications.
_FLOOR = """\
import subprocess, sys, yaml
from pathlib import Path
subprocess.run(["git", "diff", "--name-only", "HEAD~1", "HEAD"], capture_output=True)
for file in sorted(Path("models").glob("*/model.yaml")):
    yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
"""


def many_models(folder: Path, rounds: int) -> list[Pair]:
    """Measure `ci plan` beside the floor, and `ci render` beside a second."""
    root = _repository(folder / "many")
    program = str(Path(sys.executable).with_name("gitmodel"))
    plan = [program, "ci", "plan", "HEAD", "--base", "HEAD~1"]
    render = [program, "ci", "render"]

    def run(argv: list[str]) -> Act:
        return lambda _number: (process.run(argv, cwd=root, env=environment()), None)[1]

    found = process.run(plan, cwd=root, env=environment()).text.splitlines()
    if len(found) != TOUCHED:
        raise SystemExit(f"the plan names {len(found)} models, not {TOUCHED}")
    floor = run([sys.executable, "-c", _FLOOR])
    run(render)(0)
    reading = "PyYAML's C loader for all specifications"
    what = f"`gitmodel ci plan`, {MODELS:,} models, {TOUCHED} touched"
    peer = f"`git diff --name-only`, and {reading}"
    return [
        alternate(what, peer, run(plan), floor, rounds=rounds, bound=3.0),
        alternate(
            f"`gitmodel ci render`, {MODELS:,} models", reading, run(render), floor, rounds=rounds, bound=10.0
        ),
    ]


def _repository(root: Path) -> Path:
    files = {"gitmodel.yaml": "ci: {provider: github}\n", "shared/features.py": "pass\n"}
    for name in ("staging", "production"):
        files[f"environments/{name}.yaml"] = f"name: {name}\n"
    for number in range(MODELS):
        place = f"models/m{number:04}"
        files[f"{place}/model.yaml"] = _MODEL.format(name=f"m{number:04}", minute=number % 60)
        files[f"{place}/dvc.yaml"] = _PIPELINE
        files[f"{place}/params.yaml"] = "C: 1\n"
        files[f"{place}/train.py"] = "pass\n"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "All"], check=True)
    for number in range(TOUCHED):
        (root / f"models/m{number * 37:04}/params.yaml").write_text("C: 2\n")
    subprocess.run([*git, "commit", "-qam", "Some"], check=True)
    return root
