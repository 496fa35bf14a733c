"""Real hosts: Debian with systemd and sshd, booted by systemd-nspawn in network namespaces on a bridge.

They share a base that is built once and kept in ``~/.cache/gitmodel-tests``; each writes into a folder of its
own on top of it. No host reaches anything but the others and this machine.
"""

import fcntl
import hashlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGES = "systemd,systemd-sysv,dbus,openssh-server,python3,iproute2,procps"
_SUITE, _MIRROR = "bookworm", "http://deb.debian.org/debian"
_PROGRAMS = ("mmdebstrap", "systemd-nspawn", "ssh", "ssh-keygen", "ip")
_HIERARCHIES = ("systemd", "unified")
_CGROUPS = Path("/sys/fs/cgroup")


def lacking() -> str:
    """Return why hosts cannot be booted here ("": they can)."""
    if os.uname().sysname != "Linux" or os.geteuid() != 0:
        return "booting hosts needs root on Linux"
    missing = [name for name in _PROGRAMS if not shutil.which(name)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    allowed = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False)
    return "" if allowed.returncode == 0 else "this machine allows no namespaces"


def cache() -> Path:
    """Return where what costs long to make is kept: in the home of who runs the tests, not of one run."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "gitmodel-tests"


def base() -> Path:
    """Return the file system that all hosts share, built unless it is there."""
    digest = hashlib.sha256(f"{_PACKAGES} {_SUITE}".encode()).hexdigest()[:12]
    folder = cache() / f"base-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests may be about to build it
        if not folder.is_dir():
            new = folder.with_name(f".{folder.name}.{os.getpid()}")
            debian(_PACKAGES, new)
            (new / "etc" / "machine-id").unlink(missing_ok=True)
            new.rename(folder)
    return folder


def debian(packages: str, target: Path) -> None:
    """Make a small Debian with some packages: a folder, or an archive where the name ends as of one."""
    words = ["--quiet", "--variant=minbase", f"--include={packages}"]
    _call("mmdebstrap", *words, _SUITE, str(target), _MIRROR)


@dataclass
class Host:
    """One host: its name, its address, the folder of what it has and the key that lets us in."""

    name: str
    address: str
    folder: Path
    key: Path
    bridge: str
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def root(self) -> Path:
        """Its file system, seen from here."""
        return self.folder / "root"

    def boot(self, seconds: float = 60) -> None:
        """Boot it and wait until it lets us in."""
        argv = ["systemd-nspawn", "-D", str(self.root), "--boot", "--quiet", "--register=no", "--keep-unit"]
        argv += [f"--network-namespace-path=/run/netns/{self.name}", f"--machine={self.name}"]
        enter = "".join(f'echo $$ > "{group}/cgroup.procs" && ' for group in self._groups())
        with (self.folder / "console").open("ab") as console:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", f'{enter}exec "$@"', "sh", *argv],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while not self._lets_in():
            if time.monotonic() > deadline or self.process.poll() is not None:
                words = (self.folder / "console").read_text("utf-8", "replace")[-2000:]
                raise RuntimeError(f"{self.name} does not boot:\n{words}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a cut of its power does."""
        if self.process is None:
            return
        for leader in _children(self.process.pid):
            _signal(leader)  # its first process; the kernel ends all others with it
        _signal(self.process.pid)
        self.process.wait(20)
        self.process = None

    def run(self, command: str, *, check: bool = True) -> str:
        """Return what a shell line prints there."""
        argv = ["ssh", *self.options(), f"root@{self.address}", command]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
        if check and done.returncode:
            raise RuntimeError(f"{command!r} on {self.name}: {done.stderr.decode()}{done.stdout.decode()}")
        return done.stdout.decode()

    def options(self) -> list[str]:
        """Return how ssh gets in."""
        told = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        return ["-i", str(self.key), "-F", "none", *(word for option in told for word in ("-o", option))]

    def set_up(self, lower: Path, address: str) -> None:
        """Make its file system and its network."""
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir(parents=True)
        layers = f"lowerdir={lower},upperdir={self.folder}/upper,workdir={self.folder}/work"
        _call("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        etc = self.root / "etc"
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost {self.name}\n::1 localhost\n")
        (self.root / "root" / ".ssh").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.key.with_suffix(".pub"), self.root / "root" / ".ssh" / "authorized_keys")
        _call("ip", "netns", "add", self.name)
        outer, inner = f"v{self.name}", f"w{self.name}"
        _call("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
        _call("ip", "link", "set", outer, "master", self.bridge, "up")
        _call("ip", "link", "set", inner, "netns", self.name, "name", "host0")
        within = ("ip", "-n", self.name)
        _call(*within, "addr", "add", f"{address}/24", "dev", "host0")
        _call(*within, "link", "set", "host0", "up")
        _call(*within, "link", "set", "lo", "up")
        for group in self._groups():
            group.mkdir(exist_ok=True)

    def tear_down(self) -> None:
        """Leave nothing of it."""
        self.kill()
        _call("ip", "netns", "del", self.name, check=False)
        _call("ip", "link", "del", f"v{self.name}", check=False)
        _call("umount", "-l", str(self.root), check=False)
        for group in self._groups():
            for folder in sorted(group.rglob("*/"), reverse=True):
                _remove(folder)
            _remove(group)

    def _groups(self) -> list[Path]:
        known = [_CGROUPS / name for name in _HIERARCHIES if (_CGROUPS / name).is_dir()] or [_CGROUPS]
        return [folder / f"gitmodel-{self.name}" for folder in known]

    def _lets_in(self) -> bool:
        try:
            with socket.create_connection((self.address, 22), timeout=1):
                pass
        except OSError:
            return False
        return (
            subprocess.run(
                ["ssh", *self.options(), "-o", "ConnectTimeout=3", f"root@{self.address}", "true"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            ).returncode
            == 0
        )


@contextmanager
def booted(count: int, folder: Path) -> Iterator[list[Host]]:
    """Boot hosts that see each other and this machine, and leave nothing of them."""
    lower = base()
    key = folder / "key"
    _call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    net = f"10.77.{random.randrange(2, 250)}"
    word = f"{os.getpid() % 46656:x}{random.randrange(256):02x}"
    bridge = f"gm{word}"
    hosts = [
        Host(f"h{word}{number}", f"{net}.{10 + number}", folder / f"host{number}", key, bridge)
        for number in range(1, count + 1)
    ]
    _call("ip", "link", "add", bridge, "type", "bridge")
    try:
        _call("ip", "addr", "add", f"{net}.1/24", "dev", bridge)
        _call("ip", "link", "set", bridge, "up")
        for host in hosts:
            host.set_up(lower, host.address)
        for host in hosts:
            host.boot()
        yield hosts
    finally:
        for host in hosts:
            host.tear_down()
        _call("ip", "link", "del", bridge, check=False)


def inventory(hosts: Sequence[Host]) -> str:
    """Return an ansible inventory of hosts."""
    (key,) = {host.key for host in hosts}
    lines = [f"    {host.name}: {{ansible_host: {host.address}}}" for host in hosts]
    arguments = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    told = {"ansible_user": "root", "ansible_ssh_private_key_file": key, "ansible_ssh_common_args": arguments}
    variables = [f'    {name}: "{value}"' for name, value in told.items()]
    return "\n".join(["all:", "  hosts:", *lines, "  vars:", *variables, ""])


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _remove(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return


def _call(*argv: str, check: bool = True) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.decode('utf-8', 'replace')}")
