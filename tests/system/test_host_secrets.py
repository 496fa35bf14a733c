"""Secrets and certificates on a real host: they reach the service and the router, and nobody else."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.target import Target
from gitmodel.spec.environment import TlsSpec
from tests.system.fleet import TINY, Make, units
from tests.system.hosts import Host, inventory, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "hosts can be booted"),
]
TOKEN, VAULTED = 'tok en"$HOME`id`\\ 7391', "vaulted-55"
NAME, PORT = "models.example.org", 8643


@pytest.fixture
def target(fleet: Target, hosts: list[Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """Return an environment on one host; its inventory has a vault with one of two secrets."""
    (tmp_path / "hosts.yaml").write_text(inventory(hosts[:1]))
    (tmp_path / "password").write_text("of the vault")
    (tmp_path / "group_vars").mkdir()
    vault = tmp_path / "group_vars" / "all.yml"
    vault.write_text(f"gitmodel_secrets: {{VAULTED: {VAULTED}}}\n")
    password = ["--vault-password-file", str(tmp_path / "password")]
    subprocess.run(["ansible-vault", "encrypt", *password, str(vault)], check=True, capture_output=True)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.delenv("TOKEN", raising=False)
    return replace(
        fleet,
        name="sealed",
        root=Path("/srv/sealed"),
        port=PORT,
        inventory=str(tmp_path / "hosts.yaml"),
        secrets=("TOKEN", "VAULTED"),
        tls=TlsSpec(NAME, "/etc/ssl/models.pem", "/etc/ssl/private/models.key"),
    )


def certify(host: Host, folder: Path) -> Path:
    """Put a certificate for the name on a host; return that of the authority."""
    for words in (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"req -newkey rsa:2048 -nodes -subj /CN=x -addext subjectAltName=DNS:{NAME} -keyout key -out ask",
        "x509 -req -in ask -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy -out models.pem",
    ):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    (host.root / "etc/ssl/private").mkdir(parents=True, exist_ok=True)
    (host.root / "etc/ssl/models.pem").write_bytes((folder / "models.pem").read_bytes())
    key = host.root / "etc/ssl/private/models.key"
    key.touch(0o600)
    key.write_bytes((folder / "key").read_bytes())
    return folder / "ca.pem"


def curl(*words: str) -> tuple[int, str]:
    done = subprocess.run(["curl", "-sS", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_host_has_secrets_and_a_certificate(
    target: Target, hosts: list[Host], make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, said = hosts[0], list[str]()
    authority = certify(host, tmp_path)
    with pytest.raises(RolloutFailed, match="no value for TOKEN: set it in this command's environment"):
        roll_out(target, make("1"), sink=said.append)
    monkeypatch.setenv("TOKEN", TOKEN)
    done = roll_out(target, make("1"), sink=said.append)
    assert done.outcome == "deployed"
    assert roll_out(target, make("1"), sink=said.append).outcome == "unchanged"

    (unit,) = [each for each in units(host, "sealed") if not each.startswith("router")]
    pid = host.run(f"systemctl show -P MainPID gitmodel-sealed.{unit}").strip()
    variables = host.run(f"tr '\\0' '\\n' < /proc/{pid}/environ").splitlines()
    assert {f"TOKEN={TOKEN}", f"VAULTED={VAULTED}"} <= set(variables)
    (kept,) = host.run("stat -c '%a %U %n' /srv/sealed/secrets/*").splitlines()
    assert kept.startswith("600 root ")
    folders = "/srv/sealed/router /srv/sealed/run"
    places = f"journalctl; ps axww; systemctl cat 'gitmodel-sealed.*'; grep -rs . {folders}"
    told = [*said, repr(done), host.run(f"{{ {places}; }} 2>&1")]
    told += [path.read_text("utf-8", "replace") for path in target.workspace.rglob("*") if path.is_file()]
    for secret in (TOKEN, "7391", VAULTED):
        assert not any(secret in each for each in told)

    assert done.url == f"https://{NAME}:{PORT}/{TINY}"
    found = ["--resolve", f"{NAME}:{PORT}:{host.address}", f"{done.url}/version"]
    assert '"version": "1"' in curl("--cacert", str(authority), *found)[1]
    assert curl(*found)[0] == 60  # who does not know the authority
    assert '"version"' not in curl(f"http://{host.address}:{PORT}/{TINY}/version")[1]
    router = host.run("systemctl show -P MainPID gitmodel-sealed.router.service").strip()
    assert host.run(f"ps -o user= -p {router}").strip() == "gitmodel"  # who cannot read the key's file
