"""The incidents of a model that was taken out of an environment end; others stay."""

from dataclasses import replace

from gitmodel.delivery.promotion import promote
from gitmodel.delivery.removal import withdraw
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.monitoring.incidents import INCIDENTS_REF, format_step, read_incidents
from gitmodel.pipelines.withdrawn import close_incidents
from gitmodel.registry.environments import env_tip
from tests.delivery.test_promotion import MODEL, versions
from tests.monitoring.test_incidents import OPENED


def test_incidents_of_a_withdrawn_model_close(repo: Repository) -> None:
    promote(repo, versions(repo, 1)[0], "live", by="ada")
    promote(repo, versions(repo, 1, "other")[0], "live", by="ada")
    tip = env_tip(repo, "live")
    assert tip is not None
    steps = [
        replace(OPENED, incident=incident, model=model, env=env)
        for incident, model, env in (("1", MODEL, "live"), ("2", "other", "live"), ("3", MODEL, "staging"))
    ]
    publish(repo, [], {INCIDENTS_REF: {tip: [format_step(step) for step in steps]}})
    told: list[str] = []
    close_incidents(repo, "live", "ada", told.append)
    assert not told
    withdraw(repo, MODEL, "live", reason="Replaced", by="ada")
    close_incidents(repo, "live", "ada", told.append)
    close_incidents(repo, "live", "ada", told.append)
    assert told == ["[heal] credit-risk in live: recall >= 0.6: resolved: the model was withdrawn"]
    assert {each.id: each.is_open for each in read_incidents(repo)} == {"1": False, "2": True, "3": True}
