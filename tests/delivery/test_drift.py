"""What is not as it should be on a host is seen and mended: real services, spoiled by hand."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitmodel.delivery.ansible.module_utils import gitmodel_processes as processes
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import (
    ROUTER,
    SUPERVISOR,
    Layout,
    Program,
    ini,
    read_programs,
)
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at, wait
from gitmodel.delivery.ansible.module_utils.gitmodel_supervisor import Supervisor
from gitmodel.delivery.deploy import Deployed, Options, deploy, find_target
from gitmodel.delivery.history import history
from gitmodel.delivery.outcomes import Outcome, read_outcomes
from gitmodel.delivery.promotion import promote
from gitmodel.delivery.removal import withdraw
from gitmodel.delivery.rollout import down
from gitmodel.delivery.status import Status, status
from gitmodel.errors import Refused
from gitmodel.git.commits import commit_files
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip
from tests.conftest import make_repository
from tests.delivery.conftest import free_port
from tests.delivery.models import MODEL, add_version

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Return a repository whose one model runs in the environment ``local``."""
    repo = make_repository(tmp_path_factory.mktemp("drift") / "repo")
    folder = repo.state / "environments"
    folder.mkdir(parents=True)
    (folder / "local.yaml").write_text(f"name: local\nport: {free_port()}\n")
    promote(repo, add_version(repo, 3), "local", by="ada")
    run(repo)
    yield repo
    down(find_target(repo, "local"))


def run(
    repo: Repository, *, check: bool = False, thorough: bool = False, empty: bool = False
) -> list[Deployed]:
    options = Options(check=check, thorough=thorough, empty=empty)
    return deploy(repo, "local", by="ada", sink=print, options=options)


def mend(repo: Repository) -> Deployed:
    (done,) = run(repo, thorough=True)
    return done


def layout(repo: Repository) -> Layout:
    return find_target(repo, "local").layout


def program(repo: Repository) -> Program:
    (found,) = read_programs(layout(repo)).values()
    return found


def answers(repo: Repository) -> bool:
    target = find_target(repo, "local")
    found = version_at(target.host, target.port, f"/{MODEL}")
    return found is not None and found["version"] == "1"


def now(repo: Repository) -> Status:
    (found,) = status(repo, "local")
    return found


def notes(repo: Repository) -> list[Outcome]:
    tip = env_tip(repo, "local")
    assert tip is not None
    return read_outcomes(repo, [tip])


def stop_service(repo: Repository) -> None:
    Supervisor(layout(repo)).stop(program(repo).name)


def kill_supervisor(repo: Repository) -> None:
    pid = processes.recorded(layout(repo).pid(SUPERVISOR))
    os.kill(pid, signal.SIGKILL)
    assert wait(lambda: not processes.is_ours(pid, layout(repo).root), 5)


def stop_router(repo: Repository) -> None:
    Supervisor(layout(repo)).stop(ROUTER)


def change_route(repo: Repository) -> None:
    path, other = layout(repo).route(MODEL), layout(repo).run / "route"
    other.write_text(path.read_text().replace('"priority": 1', '"priority": 2'))
    other.replace(path)


def delete_route(repo: Repository) -> None:
    layout(repo).route(MODEL).unlink()


def smoke_file(repo: Repository) -> Path:
    return next(layout(repo).release(program(repo)).rglob("smoke.json"))


def change_release(repo: Repository) -> None:
    """Write into the file itself, which the package shares."""
    with smoke_file(repo).open("ab") as file:
        file.write(b"\n")


def change_service_file(repo: Repository) -> None:
    path = layout(repo).config(program(repo).name)
    path.write_text(path.read_text().replace("startretries=5", "startretries=0"))


def leave_another_version(repo: Repository) -> None:
    other = Program(MODEL, "9", "9" * 12, 29999)
    text = f"[program:{other.name}]\ncommand=/bin/sleep 1000\n"
    layout(repo).config(other.name).write_text(ini(other, text))
    Supervisor(layout(repo)).start(other.name)


@pytest.mark.parametrize(
    ("spoil", "words", "is_seen"),
    [
        (stop_service, "it does not answer", True),
        (kill_supervisor, "its supervisor does not run", True),
        (stop_router, "it does not answer", True),
        (change_route, "its route was changed", False),
        (delete_route, "its route is gone", True),
        (change_release, "files of its release were changed", False),
        (change_service_file, "its service's file was changed", False),
        (leave_another_version, "services of other versions are left", True),
    ],
)
def test_drift_is_mended(
    served: Repository, spoil: Callable[[Repository], None], words: str, *, is_seen: bool
) -> None:
    before, kept = len(notes(served)), smoke_file(served).read_bytes()
    spoil(served)
    assert now(served).in_sync is not is_seen
    done = mend(served)
    assert (done.outcome, done.version, done.exit_code) == ("mended", "1", 0)
    assert words in done.reason
    assert answers(served)
    assert now(served).in_sync
    assert (notes(served)[0].outcome, words in notes(served)[0].reason) == ("mended", True)
    assert len(notes(served)) == before + 1
    assert smoke_file(served).read_bytes() == kept
    assert mend(served).outcome == "unchanged"
    assert len(notes(served)) == before + 1


def test_status_says_what_each_host_runs(served: Repository) -> None:
    (host,) = now(served).hosts
    assert (host.host, host.version, host.is_healthy, host.problem) == ("localhost", "1", True, "")
    assert host.digest == program(served).digest
    assert host.since.startswith("20")


def test_a_killed_service_is_put_back_by_its_supervisor(served: Repository) -> None:
    pid = processes.recorded(layout(served).pid(program(served).name))
    os.kill(pid, signal.SIGKILL)
    assert wait(lambda: now(served).in_sync, 60), now(served)


def test_what_should_not_run_is_removed_and_its_predictions_stay(served: Repository) -> None:
    kept = layout(served).state / "predictions" / MODEL
    kept.mkdir(parents=True, exist_ok=True)
    with pytest.raises(Refused, match="credit-risk is the last model in local"):
        withdraw(served, MODEL, "local", reason="Replaced", by="ada")
    withdraw(served, MODEL, "local", reason="Replaced", by="ada", empty=True)
    found = now(served)
    assert (found.desired, found.live, found.in_sync) == (None, "1", False)
    assert found.hosts[0].problem == "it should not run"
    assert run(served, check=True)[0].outcome == "checked"
    assert answers(served)
    (done,) = run(served)
    assert (done.outcome, done.version) == ("removed", "1")
    assert done.reason == "stopped v1, removed its releases"
    assert (now(served).live, now(served).in_sync) == (None, True)
    assert kept.is_dir()
    assert not (layout(served).root / "releases" / MODEL).exists()
    assert not run(served)
    assert notes(served)[0].outcome == "removed"


def test_a_file_deleted_by_hand_needs_a_word_to_empty_an_environment(served: Repository) -> None:
    promote(served, add_version(served, 3, seed=1), "local", by="ada")
    assert run(served)[0].outcome == "deployed"
    tip = env_tip(served, "local")
    gone = commit_files(served, parent=tip, changes={f"{MODEL}.yaml": None}, message="Away with it\n")
    served.git("update-ref", "refs/heads/env/local", gone)
    with pytest.raises(Refused, match="this would stop all that runs in local: credit-risk"):
        run(served)
    assert version_at("127.0.0.1", find_target(served, "local").port, f"/{MODEL}") is not None
    (done,) = run(served, empty=True)
    assert (done.outcome, done.version) == ("removed", "2")


def test_two_at_once_try_a_bad_version_once(served: Repository) -> None:
    bad = add_version(served, 3, seed=2)
    promote(served, bad, "local", by="ada")
    run(served, check=True)  # which packages it
    package = next((served.state / "packages").rglob(f"{bad.version}-*"))
    (package / "src" / "model" / "model.skops").write_bytes(b"damaged")
    done: list[Deployed] = []
    both = [threading.Thread(target=lambda: done.extend(run(served))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(each.outcome for each in done) == ["failed", "held"]
    should = read_desired(served, "local")[MODEL]
    assert (should.version, should.is_bad) == (bad.version, True)  # nothing ran that one could go back to
    subjects = [change.subject for change in history(served, "local", limit=2)]
    assert subjects == [f"Hold credit-risk at v{bad.version}", f"Promote credit-risk v{bad.version}"]
    assert run(served)[0].outcome == "held"
