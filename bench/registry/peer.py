"""The peer: a shell script of the usual tools, for the same model on the same kind of host."""

import json
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from bench.registry.measure import environment
from gitmodel import process, resources

MODEL = "credit-risk"
SCRIPT = Path(__file__).parent / "script"
_SUPERVISOR = """\
[unix_http_server]
file={root}/supervisor.sock
[supervisord]
logfile={root}/logs/supervisord.log
pidfile={root}/supervisord.pid
nocleanup=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{root}/supervisor.sock
[program:router]
command={bin}/traefik --entryPoints.web.address=127.0.0.1:{port} --providers.file.directory={root}/routes
  --providers.file.watch=true --providers.providersThrottleDuration=100ms --global.checkNewVersion=false
environment=HOME="{root}"
[include]
files={root}/services/*.ini
"""


def free_port() -> int:
    """Return a port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def set_parameter(folder: Path, leaf: int) -> None:
    """Write the parameters of a round into a copy of the example, and commit them."""
    file = folder / "params.yaml"
    known = {"max_depth": "4", "min_samples_leaf": str(leaf)}
    lines = []
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        lines.append(f"{name}: {known.get(name.strip(), value.strip())}".rstrip())
    file.write_text("\n".join([*lines, ""]))
    process.run(["git", "add", "-A"], cwd=folder)
    process.run(["git", "commit", "-q", "-m", f"Leaves of {leaf} loans"], cwd=folder)


def answering(url: str) -> str:
    """Return the version that answers at the peer's router."""
    with urlopen(Request(f"{url}/{MODEL}/version", method="POST"), timeout=10) as response:
        text: str = response.read().decode()
    return text


@dataclass(frozen=True)
class Peer:
    """A work tree with the script, and a host folder with supervisor and router."""

    folder: Path
    port: int

    @property
    def root(self) -> Path:
        """What the host keeps."""
        return self.folder / "host"

    @property
    def tree(self) -> Path:
        """The work tree."""
        return self.folder / "tree"

    def environment(self) -> dict[str, str]:
        """Return what the script runs in; its tools report nothing home, as ours do not."""
        return environment(
            {"BENTOML_HOME": str(self.root / "bentoml"), "ANSIBLE_HOME": str(self.root / "ansible")}
        )

    def set_up(self) -> None:
        """Make work tree, DVC remote, supervisor and router."""
        for name in ("releases", "services", "routes", "logs", "bentoml"):
            (self.root / name).mkdir(parents=True)
        (self.root / "bin").symlink_to(Path(sys.executable).parent)
        (self.root / "address").write_text(f"http://127.0.0.1:{self.port}")
        shutil.copytree(resources.folder("examples") / MODEL, self.tree)
        shutil.copytree(SCRIPT, self.tree, dirs_exist_ok=True)
        for argv in (
            ("git", "init", "-q", "-b", "main"),
            ("dvc", "remote", "add", "-q", "-d", "storage", str(self.folder / "storage")),
            ("dvc", "config", "core.analytics", "false"),
            ("dvc", "config", "core.check_update", "false"),
        ):
            process.run(argv, cwd=self.tree, env=self.environment())
        config = self.root / "supervisord.conf"
        config.write_text(_SUPERVISOR.format(root=self.root, bin=Path(sys.executable).parent, port=self.port))
        process.run(["supervisord", "-c", str(config)], env=self.environment())

    def release(self, version: int) -> None:
        """Run the script on what is committed.

        Raises:
            AssertionError: If afterwards another version answers.
        """
        argv = ["sh", "release.sh", str(version), str(self.root), str(free_port())]
        done = process.run(argv, cwd=self.tree, env=self.environment(), check=False)
        assert done.code == 0, done.text[-2000:] + done.stderr.decode()[-2000:]
        assert answering(f"http://127.0.0.1:{self.port}") == str(version)

    def sample(self) -> None:
        """Keep two loans for the script's check: the first ones of its test data."""
        import pandas as pd

        rows = pd.read_parquet(self.tree / "data/test.parquet").drop(columns="Class").head(2)
        loans = {"rows": json.loads(rows.to_json(orient="records"))}
        (self.tree / "loans.json").write_text(json.dumps(loans))

    def stop(self) -> None:
        """End supervisor, router and services."""
        config = self.root / "supervisord.conf"
        if config.exists():
            process.run(["supervisorctl", "-c", str(config), "shutdown"], env=self.environment(), check=False)
            deadline = time.monotonic() + 30
            while (self.root / "supervisord.pid").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
