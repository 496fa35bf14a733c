"""Hosts of an environment: from the default branch to ansible, batch by batch."""

from pathlib import Path

import pytest

from gitmodel.delivery.inventories import at_hosts, batches, pattern
from gitmodel.delivery.target import Target
from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from tests.conftest import commit_all


@pytest.mark.parametrize(
    ("size", "lengths"),
    [
        ("1", [1, 1, 1, 1, 1]),
        ("25%", [2, 2, 1]),
        ("1%", [1, 1, 1, 1, 1]),
        ("100%", [5]),
        ("4", [4, 1]),
        ("9", [5]),
    ],
)
def test_batches(size: str, lengths: list[int]) -> None:
    found = batches("abcde", size)
    assert [len(batch) for batch in found] == lengths
    assert [host for batch in found for host in batch] == [*"abcde"]
    assert batches("", size) == []


def test_only_names_are_taken_for_hosts() -> None:
    assert pattern(["web-2", "web-1.example.org"]) == "web-1.example.org,web-2"
    for name in ("all:!web", "@file", "-i", "a,b", "*", "~web", ""):
        with pytest.raises(InvalidFile, match="no usable name of a host"):
            pattern(["web", name])


def test_an_inventory_comes_with_its_variables(repo: Repository, tmp_path: Path) -> None:
    files = {
        "environments/hosts.yaml": "all: {hosts: {web: }}\n",
        "environments/group_vars/all/vault.yaml": "secret: 1\n",
        "environments/host_vars/web.yaml": "x: 2\n",
        "environments/other.yaml": "name: other\n",
    }
    commit_all(repo, files)
    assert repo.root is not None
    (repo.root / "environments" / "hosts.yaml").write_text("all: {hosts: {not-committed: }}\n")
    target = Target(
        "production", Path("/srv/x"), inventory="environments/hosts.yaml", local=tmp_path / "here"
    )
    found = Path(at_hosts(repo, target).inventory)
    assert found.read_text() == files["environments/hosts.yaml"]
    below = {path.relative_to(found.parent).as_posix() for path in found.parent.rglob("*") if path.is_file()}
    assert below == {"hosts.yaml", "group_vars/all/vault.yaml", "host_vars/web.yaml"}
    with pytest.raises(InvalidFile, match=r"no inventory environments/none\.yaml"):
        at_hosts(
            repo, Target("production", Path("/srv/x"), inventory="environments/none.yaml", local=tmp_path)
        )
    here = Target("local", tmp_path)
    assert at_hosts(repo, here) is here
