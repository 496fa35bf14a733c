"""What hosts are told in confidence, what is found changed there, and where clients reach them."""

import stat
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]

from gitmodel.delivery.ansible.action_plugins.gitmodel_switch import secrets_of
from gitmodel.delivery.ansible.module_utils import gitmodel_systemd
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout, Program
from gitmodel.delivery.target import Target
from gitmodel.spec.environment import TlsSpec


def test_secrets_come_from_the_inventory_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "of the job")
    monkeypatch.setenv("KEY", "of the job")
    assert secrets_of(["TOKEN", "KEY"], {"KEY": 7}) == {"TOKEN": "of the job", "KEY": "7"}
    with pytest.raises(AnsibleActionFail, match="no value for LACKING, NONE: set it"):
        secrets_of(["NONE", "TOKEN", "LACKING"], {})


def test_secrets_are_kept_for_root_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "gitmodel-x")
    assert gitmodel_systemd.keep_secrets(layout, "m@1", {"B": 'a "b" $c `d` \\', "A": "1"})
    file = layout.secrets("m@1")
    assert file.read_text() == 'A="1"\nB="a \\"b\\" \\$c \\`d\\` \\\\"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not gitmodel_systemd.keep_secrets(layout, "m@1", {"A": "1", "B": 'a "b" $c `d` \\'})
    assert gitmodel_systemd.keep_secrets(layout, "m@1", {"A": "2"})
    assert gitmodel_systemd.keep_secrets(layout, "m@1", {})
    assert not file.exists()


def test_a_unit_that_was_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitmodel.delivery.ansible.module_utils.gitmodel_layout.UNITS", tmp_path)
    monkeypatch.setattr(gitmodel_systemd, "_own", lambda _folder: None)
    layout, program = Layout(tmp_path / "root", "gitmodel-x"), Program("m", "1", "d" * 64, 20001)
    secret = layout.secrets(program.name)
    secret.parent.mkdir(parents=True)
    secret.touch()
    keeper = gitmodel_systemd.Systemd(layout)
    assert keeper.write(program.name, ["run"], tmp_path, {}, program=program, credentials={"key": "/etc/k"})
    unit = layout.config(program.name)
    text = unit.read_text()
    assert f"\nEnvironmentFile={secret}\n" in text
    assert "\nLoadCredential=key:/etc/k\n" in text
    assert not gitmodel_systemd.is_unit_changed(layout, program.name)
    for edited in (text.replace("RestartSec=1", "RestartSec=9"), "[Unit]\n\n" + text, text + "User=root\n"):
        unit.write_text(edited)
        assert gitmodel_systemd.is_unit_changed(layout, program.name)
    unit.write_text("[Unit]\n")  # of an earlier release
    assert not gitmodel_systemd.is_unit_changed(layout, program.name)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (Target("x", Path("/x"), "0.0.0.0"), "http://192.0.2.1:8400/m"),
        (Target("x", Path("/x"), "192.0.2.7"), "http://192.0.2.7:8400/m"),
        (Target("x", Path("/x"), "::", tls=TlsSpec("a.example", "/c", "/k")), "https://a.example:8400/m"),
    ],
)
def test_where_clients_reach_hosts(target: Target, url: str) -> None:
    assert target.reached_at(["", "192.0.2.1", "192.0.2.2"]).url("m") == url
    assert target.reached_at([]).url("") == target.url()
