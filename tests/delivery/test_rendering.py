"""What is rendered for a real version, packaged and promoted."""

import kubernetes_validate
import pytest

from gitmodel.delivery.promotion import promote
from gitmodel.delivery.rendering import render
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from tests.conftest import commit_all
from tests.delivery.models import MODEL, add_version

pytestmark = pytest.mark.system
_FILE = (
    "name: cluster\nruntime: kubernetes\nkubernetes: {namespace: models, image: 'r.example.org/{model}'}\n"
)


def test_a_promoted_version_is_rendered(repo: Repository) -> None:
    commit_all(repo, {"environments/cluster.yaml": _FILE})
    version = add_version(repo, depth=2)
    with pytest.raises(UsageError, match="no model should run"):
        render(repo, "cluster")
    promote(repo, version, "cluster", by="ada@example.org")
    found = render(repo, "cluster", MODEL)
    assert list(found) == [f"{MODEL}.yaml"]
    for each in found[f"{MODEL}.yaml"]:
        kubernetes_validate.validate(each, "1.34", strict=True)
    deployment = next(each for each in found[f"{MODEL}.yaml"] if each["kind"] == "Deployment")
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith(f"r.example.org/{MODEL}:{version.version}-")
    with pytest.raises(UsageError, match="should not run"):
        render(repo, "cluster", "another")
