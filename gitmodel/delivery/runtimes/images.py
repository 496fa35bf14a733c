"""Images of releases: built by podman or docker from a package and its wheels."""

import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gitmodel import process
from gitmodel.delivery.ansible.module_utils import gitmodel_rollout
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError
from gitmodel.delivery.runtimes.pods import PORT, USER
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed

_ENGINES = ("podman", "docker")
_DIGEST_LABEL = "gitmodel.digest"
_TREE_LABEL = "gitmodel.tree"
_FOLDER = "/srv/gitmodel"


def engine(target: Target) -> str:
    """Return the program that builds and runs: the one of the environment's file, else podman or docker.

    Raises:
        ToolFailed: If it is not installed.
    """
    wanted = (target.container.engine,) if target.container.engine else _ENGINES
    path = process.clean_environment()["PATH"]
    found = next((name for name in wanted if shutil.which(name, path=path)), None)
    if found is None:
        raise ToolFailed(f"{' or '.join(wanted)} is not installed", hint=f"install {wanted[0]}")
    return found


def containerfile(base: str) -> str:
    """Return what an image is built by; requirements come before the release, so that versions share them."""
    return f"""FROM {base}
COPY lock.txt {_FOLDER}/lock.txt
RUN --mount=type=bind,source=wheels,target=/wheels if [ -s {_FOLDER}/lock.txt ]; then \\
    python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \\
    --no-index --find-links /wheels --no-deps --require-hashes -r {_FOLDER}/lock.txt; fi
COPY release {_FOLDER}/release
WORKDIR {_FOLDER}/release
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER {USER}:{USER}
EXPOSE {PORT}
ENTRYPOINT ["python", "src/run.py"]
CMD ["--host", "0.0.0.0", "--port", "{PORT}"]
"""


def build(name: str, release: Release, target: Target) -> bool:
    """Build the image of a release unless there is one of that very content; say whether it was built.

    Raises:
        ToolFailed: If there is no engine, or it fails.
    """
    used = engine(target)
    try:
        labels = {_DIGEST_LABEL: release.digest, _TREE_LABEL: gitmodel_rollout.tree_digest(release.folder)}
    except (HostError, OSError) as error:
        raise ToolFailed(f"the package {release.folder} cannot be made into an image: {error}") from error
    if labels_of(used, name, labels) == labels:
        return False
    with tempfile.TemporaryDirectory(prefix="gitmodel-image-") as folder:
        context = Path(folder)
        shutil.copytree(release.folder, context / "release", ignore=shutil.ignore_patterns("__pycache__"))
        _place_wheels(release, context)
        (context / "Containerfile").write_text(containerfile(target.container.base), "utf-8")
        marked = [word for label, value in labels.items() for word in ("--label", f"{label}={value}")]
        file = str(context / "Containerfile")
        argv = [used, "build", "-q", "--network", "none", "-t", name, "-f", file, *marked, folder]
        _run(argv, f"the image {name} cannot be built")
    return True


def publish(name: str, release: Release, target: Target) -> None:
    """Build the image of a release and push it, unless the registry has it.

    Raises:
        ToolFailed: If it cannot be.
    """
    used = engine(target)
    if process.run([used, "manifest", "inspect", name], check=False).code == 0:
        return
    build(name, release, target)
    hint = f"`{used} login {name.partition('/')[0]}` where it asks who you are"
    _run([used, "push", "-q", name], f"the image {name} cannot be pushed", hint=hint)


def labels_of(used: str, name: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those labels of an image that are asked for; none where there is no such image."""
    pattern = "\n".join(f'{{{{index .Config.Labels "{label}"}}}}' for label in wanted)
    found = process.run([used, "image", "inspect", "--format", pattern, name], check=False)
    return {} if found.code else dict(zip(wanted, found.text.split("\n"), strict=False))


def _place_wheels(release: Release, context: Path) -> None:
    """Put the locked wheels of a release beside it: nothing is fetched while an image is built."""
    from gitmodel.packaging import Platform, wheelhouse

    wheels = context / "wheels"
    wheels.mkdir()
    lock = ""
    if release.requirements:
        here = Platform(f"{sys.version_info.major}.{sys.version_info.minor}", platform.machine())
        # Beside the folder of packages, where rollouts to hosts keep theirs.
        found = wheelhouse(release.requirements, here, release.folder.resolve().parents[2] / "wheels")
        lock = found.lock
        for name in found.files:
            shutil.copyfile(found.folder / name, wheels / name)
    (context / "lock.txt").write_text(lock, "utf-8")


def _run(argv: list[str], words: str, hint: str = "") -> None:
    done = process.run(argv, check=False)
    if done.code:
        told = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise ToolFailed(words, detail="\n".join(told[-30:]), hint=hint)
