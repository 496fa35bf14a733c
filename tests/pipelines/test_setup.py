"""Making repositories: complete, ready, and nothing of the user's is lost."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gitmodel import process, resources
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines import local
from gitmodel.pipelines.local import free_port
from gitmodel.pipelines.rendering import PROVIDERS, check_folder
from gitmodel.pipelines.setup import init_repository, init_server, install_client_hooks
from gitmodel.pipelines.shims import CLIENT, SERVER, hooks_folder, install_hooks, shim, uninstall_hooks
from gitmodel.spec import load_environment, load_models, load_repository, validate_paths
from tests.conftest import commit_all, make_repository


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and mode of every file below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode) for path in found}


def test_a_server_is_complete(tmp_path: Path) -> None:
    repo = init_server(tmp_path / "deep" / "models.git")
    assert repo.is_bare
    assert repo.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert (tmp_path / "deep" / "models.dvc").is_dir()
    assert repo.config("core.logAllRefUpdates") == "true"
    assert all(os.access(repo.git_dir / "hooks" / name, os.X_OK) for name in SERVER)
    environment = load_environment(repo, None, "local")
    assert environment.site_local
    assert environment.runtime == "process"
    assert environment.strategy.kind == "blue-green"
    assert 8400 <= environment.port < 9000


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    init_server(tmp_path / "s.git", port=8500)
    before = files(tmp_path)
    init_server(tmp_path / "s.git", say=said.append)
    assert files(tmp_path) == before
    assert said == []


def test_what_is_missing_is_completed_and_choices_stay(tmp_path: Path) -> None:
    process.run(["git", "init", "-q", "--bare", "-b", "trunk", str(tmp_path / "s.git")])
    repo = Repository.open(tmp_path / "s.git")
    repo.git("config", "receive.denyDeletes", "true")
    init_server(tmp_path / "s.git", port=8500)
    (tmp_path / "s.git" / "hooks" / "post-receive").unlink()
    (tmp_path / "s.git" / "hooks" / "pre-receive").chmod(0o644)
    said: list[str] = []
    init_server(tmp_path / "s.git", port=8501, say=said.append)
    assert repo.config("receive.denyDeletes") == "true"
    assert repo.git("symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert load_environment(repo, None, "local").port == 8501
    assert [line.partition(":")[0] for line in said] == ["installed", "installed", "made"]
    assert all(os.access(repo.git_dir / "hooks" / name, os.X_OK) for name in SERVER)


def test_hooks_of_the_owner_are_kept_and_said(tmp_path: Path) -> None:
    process.run(["git", "init", "-q", "--bare", str(tmp_path / "s.git")])
    own = tmp_path / "s.git" / "hooks" / "pre-receive"
    own.write_text("#!/bin/sh\nexit 0\n")
    said: list[str] = []
    init_server(tmp_path / "s.git", say=said.append)
    assert own.with_name("pre-receive.before-gitmodel").read_text() == "#!/bin/sh\nexit 0\n"
    assert any("your pre-receive is now pre-receive.before-gitmodel" in line for line in said)
    own.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(UsageError, match=r"neither is gitmodel's"):
        init_server(tmp_path / "s.git")
    assert own.read_text() == "#!/bin/sh\nexit 1\n"


def test_a_path_that_cannot_hold_releases_gets_a_place_for_them(tmp_path: Path) -> None:
    odd = load_environment(init_server(tmp_path / "it's odd.git"), None, "local")
    assert odd.root is not None
    assert odd.root.startswith("~/.local/share/gitmodel/")
    assert load_environment(init_server(tmp_path / "a b.git"), None, "local").root is None


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    make_repository(tmp_path / "clone")
    (tmp_path / "file").touch()
    for name in ("full", "clone", "file"):
        before = files(tmp_path)
        with pytest.raises(UsageError):
            init_server(tmp_path / name)
        assert files(tmp_path) == before


def test_ports_that_are_taken_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(local, "_FIRST_PORT", port)
        monkeypatch.setattr(local, "_LAST_PORT", port)
        with pytest.raises(UsageError, match="is free"):
            free_port()
        monkeypatch.setattr(local, "_LAST_PORT", port + 50)
        assert free_port() > port


def test_a_models_repository_is_ready(tmp_path: Path) -> None:
    made = init_repository(tmp_path / "wines")
    assert made.commit is not None
    assert made.repo.git("log", "--format=%s") == "Start a models repository"
    assert made.repo.changed_files() == []
    assert [spec.name for spec in load_models(made.repo, made.commit)] == ["hello-world"]
    assert validate_paths(tmp_path / "wines").problems == ()
    assert load_environment(made.repo, made.commit, "local").site_local
    assert (tmp_path / "wines" / ".dvc" / "config").is_file()
    assert "$schema=.." not in (tmp_path / "wines/models/hello-world/model.yaml").read_text()
    assert set(made.written) == set(made.repo.git("ls-files").splitlines())
    again = init_repository(tmp_path / "wines")
    assert again.written == []
    assert again.commit is None


def test_dvc_accepts_it(tmp_path: Path) -> None:
    init_repository(tmp_path / "wines")
    done = process.run(["dvc", "status", "--quiet"], cwd=tmp_path / "wines", check=False)
    assert done.code == 1, done.stderr  # the pipeline has not run yet
    assert process.run(["dvc", "stage", "list", "--all"], cwd=tmp_path / "wines").text.startswith("models/")


@pytest.mark.parametrize("name", ["hello-world", "credit-risk", "spam-filter", "recommender"])
def test_an_example_is_copied_whole(tmp_path: Path, name: str) -> None:
    made = init_repository(tmp_path / "copy", example=name)
    assert made.repo.git("log", "--format=%s") == f"Start from the example {name}"
    assert [spec.name for spec in load_models(made.repo, "HEAD")] == [name]
    tracked = process.run(["git", "ls-files"], cwd=resources.folder("examples") / name, check=False)
    if tracked.code == 0 and tracked.text:
        rendered = (".github/", ".gitlab-ci.yml")
        wanted = [name for name in tracked.text.split() if not name.startswith(rendered)]
        assert made.repo.git("ls-files").split() == wanted


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", [None, "hello-world", "spam-filter"])
def test_pipelines_are_rendered_where_a_forge_is_named(
    tmp_path: Path, example: str | None, provider: str
) -> None:
    made = init_repository(tmp_path / "new", example=example, provider=provider)
    assert check_folder(tmp_path / "new") == []
    assert made.repo.changed_files() == []
    settings = load_repository(made.repo, "HEAD").ci
    assert settings.provider == provider
    if example == "spam-filter":  # what its jobs install is kept
        assert settings.install == 'pip install "gitmodel[examples]"'
    tracked = made.repo.git("ls-files").splitlines()
    assert ".gitlab-ci.yml" in tracked or ".github/workflows/gitmodel.yml" in tracked
    assert "gitmodel-ci-check" in (tmp_path / "new/.pre-commit-config.yaml").read_text()
    assert init_repository(tmp_path / "new", example=example, provider=provider).written == []


def test_settings_that_are_there_must_name_the_forge(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "mine")
    for settings, words in (("versions: semver\n", "no provider"), ("ci: {provider: gitlab}\n", "gitlab")):
        commit_all(repo, {"gitmodel.yaml": settings})
        with pytest.raises(UsageError, match=f"gitmodel.yaml is there and names {words}") as caught:
            init_repository(tmp_path / "mine", provider="github")
        assert "ci: {provider: github}" in caught.value.hint
        assert repo.changed_files() == []
    commit_all(repo, {"gitmodel.yaml": "ci: {provider: github}\n"})
    assert ".github/workflows/gitmodel.yml" in init_repository(tmp_path / "mine", provider="github").written


def test_files_of_the_user_are_kept_and_history_is_left_to_him(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "mine")
    commit_all(repo, {"gitmodel.yaml": "models: [m.yaml]\n", ".gitignore": "secret\n"})
    head = repo.git("rev-parse", "HEAD")
    said: list[str] = []
    made = init_repository(tmp_path / "mine", say=said.append)
    assert sorted(made.kept) == [".gitignore", "gitmodel.yaml"]
    assert "kept as it was: gitmodel.yaml" in said
    assert (tmp_path / "mine" / ".gitignore").read_text() == "secret\n"
    assert repo.git("rev-parse", "HEAD") == head
    assert made.commit is None


def test_a_repository_with_models_gets_no_other(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "mine")
    commit_all(repo, {"models/own/model.yaml": "name: own\n"})
    made = init_repository(tmp_path / "mine")
    assert not any(name.startswith("models/") for name in made.written)


def test_only_what_was_written_is_committed(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "notes.txt").write_text("mine\n")
    made = init_repository(tmp_path / "new")
    assert made.repo.changed_files() == ["notes.txt"]


def test_wrong_places_and_names(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "outer")
    with pytest.raises(UsageError, match="is inside the repository"):
        init_repository(tmp_path / "outer" / "inner")
    with pytest.raises(UsageError, match="there is no example 'nowhere'") as caught:
        init_repository(tmp_path / "new", example="nowhere")
    assert "credit-risk" in caught.value.hint
    assert not (tmp_path / "new").exists()
    assert repo.changed_files() == []


def test_client_hooks_come_and_go(repo: Repository) -> None:
    said: list[str] = []
    own = repo.git_dir / "hooks" / "pre-push"
    own.parent.mkdir(exist_ok=True)
    own.write_text("#!/bin/sh\n")
    assert install_client_hooks(repo, said.append)
    assert not install_client_hooks(repo, said.append)
    assert all(os.access(repo.git_dir / "hooks" / name, os.X_OK) for name in CLIENT)
    assert uninstall_hooks(repo, said.append)
    assert own.read_text() == "#!/bin/sh\n"
    assert not uninstall_hooks(repo, said.append)
    assert not (repo.git_dir / "hooks" / "post-merge").exists()


def test_a_hook_manager_that_calls_ours_is_left_alone(repo: Repository) -> None:
    """As pre-commit does: it moves our hook to `.legacy` and calls it."""
    install_hooks(repo, print)
    hook = repo.git_dir / "hooks" / "pre-push"
    hook.rename(hook.with_name("pre-push.legacy"))
    hook.write_text("#!/bin/sh\n")
    assert not install_hooks(repo, print)
    assert hook.read_text() == "#!/bin/sh\n"


def test_hooks_in_a_folder_of_this_repository(repo: Repository) -> None:
    repo.git("config", "core.hooksPath", ".husky")
    install_hooks(repo, print)
    assert hooks_folder(repo) == repo.workdir / ".husky"
    assert (repo.workdir / ".husky" / "pre-push").exists()


def test_hooks_in_a_folder_of_all_repositories(repo: Repository, tmp_path: Path, sealed: Path) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text((sealed / ".gitconfig").read_text() + f"[core]\n\thooksPath = {tmp_path}/all\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        with pytest.raises(UsageError, match="for all repositories"):
            install_hooks(repo, print)
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("name", [*CLIENT, *SERVER])
def test_shims_are_valid_shell_with_any_path(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    strange = str(tmp_path / "a 'b' \"c\" $(touch bad) `d`\\" / "python")
    monkeypatch.setattr(sys, "executable", strange)
    text = shim(name)
    assert "@" not in text.replace('"$@"', "")
    assert len(text.splitlines()) < 25
    (line,) = [line for line in text.splitlines() if line.startswith("python=")]
    shown = subprocess.run(
        ["sh", "-c", f'{line}\nprintf %s "$python"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == strange
    assert shlex.split(line) == [f"python={strange}"]
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_the_commands(tmp_path: Path) -> None:
    def run(*arguments: str) -> process.Completed:
        return process.run([sys.executable, "-m", "gitmodel", *arguments], cwd=tmp_path, check=False)

    assert run("init", "--server", "s.git", "--port", "8500").code == 0
    assert run("init", "--example", "hello-world", "w").code == 0
    assert run("init", "--server", "--example", "hello-world", "x.git").code == 2
    assert run("init", "--server", "--provider", "github", "x.git").code == 2
    assert run("init", "--adopt", "--provider", "github", "w").code == 2
    assert run("init", "--port", "8500", "y").code == 2
    assert not (tmp_path / "x.git").exists()
    assert not (tmp_path / "y").exists()
    assert run("-C", "w", "hooks", "install").text == "the hooks are up to date\n"
    assert run("-C", "w", "hooks", "uninstall").text.count("removed") == 3
    assert run("-C", "w", "hooks", "uninstall").text == "no hook of gitmodel is installed\n"
    assert run("-C", "s.git", "hooks", "install").text == "the hooks are up to date\n"
    assert run("-C", "w", "sync").code == 2
