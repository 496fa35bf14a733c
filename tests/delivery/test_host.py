"""What runs on a host, where it can be tried without starting services."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.delivery.ansible.module_utils import gitmodel_processes as processes
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import (
    SOCKET_PATH_BYTES,
    HostError,
    Layout,
    Program,
    ini,
    parse_program,
    read_programs,
    refuse_odd_path,
    write,
)
from gitmodel.delivery.ansible.module_utils.gitmodel_ports import free_port
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import alike, wait
from gitmodel.delivery.ansible.module_utils.gitmodel_rollout import is_changed, place_release, tree_digest
from gitmodel.delivery.ansible.module_utils.gitmodel_router import static
from gitmodel.delivery.ansible.module_utils.gitmodel_routes import read_mirrors, read_route, route
from gitmodel.delivery.ansible.module_utils.gitmodel_supervisor import program_sections, tail
from gitmodel.delivery.ansible.module_utils.gitmodel_turn import turn

MODELS = st.from_regex(r"[a-z0-9]([a-z0-9_/-]{0,20}[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}\.[0-9](-rc\.1|\+b2)?)?", fullmatch=True)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
PROGRAMS = st.builds(Program, MODELS, VERSIONS, DIGESTS, st.integers(1, 65535))
DIGEST = "ab" * 32


@given(PROGRAMS)
def test_programs_round_trip(program: Program) -> None:
    assert parse_program(json.loads(json.dumps(program.as_json()))) == program


@given(PROGRAMS, PROGRAMS)
def test_names_are_of_one_program(one: Program, two: Program) -> None:
    assert (one.key == two.key) == (one.model == two.model)
    if one.digest[:12] != two.digest[:12]:
        assert one.name != two.name


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model": "../x", "version": "1", "digest": DIGEST},
        {"model": "a.b", "version": "1", "digest": DIGEST},
        {"model": "a\n", "version": "1", "digest": DIGEST},
        {"model": "a", "version": "1/..", "digest": DIGEST},
        {"model": "a", "version": "1", "digest": "x" * 64},
        {"model": "a", "version": "1", "digest": DIGEST, "port": "many"},
        {"model": "a", "version": "1", "digest": DIGEST, "port": 70000},
    ],
)
def test_what_is_no_program(fields: dict[str, object]) -> None:
    with pytest.raises(HostError):
        parse_program(fields)


@given(
    st.dictionaries(
        st.builds(Program, st.just("a/b"), VERSIONS, DIGESTS, st.integers(1, 65535)),
        st.integers(0, 100),
        min_size=1,
        max_size=3,
    )
)
def test_routes_round_trip(weights: dict[Program, int]) -> None:
    unique = {program.at(1): (program, weight) for program, weight in weights.items()}
    kept = dict(unique.values())
    assert read_route(route(kept), "a/b") == kept
    assert read_mirrors(route(kept), "a/b") == {}
    mirrors = {Program("a/b", "999.0.0", DIGEST, 1): 40}
    assert read_route(route(kept, mirrors), "a/b") == kept
    assert read_mirrors(route(kept, mirrors), "a/b") == mirrors


def test_route_rules() -> None:
    document = json.loads(route({Program("a/b", "1", DIGEST, 2000): 1}))["http"]
    assert document["routers"]["a.b"]["rule"] == "PathPrefix(`/a/b/`) || Path(`/a/b`)"
    assert document["middlewares"]["a.b"]["stripPrefix"]["prefixes"] == ["/a/b"]
    shorter = json.loads(route({Program("a", "1", DIGEST, 2000): 1}))["http"]
    assert shorter["routers"]["a"]["priority"] < document["routers"]["a.b"]["priority"]
    with pytest.raises(HostError, match="one model"):
        route({Program("a", "1", DIGEST, 1): 1, Program("b", "1", DIGEST, 2): 1})
    for text in ("", "[]", "{}", '{"http": {"services": {"a.b": 3}}}'):
        assert read_route(text, "a/b") == {}


def test_router_reports_nothing(tmp_path: Path) -> None:
    document = json.loads(static(Layout(tmp_path), "::1", 8400, 20000))
    assert document["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    assert document["entryPoints"] == {
        "web": {"address": "[::1]:8400", "asDefault": True},
        "figures": {"address": "127.0.0.1:20000"},
    }
    assert "api" not in document


def test_programs_are_read_from_their_files(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    assert layout.make()
    assert not layout.make()
    program = Program("a/b", "1.0.0", DIGEST, 21000)
    text = program_sections(layout, program.name, ("run", "100%", "a b"), tmp_path, {"KEY": "50%"})
    assert write(layout.config(program.name), ini(program, text))
    assert not write(layout.config(program.name), ini(program, text))
    layout.config("router").write_text("[program:router]\n")
    layout.config("bad").write_text(";gitmodel {}\n")
    assert read_programs(layout) == {program.name: program}
    assert "100%%" in text
    assert 'KEY="50%%"' in text
    assert free_port(layout) != 21000


def test_socket_path_of_a_deep_folder(tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("d" * 120))
    assert len(os.fsencode(deep.socket)) < SOCKET_PATH_BYTES
    assert deep.socket != Layout(tmp_path / ("e" * 120)).socket
    short = Layout(Path("/srv/x"))
    assert short.socket == Path("/srv/x/run/supervisor.sock")
    deep.make()
    assert deep.socket.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("path", ["relative", "/a[1]", "/a%b", "/a;b", "/a\nb", "/a*"])
def test_odd_roots_are_refused(path: str) -> None:
    with pytest.raises(HostError, match="choose another `root`"):
        refuse_odd_path(Path(path))


def test_release_is_placed_whole(tmp_path: Path) -> None:
    layout, program, source = Layout(tmp_path / "root"), Program("a", "1", DIGEST), tmp_path / "source"
    (source / "src").mkdir(parents=True)
    (source / "src" / "run.py").write_text("x")
    digest = tree_digest(source)
    assert place_release(layout, program, source, digest)
    assert not place_release(layout, program, source, digest)
    release = layout.release(program)
    (release / "src" / "__pycache__").mkdir()
    (release / "src" / "__pycache__" / "run.pyc").write_text("made by Python")
    assert not place_release(layout, program, source, digest)
    assert not is_changed(layout, program)
    (release / "src" / "run.py").unlink()
    assert is_changed(layout, program)
    (release / "src" / "run.py").write_text("tampered with")
    assert is_changed(layout, program)
    assert place_release(layout, program, source, digest)
    assert (release / "src" / "run.py").read_text() == "x"
    with pytest.raises(HostError, match="has changed while"):
        place_release(layout, Program("a", "2", DIGEST), source, "0" * 64)
    assert {path.name for path in release.parent.iterdir()} == {release.name, f".{release.name}.tree"}
    assert not is_changed(layout, program)
    (release.parent / f".{release.name}.tree").unlink()
    assert not is_changed(layout, program)  # it was placed before such notes were kept
    shutil.rmtree(release)
    assert is_changed(layout, program)
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(HostError, match="not a plain file"):
        tree_digest(source)


def test_a_turn_that_another_rollout_has_taken(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with turn(layout, "one", claim=True):
        pass
    with turn(layout, "one"):
        pass
    with turn(layout, "two", claim=True):
        pass
    with pytest.raises(HostError, match="another rollout"), turn(layout, "one"):
        pass


def test_only_our_own_processes_are_ended(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(command, env={"GITMODEL_ROOT": str(tmp_path)}, start_new_session=True)
    other = subprocess.Popen(command, start_new_session=True)
    files = [tmp_path / "run" / f"{name}.pid" for name in ("ours", "other", "odd", "missing")]
    try:
        for path, text in zip(files, (str(ours.pid), str(other.pid), "many"), strict=False):
            path.write_text(text)
        assert wait(lambda: processes.is_ours(ours.pid, tmp_path), 5)
        assert not processes.is_ours(ours.pid, tmp_path / "run")
        assert processes.end_recorded(files, tmp_path) == [ours.pid]
        assert ours.wait(5) != 0
        assert other.poll() is None
        assert not any(path.exists() for path in files)
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        (1.0, 1, True),
        (0.1 + 0.2, 0.3, True),
        (0.3, 0.301, False),
        ({"a": [1.0, "x"]}, {"a": [1, "x"]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1], [1, 2], False),
        (True, 1, False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_answers_are_alike(expected: object, found: object, same: bool) -> None:  # noqa: FBT001
    assert alike(expected, found) is same


def test_tail(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("old\n" + "".join(f"{number}\n" for number in range(100)))
    assert tail(log, 4, lines=2) == "98\n99"
    assert tail(log, 10_000, lines=1) == "99"
