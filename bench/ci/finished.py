"""The report of a finished run, beside DVC's own commands that show metrics and parameters."""

import json
import shutil
import sys
from pathlib import Path

from bench.registry.measure import Pair, alternate, environment
from gitmodel import process

_BASE = "main"


def finished_run(folder: Path, rounds: int) -> list[Pair]:
    """Measure `ci report` after `ci train`, and `gitmodel diff`: asked again, and with nothing prepared."""
    program, dvc = (str(Path(sys.executable).with_name(name)) for name in ("gitmodel", "dvc"))
    root = folder / "loans"
    process.run([program, "init", "--example", "credit-risk", str(root)], env=environment())

    def run(*argv: str, **more: str) -> str:
        return process.run(list(argv), cwd=root, env=environment(more)).text

    run("git", "branch", "-M", _BASE)
    run(program, "register")
    run("git", "checkout", "-q", "-b", "deeper")
    params = (root / "params.yaml").read_text().replace("max_depth: 6", "max_depth: 4")
    (root / "params.yaml").write_text(params)
    run("git", "commit", "-qam", "Deeper")
    job = _job(
        folder / "event.json",
        run("git", "rev-parse", "HEAD").strip(),
        run("git", "rev-parse", _BASE).strip(),
    )
    run("git", "remote", "add", "origin", str(folder / "origin.git"))
    process.run(["git", "clone", "-q", "--bare", str(root), str(folder / "origin.git")])
    run("dvc", "remote", "add", "--default", "shared", str(folder / "data"))
    run(program, "ci", "train", "credit-risk", **job)
    # DVC compares what the work tree holds, so it is given the lock and the metrics of the run.
    run(
        "git",
        "checkout",
        "-q",
        run(
            "git", "for-each-ref", "--format=%(objectname)", "--sort=-creatordate", "--count=1", "refs/runs/"
        ).strip(),
        "--",
        "dvc.lock",
        "metrics.json",
    )
    if "roc_auc" not in run(dvc, "metrics", "diff", _BASE):
        raise SystemExit("DVC does not show the metric that changed")

    def ours(_: int) -> None:
        shutil.rmtree(root / "gitmodel-report", ignore_errors=True)
        run(program, "ci", "report", **job)
        if "roc_auc" not in (root / "gitmodel-report/report.md").read_text().replace("&#95;", "_"):
            raise SystemExit("the report lacks a metric")

    def again(_: int) -> None:
        if "roc_auc" not in run(program, "diff", _BASE, "deeper"):
            raise SystemExit("the report lacks a metric")

    def anew(number: int) -> None:
        shutil.rmtree(root / ".git/gitmodel/reviews", ignore_errors=True)
        again(number)

    def theirs(_: int) -> None:
        run(dvc, "metrics", "diff", _BASE)
        run(dvc, "params", "diff", _BASE)

    peer = "`dvc metrics diff`, `dvc params diff`"
    report = alternate("`gitmodel ci report` of a finished run", peer, ours, theirs, rounds=rounds, bound=1.0)
    again(0)  # after the job, which has fetched refs
    return [
        report,
        alternate("`gitmodel diff BASE HEAD`, asked again", peer, again, theirs, rounds=rounds, bound=1.0),
        alternate("`gitmodel diff BASE HEAD`, scored anew", peer, anew, theirs, rounds=rounds, bound=5.0),
    ]


def _job(file: Path, head: str, base: str) -> dict[str, str]:
    """Return the variables of a job for a pull request."""
    repository = {"default_branch": _BASE, "full_name": "acme/loans"}
    side = {"repo": {"full_name": "acme/loans"}}
    request = {
        "number": 7,
        "state": "open",
        "head": {"sha": head, "ref": "deeper", **side},
        "base": {"sha": base},
    }
    file.write_text(json.dumps({"repository": repository, "pull_request": request}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_SHA": head,
    }
