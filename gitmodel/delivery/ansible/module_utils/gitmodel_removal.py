"""Take a model off a host: its route, its services, its releases; what was predicted stays unless told so."""

import shutil
import time

from . import gitmodel_processes as processes
from .gitmodel_keeper import keeper
from .gitmodel_layout import Layout, Program, read_programs
from .gitmodel_segments import KINDS

_ANY = "0" * 12


def remove(layout: Layout, model: str, drain: float, *, forget: bool) -> "list[str]":
    """Stop a model and remove what is there of it; can be repeated.

    Args:
        layout: Where.
        model: Name of the model.
        drain: Seconds that its services have to finish requests, once no new ones come.
        forget: Remove kept predictions, feedback and logs, too.

    Returns:
        What was done, in words; nothing where nothing was there.

    Raises:
        HostError: If the name is none, or a service does not end.
    """
    key = Program(model, "0", _ANY).key
    done = []
    routes = [path for path in (layout.route(key), layout.previous_route(key)) if path.exists()]
    for path in routes:
        path.unlink()
    programs = [program for program in read_programs(layout).values() if program.model == model]
    if programs:
        time.sleep(drain)
    for program in programs:
        _stop(layout, program)
        done.append(f"stopped v{program.version}")
    if routes and not programs:
        done.append("removed its route")
    releases = layout.root / "releases" / key
    if releases.is_dir():
        shutil.rmtree(releases)
        done.append("removed its releases")
    return done + (_forget(layout, key) if forget else [])


def _stop(layout: Layout, program: Program) -> None:
    kept = keeper(layout)
    if layout.units or kept.answers():
        kept.remove(program.name)
        return
    processes.end_recorded([layout.pid(program.name)], layout.root)
    layout.config(program.name).unlink(missing_ok=True)
    shutil.rmtree(layout.scratch(program.name), ignore_errors=True)


def _forget(layout: Layout, key: str) -> "list[str]":
    kept = [layout.state / kind / key for kind in KINDS if (layout.state / kind / key).is_dir()]
    for folder in kept:
        shutil.rmtree(folder)
    for log in layout.logs.glob(f"{key}@*.log*"):
        log.unlink(missing_ok=True)
    return ["forgot its predictions and feedback"] if kept else []
