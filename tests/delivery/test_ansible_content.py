"""The ansible content that ships is what ansible's own linter asks of content in production."""

import pytest

from gitmodel import process
from gitmodel.delivery.playbook import CONTENT

pytestmark = pytest.mark.system


def test_ansible_lint_has_no_complaint() -> None:
    done = process.run(
        ["ansible-lint", "--offline", "--nocolor", "-q", "--profile", "production"], cwd=CONTENT, check=False
    )
    assert (done.code, done.text) == (0, "")
