"""Loading and validating in real repositories, with a work tree and bare."""

# ruff: noqa: E501 - messages are easier to read whole

from pathlib import Path

import pytest

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.spec import (
    InvalidSpec,
    RepositorySpec,
    load_environment,
    load_environments,
    load_model,
    load_models,
    load_repository,
    validate_paths,
    validate_revision,
    validate_tree,
)
from gitmodel.spec.validation import find_root, validate_here
from tests.conftest import clone, commit_all

FILES = {
    "models/credit-risk/model.yaml": "name: credit-risk\nmetrics: [metrics.json]\n",
    "models/fraud/model.yaml": "name: fraud\n",
    "models/fraud/params.yaml": "depth: 4\n",
    "other/model.yaml": "not a model\n",
    "environments/staging.yaml": "name: staging\n",
    "environments/production.yaml": "name: production\nafter: staging\ninventory: production.hosts.yaml\n",
    "environments/production.hosts.yaml": "all: {hosts: {web1: null}}\n",
}
BROKEN = "name: fraud\nmetrik: 1\n"


@pytest.fixture
def models(repo: Repository) -> Repository:
    """Return a repository with two models and two environments."""
    commit_all(repo, FILES)
    return repo


def lines(repo: Repository, paths: list[str] | None = None) -> list[str]:
    return [str(problem) for problem in validate_tree(repo, "HEAD", paths)]


def test_models_are_loaded_by_name(models: Repository) -> None:
    assert [model.name for model in load_models(models, "HEAD")] == ["credit-risk", "fraud"]
    assert load_model(models, "main", "fraud").folder == "models/fraud"
    assert load_models(models, "HEAD~1") == []


def test_a_bare_repository_does(models: Repository, tmp_path: Path) -> None:
    models.git("clone", "-q", "--bare", str(models.git_dir), str(tmp_path / "bare.git"))
    bare = Repository.open(tmp_path / "bare.git")
    assert load_model(bare, "main", "credit-risk").metrics == ("metrics.json",)
    assert [environment.name for environment in load_environments(bare, "main")] == ["staging", "production"]
    assert lines(bare) == []
    assert validate_here(bare.git_dir).files == (
        "environments/production.yaml",
        "environments/staging.yaml",
        "models/credit-risk/model.yaml",
        "models/fraud/model.yaml",
    )


def test_an_old_revision_is_read_as_it_was(models: Repository) -> None:
    commit_all(models, {"models/fraud/model.yaml": "name: fraud\ndescription: new\n"})
    assert load_model(models, "HEAD~1", "fraud").description == ""
    assert load_model(models, "HEAD", "fraud").description == "new"


def test_a_model_that_does_not_exist(models: Repository) -> None:
    with pytest.raises(UsageError) as caught:
        load_model(models, "HEAD", "credit-rsk")
    assert caught.value.message == 'there is no model "credit-rsk" at HEAD'
    assert caught.value.hint == 'did you mean "credit-risk"?'
    with pytest.raises(UsageError) as caught:
        load_model(models, "HEAD", "zzz")
    assert caught.value.hint == "there are: credit-risk, fraud"


def test_no_model_at_all(repo: Repository) -> None:
    with pytest.raises(UsageError) as caught:
        load_model(repo, "HEAD", "x")
    assert "models/<name>/model.yaml" in caught.value.hint


def test_a_broken_model_does_not_stop_another(models: Repository) -> None:
    commit_all(models, {"models/fraud/model.yaml": "name: [\n"})
    assert load_model(models, "HEAD", "credit-risk").name == "credit-risk"
    with pytest.raises(InvalidSpec, match=r"models/fraud/model\.yaml:2: found what is not YAML"):
        load_model(models, "HEAD", "fraud")
    with pytest.raises(InvalidSpec, match=r"models/fraud/model\.yaml:2"):
        load_models(models, "HEAD")


def test_two_models_with_one_name_are_not_loaded(models: Repository) -> None:
    commit_all(models, {"models/copy/model.yaml": "name: fraud\n"})
    for load in (lambda: load_models(models, "HEAD"), lambda: load_model(models, "HEAD", "fraud")):
        with pytest.raises(InvalidSpec, match=r'found "fraud", which models/copy/model\.yaml has too'):
            load()


def test_globs_say_where_models_are(models: Repository) -> None:
    commit_all(models, {"gitmodel.yaml": "models: ['*/model.yaml']\n", "other/model.yaml": "name: other\n"})
    assert [model.name for model in load_models(models, "HEAD")] == ["other"]


def test_settings(models: Repository) -> None:
    assert load_repository(models, "HEAD") == RepositorySpec()
    commit_all(models, {"gitmodel.yaml": "versions: semver\n"})
    assert load_repository(models, "HEAD").versions == "semver"
    assert load_repository(models, None) == RepositorySpec()


def test_environments_come_in_the_order_of_promotion(models: Repository) -> None:
    commit_all(models, {"environments/a.yaml": "name: a\nafter: production\n"})
    assert [found.name for found in load_environments(models, "HEAD")] == ["staging", "production", "a"]


def beside(repo: Repository, name: str, text: str) -> None:
    (repo.state / "environments").mkdir(parents=True, exist_ok=True)
    (repo.state / "environments" / f"{name}.yaml").write_text(text)


def test_an_environment_beside_the_repository(models: Repository) -> None:
    beside(models, "local", "name: local\nport: 9999\n")
    found = load_environment(models, "HEAD", "local")
    assert (found.port, found.site_local, Path(found.file).is_absolute()) == (9999, True, True)
    assert load_environment(models, None, "local") == found
    assert load_environments(models, None) == [found]
    assert [each.name for each in load_environments(models, "HEAD")] == ["local", "staging", "production"]


def test_a_clone_has_no_environment_of_its_own(models: Repository) -> None:
    beside(models, "local", "name: local\nport: 9999\n")
    models.git("remote", "add", "origin", "ssh://host.example/models.git")
    with pytest.raises(UsageError) as error:
        load_environment(models, "HEAD", "local")
    assert "is reached there: `gitmodel -C <server>" in str(error.value.hint)
    assert "local" not in [spec.name for spec in load_environments(models, "HEAD")]
    models.git("remote", "set-url", "origin", "/srv/git/models.git")
    with pytest.raises(UsageError) as error:
        load_environment(models, "HEAD", "local")
    assert "is reached there: `gitmodel -C /srv/git/models.git ...`" in str(error.value.hint)


def test_the_branch_wins_over_the_file_beside_it(models: Repository) -> None:
    beside(models, "staging", "name: staging\nport: 9999\n")
    assert load_environment(models, "HEAD", "staging").port == 8400
    assert not load_environment(models, "HEAD", "staging").site_local


@pytest.mark.parametrize("name", ["stagin", "../staging", "production.hosts", "", "a\nb"])
def test_an_environment_that_does_not_exist(models: Repository, name: str) -> None:
    with pytest.raises(UsageError, match="there is no environment"):
        load_environment(models, "HEAD", name)


def test_an_inventory_may_be_named_as_an_environment(models: Repository) -> None:
    commit_all(
        models,
        {
            "environments/staging.yaml": "name: staging\ninventory: web.yaml\n",
            "environments/web.yaml": "all: {}\n",
        },
    )
    assert [found.name for found in load_environments(models, "HEAD")] == ["staging", "production"]
    assert lines(models) == []


def test_a_valid_tree(models: Repository) -> None:
    assert lines(models) == []
    assert validate_revision(models, "HEAD").problems == ()


def test_an_invalid_tree(models: Repository) -> None:
    commit_all(
        models,
        {
            "models/fraud/model.yaml": BROKEN,
            "models/credit-risk/model.yaml": "name: fraud\n",
            "gitmodel.yaml": "version: semver\n",
            "environments/production.yaml": "name: production\nafter: stagin\n",
        },
    )
    assert lines(models) == [
        (
            'environments/production.yaml:2: after: found "stagin", an environment that does not exist; expected one of '
            'local, staging; did you mean "staging"?'
        ),
        (
            "gitmodel.yaml:1: version: found an unknown key; expected one of alerts, ci, models, site, trusted_types, versions; did you mean "
            '"versions"?'
        ),
        (
            'models/fraud/model.yaml:1: name: found "fraud" again (see models/credit-risk/model.yaml:1); expected a name of '
            "its own for each model"
        ),
        (
            "models/fraud/model.yaml:2: metrik: found an unknown key; expected one of artifact, data, deploy, description, "
            "evaluate, feedback, gates, intended_use, license, limitations, metrics, monitor, name, notebooks, owners, quality, retrain, serving, signature; did you mean "
            '"metrics"?'
        ),
    ]


def test_only_changed_files_are_reported(models: Repository) -> None:
    commit_all(models, {"models/fraud/model.yaml": BROKEN})
    assert lines(models, ["models/credit-risk/model.yaml"]) == []
    assert lines(models, ["models/fraud/train.py"]) == []
    assert lines(models, []) == []
    assert len(lines(models, ["models/fraud/model.yaml", "README"])) == 1


def test_a_changed_environment_concerns_all_files(models: Repository) -> None:
    commit_all(models, {"models/fraud/model.yaml": BROKEN})
    (models.workdir / "environments/staging.yaml").unlink()
    commit_all(models, {})
    assert [line.split(": ")[0] for line in lines(models, ["environments/staging.yaml"])] == [
        "environments/production.yaml:2",
        "models/fraud/model.yaml:2",
    ]


def test_the_changed_file_has_to_give_way(models: Repository) -> None:
    commit_all(models, {"models/a/model.yaml": "name: fraud\n"})
    assert [line[:22] for line in lines(models, ["models/a/model.yaml"])] == ["models/a/model.yaml:1:"]
    assert [line[:22] for line in lines(models)] == ["models/fraud/model.yam"]


GATED = (
    "name: fraud\ndata: {test: t.csv, target: y}\nevaluate: {kind: regression}\n"
    "gates: [{metric: rmse, versus: VERSUS, max_drop: 1}]\ndeploy: {environments: [staging, VERSUS]}\n"
)


def test_environments_that_a_model_names(models: Repository) -> None:
    for name in ("production", "local"):
        commit_all(models, {"models/fraud/model.yaml": GATED.replace("VERSUS", name)})
        assert lines(models) == []
    commit_all(models, {"models/fraud/model.yaml": GATED.replace("VERSUS", "site")})
    assert [line.split(";")[0] for line in lines(models)] == [
        'models/fraud/model.yaml:4: gates[0].versus: found "site", an environment that does not exist',
        'models/fraud/model.yaml:5: deploy.environments[1]: found "site", an environment that does not exist',
    ]
    beside(models, "site", "name: site\n")
    assert lines(models) == []


def test_without_environments_in_the_tree_any_name_will_do(repo: Repository) -> None:
    commit_all(repo, {"model.yaml": GATED.replace("VERSUS", "production")})
    assert lines(repo) == []


def test_environments_in_a_circle(models: Repository) -> None:
    commit_all(
        models,
        {
            "environments/a.yaml": "name: a\nafter: c\n",
            "environments/b.yaml": "name: b\nafter: a\n",
            "environments/c.yaml": "name: c\nafter: b\n",
            "environments/d.yaml": "name: d\nafter: c\n",
        },
    )
    assert lines(models) == [
        "environments/a.yaml:2: after: found a circle (a after c after b after a); expected a first environment"
    ]
    assert len(load_environments(models, "HEAD")) == 6


def test_files_that_are_no_mapping_stop_nothing(models: Repository) -> None:
    commit_all(
        models,
        {
            "models/fraud/model.yaml": "[]\n",
            "environments/staging.yaml": "",
            "environments/production.yaml": "{inventory: [1]}\n",
        },
    )
    assert [line.split(" ")[0] for line in lines(models)] == [
        "environments/production.yaml:1:",
        "environments/production.yaml:1:",
        "environments/staging.yaml:1:",
        "models/fraud/model.yaml:1:",
    ]


def test_files_on_disk_are_checked_uncommitted(models: Repository) -> None:
    root = models.workdir
    (root / "models/fraud/model.yaml").write_text(BROKEN)
    hidden = {".venv/models/x/model.yaml", "env/pyvenv.cfg", "node_modules/model.yaml"}
    for path in hidden:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("[")
    report = validate_paths(root)
    assert [problem.file for problem in report.problems] == ["models/fraud/model.yaml"]
    assert len(report.files) == 4
    assert validate_paths(root, [root / "models/credit-risk"]).problems == ()
    assert validate_paths(root, [root / "environments", root]).problems == report.problems


def test_a_file_that_no_glob_names(models: Repository) -> None:
    root = models.workdir
    report = validate_paths(root, [root / "other/model.yaml", root / "environments/production.hosts.yaml"])
    assert report.files == ("other/model.yaml",)
    assert report.problems[0].found == '"not a model"'
    (root / "x/environments").mkdir(parents=True)
    (root / "x/environments/qa.yaml").write_text("name: qa\nport: 0\n")
    assert validate_paths(root, [root / "x/environments/qa.yaml"]).problems[0].path == "port"
    (root / "x/gitmodel.yaml").write_text("versions: 1\n")
    assert validate_paths(root, [root / "x/gitmodel.yaml"]).problems[0].path == "versions"


def test_paths_that_are_not_there(models: Repository, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        validate_paths(models.workdir, [models.workdir / "nowhere"])
    with pytest.raises(UsageError, match="is not below"):
        validate_paths(models.workdir, [tmp_path])


def test_a_folder_without_git(tmp_path: Path) -> None:
    (tmp_path / "gitmodel.yaml").write_text("{}\n")
    (tmp_path / "models/a").mkdir(parents=True)
    (tmp_path / "models/a/model.yaml").write_text("name: a\n")
    assert find_root(tmp_path / "models/a/model.yaml") == tmp_path
    assert validate_here(tmp_path / "models/a").files == ("gitmodel.yaml", "models/a/model.yaml")


def test_nothing_to_check(repo: Repository, tmp_path: Path) -> None:
    for start in (repo.workdir, tmp_path):
        with pytest.raises(UsageError, match="no specification to check"):
            validate_here(start)


def test_a_revision_that_is_not_there(models: Repository) -> None:
    with pytest.raises(UsageError, match='there is no revision "nowhere"'):
        validate_here(models.workdir, rev="nowhere")
    with pytest.raises(UsageError, match="checked as a whole"):
        validate_here(models.workdir, [models.workdir], rev="HEAD")


def test_a_link_is_not_followed_at_a_revision(models: Repository) -> None:
    link = models.workdir / "models/link/model.yaml"
    link.parent.mkdir()
    link.symlink_to("/etc/passwd")
    commit_all(models, {})
    assert [line.split("; ")[0] for line in lines(models)] == [
        'models/link/model.yaml:1: found "/etc/passwd"'
    ]


def test_a_clone_reads_the_same(models: Repository, tmp_path: Path) -> None:
    assert load_models(clone(models, tmp_path / "clone"), "HEAD") == load_models(models, "HEAD")
