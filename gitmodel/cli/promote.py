"""``gitmodel promote``: choose what should run."""

import click

from gitmodel.git.repository import Repository


@click.command(name="promote")
@click.argument("words", nargs=-1, metavar="[VERSION] ENV")
@click.option("--reason", default="", help="Why, for the history of the environment.")
def command(*, words: tuple[str, ...], reason: str) -> None:
    r"""Choose the version that should run in an environment.

    The version must pass the gates of its model.yaml. The choice is a commit on the branch env/ENV, which
    the server then rolls out. A hold of the model there is lifted. VERSION is as in `gitmodel show`.

    \b
    Examples:
      gitmodel promote credit-risk:4 production
      gitmodel promote credit-risk:staging production --reason "approved by the risk team"
    """
    from gitmodel.cli.choices import next_step, version_first, who
    from gitmodel.delivery.gates import evaluate_gates
    from gitmodel.delivery.promotion import promote
    from gitmodel.git.remotes import fetch
    from gitmodel.pipelines.releasing import tell_gates
    from gitmodel.spec import load_model

    repo = Repository.open()
    fetch(repo)
    version, env = version_first(repo, words)
    gates = evaluate_gates(repo, load_model(repo, version.commit, version.model), version)
    tell_gates(version, gates, click.echo)
    promoted = promote(
        repo, version, env, by=who(repo), gates=gates, reason=reason, strategy=_strategy(repo, env)
    )
    if promoted.changed:
        click.echo(f"{promoted.subject}\n{next_step(repo, env)}")
    else:
        click.echo(f"{env} has {version.name} already")


def _strategy(repo: Repository, env: str) -> str | None:
    """Return how versions take over there; ``None`` where the environment is defined elsewhere."""
    from gitmodel.errors import UsageError
    from gitmodel.git.refs import default_rev
    from gitmodel.spec import load_environment

    try:
        return load_environment(repo, default_rev(repo), env).strategy.kind
    except UsageError:
        return None
