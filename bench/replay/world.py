"""A server repository whose model serves, its users, and a clock that is turned by hand."""

import heapq
import http.client
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from bench.registry.peer import free_port
from bench.replay.alerts import Desk
from bench.replay.scene import Answered, Ask, Said, Scene
from gitmodel import clock, process
from gitmodel.delivery.rollout import down
from gitmodel.delivery.target import Target, target_of
from gitmodel.errors import ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.pipelines.setup import init_repository, init_server
from gitmodel.pipelines.ticking import run_due
from gitmodel.spec import load_environment

ENVIRONMENT = "local"
Say = Callable[[str], None]


@dataclass
class World:
    """One replay.

    Attributes:
        scene: What is replayed.
        folder: Where everything of it lies.
        desk: Where alerts go.
        say: Told what the pipelines say.
        answered: What was answered, in the order of time.
    """

    scene: Scene
    folder: Path
    desk: Desk
    say: Say
    answered: list[Answered] = field(default_factory=list)
    _said: list[tuple[datetime, int, str, Said]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def repo(self) -> Repository:
        """The server's repository, as it is now."""
        return Repository.open(self.folder / "server.git")

    @property
    def target(self) -> Target:
        """Where the model answers."""
        repo = self.repo
        return target_of(load_environment(repo, None, ENVIRONMENT), repo.state)

    def begin(self) -> None:
        """Set up a server and a clone, and let a push train and deploy the first version."""
        self._turn(self.scene.begin)
        init_server(self.folder / "server.git", port=free_port())
        work = self.folder / "work"
        init_repository(work, example=self.scene.example)
        self._edit(work / "models" / self.scene.model)
        settings = work / "gitmodel.yaml"
        alerts = yaml.safe_dump({"alerts": [{"to": self.desk.address}]})
        settings.write_text(settings.read_text() + alerts)
        for words in (
            ("commit", "-qam", "As it was at first"),
            ("remote", "add", "origin", str(self.repo.git_dir)),
            ("push", "-q", "origin", "HEAD:main"),
        ):
            if process.stream(["git", *words], cwd=work, sink=self.say, env=process.clean_environment()):
                raise ToolFailed(f"`git {words[0]}` failed: its words stand above")
        run_due(self.repo, self.scene.begin, self.say)  # from now on schedules are known

    def _edit(self, folder: Path) -> None:
        parameters = folder / "params.yaml"
        values = yaml.safe_load(parameters.read_text())
        for section, changed in self.scene.parameters.items():
            values[section] |= changed
        parameters.write_text(yaml.safe_dump(values))
        spec = folder / "model.yaml"
        keys = yaml.safe_load(spec.read_text()) | self.scene.changes
        kept = {key: value for key, value in keys.items() if value is not None}
        spec.write_text(yaml.safe_dump(kept, sort_keys=False))

    def live(self) -> None:
        """Replay all requests, the clock of schedules ticking all the while."""
        tick = self.scene.tick
        turn = self.scene.begin + tick
        with self._connection() as connection:
            for ask in self.scene.asks:
                while ask.at >= turn:
                    self._listen(connection, turn)
                    self._turn(turn)
                    run_due(self.repo, turn, self.say, quiet=True)
                    turn += tick
                self._listen(connection, ask.at)
                self._turn(ask.at)
                self._ask(connection, ask)
            self._listen(connection, turn)
            self._turn(turn)
            run_due(self.repo, turn, self.say, quiet=True)

    def end(self) -> None:
        """Stop what serves."""
        down(self.target)

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target.port, timeout=30)
        try:
            yield connection
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, ask: Ask) -> None:
        answers, head = self._post(connection, "predict", list(ask.rows))
        self.answered.append(Answered(ask, answers))
        for said in self.scene.users(ask, answers):
            name = f"{head['X-Prediction-Id']}-{said.row}"
            heapq.heappush(self._said, (ask.at + said.after, next(self._numbers), name, said))

    def _listen(self, connection: http.client.HTTPConnection, until: datetime) -> None:
        """Post what users have said up to a moment."""
        while self._said and self._said[0][0] < until:
            at = self._said[0][0]
            told = []  # what is said at once is posted at once
            while self._said and self._said[0][0] == at:
                _, _, name, said = heapq.heappop(self._said)
                told.append({"prediction": name, **said.words})
            self._turn(at)
            self._post(connection, "feedback", told)

    def _post(
        self, connection: http.client.HTTPConnection, path: str, body: Any
    ) -> tuple[Any, Mapping[str, str]]:
        text = json.dumps(body)
        connection.request("POST", f"/{self.scene.model}/{path}", text, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            told = response.read()
            if response.status >= http.client.BAD_REQUEST:
                raise ToolFailed(f"{path} answered {response.status}", detail=told.decode("utf-8", "replace"))
            return json.loads(told), dict(response.headers)

    def _turn(self, moment: datetime) -> None:
        file = Path(os.environ[clock.VARIABLE])
        new = file.with_suffix(".new")
        new.write_text(moment.isoformat())
        new.replace(file)


@contextmanager
def turned(file: Path) -> Iterator[None]:
    """Let everything that is started go by the clock of a file."""
    os.environ[clock.VARIABLE] = str(file)
    try:
        yield
    finally:
        del os.environ[clock.VARIABLE]
