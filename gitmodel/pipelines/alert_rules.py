"""The alert rules of what should run."""

from collections.abc import Sequence
from typing import Any

from gitmodel.errors import UsageError
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.monitoring.rules import Served, rules_document
from gitmodel.registry.desired import read_desired
from gitmodel.spec import load_model


def alert_rules(repo: Repository, environments: Sequence[str], model: str = "") -> dict[str, Any]:
    """Return rules for each model of which a version should run in one of the environments.

    Args:
        repo: The repository; conditions are those of its default branch.
        environments: Their names.
        model: Only this one; "": all.

    Raises:
        UsageError: If nothing of it should run there.
        InvalidFile: If a specification is not valid.
    """
    served = [
        Served(load_model(repo, default_rev(repo) or wanted.tag or "HEAD", name), env)
        for env in environments
        for name, wanted in sorted(read_desired(repo, env).items())
        if wanted.version and model in ("", name)
    ]
    if not served:
        what, where = f" of {model}" if model else "", ", ".join(environments) or "any environment"
        hint = "run `gitmodel status` to see what should run where"
        raise UsageError(f"no version{what} was promoted to {where}", hint=hint)
    return rules_document(served)


def rules_text(document: dict[str, Any]) -> str:
    """Write rules as YAML, expressions over several lines as they are."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as blocks."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, width=200, allow_unicode=True)
