"""From a push to a deployed version, beside the peer's script."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.registry.measure import Pair, alternate, environment
from bench.registry.peer import MODEL, Peer, free_port, set_parameter
from gitmodel import process, resources

_PEER = "a script: `dvc repro`, `dvc push`, `bentoml build`, `ansible-playbook`"
_FIRST_LEAF = 100


@dataclass(frozen=True)
class Ours:
    """A server repository and a clone of the example."""

    folder: Path
    port: int

    @property
    def clone(self) -> Path:
        """The work tree that is pushed from."""
        return self.folder / MODEL

    def set_up(self) -> None:
        """Make server and clone as a person would."""
        server = self.folder / f"{MODEL}.git"
        shutil.copytree(resources.folder("examples") / MODEL, self.clone)
        for argv in (
            ("gitmodel", "init", "--server", str(server), "--port", str(self.port)),
            ("git", "init", "-q", "-b", "main"),
            ("git", "remote", "add", "origin", str(server)),
            ("git", "config", "push.autoSetupRemote", "true"),
            ("gitmodel", "hooks", "install"),
        ):
            process.run(argv, cwd=self.clone, env=environment())

    def push(self, version: int) -> None:
        """Push what is committed.

        Raises:
            AssertionError: If afterwards another version answers.
        """
        done = process.run(["git", "push", "-q"], cwd=self.clone, env=environment(), check=False)
        with urlopen(f"http://127.0.0.1:{self.port}/{MODEL}/version", timeout=10) as response:
            answering = json.load(response)["version"]
        assert answering == str(version), done.stderr.decode()

    def stop(self) -> None:
        """End router, supervisor and services."""
        from gitmodel.delivery.rollout import down
        from gitmodel.delivery.target import target_of
        from gitmodel.git.repository import Repository
        from gitmodel.spec import load_environment

        repo = Repository.open(self.folder / f"{MODEL}.git")
        down(target_of(load_environment(repo, None, "local"), repo.state))


def push_to_deployed(folder: Path, rounds: int) -> Pair:
    """Time both on the same changes of the same parameters, each beside a version that runs already."""
    for name in ("ours", "peer"):
        (folder / name).mkdir()
    ours, peer = Ours(folder / "ours", free_port()), Peer(folder / "peer", free_port())
    try:
        ours.set_up()
        peer.set_up()
        _first(ours, peer)
        return _measure(ours, peer, rounds)
    finally:
        ours.stop()
        peer.stop()


def _first(ours: Ours, peer: Peer) -> None:
    """Bring the first version up, which is not timed."""
    for tree in (ours.clone, peer.tree):
        set_parameter(tree, _FIRST_LEAF)
    ours.push(1)
    process.run(["dvc", "repro"], cwd=peer.tree, env=peer.environment())
    peer.sample()
    peer.release(1)


def _measure(ours: Ours, peer: Peer, rounds: int) -> Pair:
    def push(number: int) -> None:
        ours.push(number + 2)

    def script(number: int) -> None:
        peer.release(number + 2)

    def change(number: int) -> None:
        for tree in (ours.clone, peer.tree):
            set_parameter(tree, _FIRST_LEAF + 2 * (number + 1))

    what = "push to deployed: a changed parameter of credit-risk"
    return alternate(what, _PEER, push, script, rounds=rounds, bound=1.0, before=change)
