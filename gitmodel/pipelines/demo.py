"""The whole loop on one machine, by real pushes: what a newcomer sees in three minutes."""

import json
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel import process, resources
from gitmodel.delivery.rollout import down
from gitmodel.delivery.target import Target, target_of
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.load import Load
from gitmodel.pipelines.setup import init_server
from gitmodel.spec import load_environment

Say = Callable[[str], None]
MODEL, ENVIRONMENT = "credit-risk", "local"
_MARKER = "gitmodel-demo"
# Values of params.yaml under `train`; examples/credit-risk/README.md tells what becomes of each.
BETTER = {"max_depth": 4, "min_samples_leaf": 100}
WORSE = {"max_depth": 20, "min_samples_leaf": 1}


@dataclass
class Demo:
    """A folder with a server repository and a clone, and the time that each step took."""

    folder: Path
    say: Say
    times: list[tuple[str, float]] = field(default_factory=list)

    @property
    def server(self) -> Path:
        """The bare repository that is pushed to."""
        return self.folder / f"{MODEL}.git"

    @property
    def clone(self) -> Path:
        """The work tree of the data scientist."""
        return self.folder / MODEL

    @property
    def target(self) -> Target:
        """Where the model answers."""
        repo = Repository.open(self.server)
        return target_of(load_environment(repo, None, ENVIRONMENT), repo.state)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and keep its time."""
        self.say(f"\n=== {title}")
        begun = time.monotonic()
        yield
        self.times.append((title, time.monotonic() - begun))

    def command(self, *argv: str, check: bool = True) -> int:
        """Show a command, run it in the clone, show what it prints."""
        self.say("$ " + " ".join(argv))
        program = [sys.executable, "-m", "gitmodel", *argv[1:]] if argv[0] == "gitmodel" else list(argv)
        code = process.stream(program, cwd=self.clone, sink=self.say, env=_environment())
        if check and code:
            raise ToolFailed(f"`{' '.join(argv)}` failed with exit code {code}")
        return code

    def answer(self, path: str, body: bytes | None = None) -> object:
        """Ask the model through the router and show the answer."""
        url = f"{self.target.url(MODEL)}/{path}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own router
            answer: object = json.load(response)
        self.say(f"{'POST' if body else 'GET'} {url}\n  {json.dumps(answer)}")
        return answer


def _environment() -> dict[str, str]:
    extra = {"GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0"}
    plain = process.clean_environment()
    for role in ("AUTHOR", "COMMITTER"):
        extra.setdefault(f"GIT_{role}_NAME", plain.get(f"GIT_{role}_NAME", "Demo"))
        extra.setdefault(f"GIT_{role}_EMAIL", plain.get(f"GIT_{role}_EMAIL", "demo@example.org"))
    return {**plain, **extra}


def run_demo(folder: Path, *, say: Say, port: int | None = None) -> Demo:
    """Show the loop in a folder of its own, which an earlier demo may have left.

    Raises:
        UsageError: If the folder holds something else.
        ToolFailed: If a step fails.
    """
    stop_demo(folder, say=say)
    if (folder / _MARKER).is_file():
        shutil.rmtree(folder)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name another folder with --folder")
    demo = Demo(folder.absolute(), say)
    with demo.step("A server repository and a clone of the example credit-risk"):
        _set_up(demo, port)
    with demo.step("Push: version 1 is trained, tagged, packaged, gated, deployed"):
        demo.command("git", "push", "-q", "-u", "origin", "main")
    row = _sample(demo)
    demo.answer("predict", row)
    with demo.step("A better parameter, pushed under load: version 2 takes over"):
        _push_under_load(demo, row)
    with demo.step("A worse parameter: its gates refuse it, version 2 goes on"):
        _change(demo, WORSE, "Learn the loans by heart")
        demo.command("git", "push", "-q")
        demo.answer("version")
    with demo.step("Roll back to version 1, with a reason"):
        reason = "the risk team asked for the deeper tree"
        demo.command("gitmodel", "rollback", MODEL, ENVIRONMENT, "--reason", reason)
        demo.answer("version")
    with demo.step("What git knows now"):
        _show(demo)
    _closing(demo, row)
    return demo


def _set_up(demo: Demo, port: int | None) -> None:
    demo.folder.mkdir(parents=True, exist_ok=True)
    (demo.folder / _MARKER).write_text("Made by `gitmodel demo`; `gitmodel demo --down` stops it.\n")
    init_server(demo.server, port=port)
    shutil.copytree(resources.folder("examples") / MODEL, demo.clone)
    for argv in (
        ("git", "init", "-q", "-b", "main"),
        ("git", "remote", "add", "origin", str(demo.server)),
        ("gitmodel", "hooks", "install"),
        ("git", "add", "-A"),
        ("git", "commit", "-q", "-m", "Predict which loans go bad"),
    ):
        demo.command(*argv)


def _sample(demo: Demo) -> bytes:
    """Return one loan as a request: the first smoke row of the deployed package."""
    smoke = sorted((demo.target.root / "releases").rglob("smoke.json"))
    if not smoke:
        raise ToolFailed("nothing was deployed; the words above say why")
    rows = json.loads(smoke[0].read_text())
    return json.dumps(rows[0]["input"]).encode()


def _change(demo: Demo, values: dict[str, int], message: str) -> None:
    """Change parameters, as a person with an editor would: line by line."""
    file = demo.clone / "params.yaml"
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        name = line.strip().partition(":")[0]
        if name in values:
            lines[number] = f"  {name}: {values[name]}"
    file.write_text("\n".join([*lines, ""]))
    demo.command("git", "diff", "--stat")
    demo.command("git", "commit", "-q", "-a", "-m", message)


def _push_under_load(demo: Demo, row: bytes) -> None:
    _change(demo, BETTER, "A shallower tree with larger leaves")
    with Load(f"{demo.target.url(MODEL)}/predict", row) as load:
        demo.command("git", "push", "-q")
    tally = load.tally
    demo.say(
        f"requests during the push: {tally.answered} answered, {tally.lost} lost {' '.join(tally.reasons)}"
    )
    demo.answer("version")
    demo.answer("predict", row)
    if tally.lost:
        raise ToolFailed("requests were lost in the switch")


def _show(demo: Demo) -> None:
    commands: Sequence[Sequence[str]] = (
        ("gitmodel", "sync"),
        ("gitmodel", "list"),
        ("gitmodel", "log", MODEL),
        ("gitmodel", "show", f"{MODEL}:2"),
        ("gitmodel", "status", ENVIRONMENT),
        ("git", "log", "--format=%h %an %ar: %s", f"origin/env/{ENVIRONMENT}"),
        ("git", "notes", "--ref=metrics", "show", f"{MODEL}@v2^{{commit}}"),
        ("git", "notes", "--ref=deployments", "show", f"origin/env/{ENVIRONMENT}"),
    )
    for argv in commands:
        demo.command(*argv)


def _closing(demo: Demo, row: bytes) -> None:
    url = demo.target.url(MODEL)
    width = max(len(title) for title, _ in demo.times)
    demo.say("\nHow long it took")
    for title, seconds in demo.times:
        demo.say(f"  {title:<{width}}  {seconds:6.1f} s")
    demo.say(f"  {'all':<{width}}  {sum(seconds for _, seconds in demo.times):6.1f} s")
    (demo.folder / "loan.json").write_bytes(row)
    demo.say(
        f"\nTry it:  {url}/   (the API page)\n"
        f"         curl -d @{demo.folder}/loan.json -H 'Content-Type: application/json' {url}/predict\n"
        f"Change {demo.clone}/params.yaml, commit, and `git push`.\n"
        f"Stop it: gitmodel demo --down --folder {demo.folder}"
    )


def stop_demo(folder: Path, *, say: Say) -> bool:
    """Stop what a demo left running; say whether anything ran."""
    demo = Demo(folder.absolute(), say)
    if not (folder / _MARKER).is_file() or not demo.server.is_dir():
        return False
    stopped = down(demo.target, sink=say)
    say(f"the demo in {folder} is stopped" if stopped else f"nothing of the demo in {folder} was running")
    return stopped
