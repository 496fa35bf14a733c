"""The role of clusters, run by ansible with ``kubernetes.core`` against a stand-in for the API.

No API server can be had here, so what a cluster itself does is not shown: pods, probes, the way of requests.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.runtimes import images
from gitmodel.delivery.runtimes.kubernetes import KubernetesRuntime
from gitmodel.delivery.runtimes.names import names_of
from gitmodel.delivery.target import Target
from gitmodel.errors import ToolFailed
from tests.delivery.cluster_api import Api, kubeconfig, running_api
from tests.delivery.collections import collections
from tests.delivery.test_manifests import cluster_target, release

pytestmark = pytest.mark.system


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with running_api() as found:
        file = tmp_path / "kubeconfig"
        file.write_text(kubeconfig(found))
        monkeypatch.setenv("K8S_AUTH_KUBECONFIG", str(file))
        yield found


@pytest.fixture
def target(tmp_path: Path) -> Target:
    found = cluster_target("context: test, replicas: {min: 2, max: 4}", drain=0)
    return replace(found, root=tmp_path / "an environment")


def test_what_is_missing_is_said(
    target: Target, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path))
    with pytest.raises(ToolFailed, match="not installed") as caught:
        KubernetesRuntime().look(target, release())
    assert "ansible-galaxy collection install kubernetes.core" in caught.value.hint


def test_a_version_is_started_switched_to_and_put_back(
    target: Target, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(collections()))
    published = []
    monkeypatch.setattr(images, "publish", lambda name, _release, _target: published.append(name))
    used, one, two = KubernetesRuntime(), release("1"), release("2")
    told: list[str] = []

    assert used.look(target, one).missing == "nothing runs there yet"
    used.deploy(target, one, check=False, sink=lambda task: told.append(task.name))
    assert used.look(target, one).missing == ""
    assert used.drift(target, one) == ()
    assert published == [f"registry.example.org/team/credit-risk:1-{one.digest[:16]}"]
    assert api.names("Job") == api.names("ConfigMap") == []
    start, route = told.index("Start beside the old one, wait until ready"), told.index("Switch")
    assert start < told.index("Judge") < route
    (state,) = used.observe(target)
    assert [(each.version, each.is_routed) for each in state.services] == [("1", True)]

    api.fails_jobs_of.add(names_of(two).check)
    with pytest.raises(RolloutFailed) as caught:
        used.deploy(target, two, check=False, sink=lambda _task: None)
    assert caught.value.bad_version
    assert used.look(target, one).missing == ""
    assert api.names("Deployment") == [names_of(one).version]

    assert used.remove(target, "credit-risk", forget=False)
    assert {kind for kind, _ in api.objects} == {"Pod"}  # of the stand-in's Jobs
