"""Objects of Kubernetes: valid by the API's own schemas in every shape, and named without collisions."""

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program
from gitmodel.delivery.runtimes.cluster import Cluster, decide, drift, is_bad_version, plan, states
from gitmodel.delivery.runtimes.kubernetes import KubernetesRuntime
from gitmodel.delivery.runtimes.manifests import all_manifests, rendered_digest
from gitmodel.delivery.runtimes.names import Names, image_of, names_of
from gitmodel.delivery.runtimes.smoke_job import check_manifests
from gitmodel.delivery.target import Release, Target, target_of
from gitmodel.errors import InvalidFile, UsageError
from gitmodel.registry.names import MODEL
from gitmodel.spec import parse_environment
from gitmodel.spec.kubernetes import amount, model_name

_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_VERSIONS = ("1.29", "1.34", kubernetes_validate.latest_version())
_OPTIONS: tuple[tuple[str, ...], ...] = (
    ("", "replicas: {min: 2, max: 9, cpu: 60}", "replicas: {min: 3}"),
    ("", "limits: {memory: 2Gi, cpu: '2'}"),
    ("", "ingress: {host: '{model}.example.org'}", "ingress: {host: '{model}.x.org', tls_secret: t}"),
    ("", "state: {size: 10Gi, storage_class: fast}, pull_secret: registry, service: LoadBalancer"),
)


def cluster_target(options: str = "", **keys: Any) -> Target:
    more = "".join(f"{key}: {value}\n" for key, value in keys.items())
    known = (
        f"namespace: models, image: 'registry.example.org/team/{{model}}'{', ' if options else ''}{options}"
    )
    text = f"name: cluster\nruntime: kubernetes\n{more}kubernetes: {{{known}}}\n"
    return target_of(parse_environment(text, "environments/cluster.yaml"), Path("/srv"))


def release(version: str = "1", model: str = "credit-risk") -> Release:
    rows = ({"input": {"x": "{{ 7*7 }}"}, "output": {"y": 3.0}},)
    return Release(model, version, version.encode().hex().ljust(64, "0"), Path("/nowhere"), ("x",), rows)


def live(target: Target, *releases: Release, ready: int = 2) -> Cluster:
    """Return a cluster that has what was rendered; requests go to the last release."""
    found = {}
    for each in itertools.chain.from_iterable(all_manifests(target, one) for one in releases):
        if each["kind"] == "Deployment":
            each["status"] = {"readyReplicas": ready}
        found[each["kind"], each["metadata"]["name"]] = each
    return Cluster(target, tuple(found.values()))


@pytest.mark.parametrize("options", list(itertools.product(*_OPTIONS)), ids=str)
def test_every_shape_is_valid(options: tuple[str, ...]) -> None:
    target, one = cluster_target(", ".join(filter(None, options))), release(model="team/credit")
    objects = [*all_manifests(target, one), *check_manifests(target, one, "a-service", rows=True)]
    for each, version in itertools.product(objects, _VERSIONS):
        kubernetes_validate.validate(each, version, strict=True)
    kinds = [each["kind"] for each in objects]
    assert ("HorizontalPodAutoscaler" in kinds) == ("max" in options[0])
    assert ("Ingress" in kinds) == bool(options[2])
    assert ("PersistentVolumeClaim" in kinds) == ("state" in options[3])


def test_pods_have_no_privileges_and_are_probed_and_drained() -> None:
    target, one = cluster_target(drain=20), release()
    found = next(each for each in all_manifests(target, one) if each["kind"] == "Deployment")
    pod = found["spec"]["template"]["spec"]
    service = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert service["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert service["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert service["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert service["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "20"]
    assert pod["terminationGracePeriodSeconds"] > 20


@given(some.lists(some.from_regex(MODEL, fullmatch=True), min_size=2, max_size=6, unique=True))
def test_names_are_those_of_dns_and_no_two_models_share_one(models: list[str]) -> None:
    digests = ("ab" * 32, "cd" * 32)
    names = [Names(model, digest) for model in models for digest in digests]
    for each in names:
        assert all(_LABEL.fullmatch(name) for name in (each.stable, each.version, each.check))
    assert len({each.stable for each in names}) == len(models)
    assert len({name for each in names for name in (each.stable, each.version)}) == 3 * len(models)


def test_names_that_would_be_taken_for_others() -> None:
    assert model_name("credit-risk") == "credit-risk"
    names = ["a/b", "a-b", "a_b", "a--b", model_name("a/b"), f"a-b-{'ab' * 6}", "3d", "m-3d"]
    assert len({model_name(each) for each in names}) == len(names)


def test_an_image_is_named_by_model_version_and_digest() -> None:
    one = release("1.2.0+build")
    found = image_of("registry.example.org:5000/team/{model}", one)
    assert found == f"registry.example.org:5000/team/credit-risk:1.2.0-build-{one.digest[:16]}"
    with pytest.raises(InvalidFile, match="too long"):
        image_of("r/" * 120 + "{model}", one)


def test_what_is_missing() -> None:
    target, one, two = cluster_target(), release("1"), release("2")
    assert decide(one, live(target)) == "nothing runs there yet"
    assert decide(one, live(target, one)) == ""
    assert decide(one, live(target, two)) == "another version runs there"
    assert decide(two, live(target, one, two)) == "services of other versions are left"
    assert decide(one, live(target, one, ready=0)) == "none of its pods is ready"
    changed = Cluster(cluster_target("limits: {memory: 2Gi}"), live(target, one).objects)
    assert "file says otherwise" in decide(one, changed)
    no_service = [each for each in live(target, one).objects if each["kind"] != "Service"]
    assert decide(one, Cluster(target, tuple(no_service))) == "its Service is gone"


def test_changes_by_hand_are_found_and_what_the_api_adds_is_none() -> None:
    target, one = cluster_target("replicas: {min: 1, max: 4}, limits: {cpu: '0.5'}"), release()
    found = live(target, one)
    deployment = next(each for each in found.objects if each["kind"] == "Deployment")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    deployment["spec"]["replicas"] = 4
    container["terminationMessagePath"] = "/dev/termination-log"
    container["resources"]["limits"]["cpu"] = "500m"
    assert drift(one, found) == ()
    container["image"] = "somebody/else"
    kept = tuple(each for each in found.objects if each["kind"] != "PodDisruptionBudget")
    assert drift(one, Cluster(target, kept)) == (
        "its Deployment was changed",
        "its PodDisruptionBudget is gone",
    )


def test_a_plan_starts_beside_the_old_one_with_as_many_pods_and_knows_the_way_back() -> None:
    target, one, two = cluster_target("replicas: {min: 2, max: 6}"), release("1"), release("2")
    before = live(target, one)
    next(each for each in before.objects if each["kind"] == "Deployment")["spec"]["replicas"] = 5
    found = plan(two, before)
    assert found["start"][0]["spec"]["replicas"] == 5
    assert found["before"][0]["spec"]["selector"]["gitmodel/digest"] == one.digest[:16]
    old, new = names_of(one).version, names_of(two).version
    assert {each["metadata"]["name"] for each in found["retire"]} == {old}
    assert {each["metadata"]["name"] for each in found["give_up"]} == {new}
    assert {each["kind"] for each in found["give_up"]} == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    }


def test_what_the_file_asks_for_no_more_is_removed_and_what_runs_is_not_given_up() -> None:
    one = release()
    before = live(cluster_target("replicas: {min: 2, max: 6}, ingress: {host: '{model}.x.org'}"), one)
    found = plan(one, Cluster(cluster_target(), before.objects))
    assert {each["kind"] for each in found["retire"]} == {"HorizontalPodAutoscaler", "Ingress"}
    assert found["give_up"] == []


def test_a_service_of_somebody_else_is_not_taken_over() -> None:
    target, one = cluster_target(), release()
    other = replace(target, name="staging")
    with pytest.raises(UsageError, match="belongs to the environment staging"):
        Cluster(target, live(other, one).objects).refuse_foreign("credit-risk")
    assert decide(one, Cluster(target, live(other, one).objects)) == "nothing runs there yet"


def test_states() -> None:
    target, one, two = cluster_target(), release("1"), release("2")
    found = states(live(target, one, two), "cluster/models")
    assert [(each.version, each.is_routed, each.is_healthy) for each in found.services] == [
        ("1", False, True),
        ("2", True, True),
    ]
    assert found.services[0].digest == one.digest
    no_pods = tuple(each for each in live(target, one).objects if each["kind"] != "Deployment")
    assert states(Cluster(target, no_pods), "x").left == ("credit-risk",)


@pytest.mark.parametrize(
    ("name", "state", "restarts", "is_bad"),
    [
        ("service", {"waiting": {"reason": "CrashLoopBackOff"}}, 0, True),
        ("service", {"running": {}}, 1, True),
        ("service", {"waiting": {"reason": "ImagePullBackOff"}}, 0, False),
        ("smoke", {"terminated": {"exitCode": 1}}, 0, True),
        ("smoke", {"terminated": {"exitCode": 3}}, 0, False),
    ],
)
def test_whose_fault_it_is(name: str, state: dict[str, Any], restarts: int, *, is_bad: bool) -> None:
    status = {"name": name, "state": state, "restartCount": restarts}
    assert is_bad_version([{"status": {"containerStatuses": [status]}}, {}]) is is_bad


def test_the_rendered_digest_follows_the_file_and_not_the_time() -> None:
    one = release()
    assert rendered_digest(cluster_target(), one) == rendered_digest(cluster_target(), one)
    assert rendered_digest(cluster_target(), one) != rendered_digest(cluster_target("pull_secret: x"), one)


def test_where_a_model_answers() -> None:
    assert cluster_target().url("credit-risk") == "http://credit-risk.models.svc"
    target = cluster_target("ingress: {host: '{model}.x.org', tls_secret: t}")
    assert target.url("credit-risk") == "https://credit-risk.x.org"


def test_steps_and_the_end_of_a_cluster_are_refused() -> None:
    used, target = KubernetesRuntime(), cluster_target()
    with pytest.raises(UsageError, match="in a cluster") as caught:
        used.act(target, "credit-risk", "look", sink=lambda _task: None)
    assert "Argo Rollouts" in caught.value.hint
    with pytest.raises(UsageError, match="in a cluster"):
        used.down(target)


def test_a_program_of_no_model_has_no_names() -> None:
    with pytest.raises(InvalidFile):
        names_of(replace(release(), model="No Model"))
    assert names_of(release()).model == Program("credit-risk", "1", "ab" * 32).model


@pytest.mark.parametrize(("text", "count"), [("500m", "0.5"), ("2", "2"), ("1Ki", "1024"), ("1.5G", "1.5e9")])
def test_amounts(text: str, count: str) -> None:
    assert float(amount(text)) == float(count)


@pytest.mark.parametrize("text", ["x", "1X", "m"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        amount(text)
