"""Traefik's routes: one small file a model with the weights of its versions, and who gets copies.

They are written as JSON, which is YAML too: nothing in a name can be taken for syntax.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .gitmodel_layout import HostError, Program, parse_program

NOBODY: Mapping[Program, int] = MappingProxyType({})


def route(weights: Mapping[Program, int], mirrors: Mapping[Program, int] = NOBODY) -> str:
    """Return the route of a model: its prefix taken off, requests shared between versions by weight.

    The longest prefix wins, so a model `a` gets nothing that is for `a/b`, nor for `ab`.
    `read_route` and `read_mirrors` are the inverse.

    Args:
        weights: Who answers.
        mirrors: Who gets copies of how many per cent of the requests, and answers nobody.
    """
    model, key = _one_model([*weights, *mirrors])
    prefix = f"/{model}"
    return as_text(
        {
            "http": {
                "routers": {
                    key: {
                        "rule": f"PathPrefix(`{prefix}/`) || Path(`{prefix}`)",
                        "priority": 1000 + len(prefix),
                        "middlewares": [key],
                        "service": key,
                    }
                },
                "middlewares": {key: {"stripPrefix": {"prefixes": [prefix]}}},
                "services": _services(key, weights, mirrors),
            }
        }
    )


def _one_model(programs: Iterable[Program]) -> tuple[str, str]:
    models = {(program.model, program.key) for program in programs}
    if len(models) != 1:
        raise HostError(f"a route is for one model, not {len(models)}")
    return models.pop()


def _services(key: str, weights: Mapping[Program, int], mirrors: Mapping[Program, int]) -> dict[str, Any]:
    """A model's key holds no ``~``, so no version is called like another model."""
    services: dict[str, Any] = {
        service_name(program): {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{program.port}"}]}}
        for program in (*weights, *mirrors)
    }
    shares = [{"name": service_name(program), "weight": weight} for program, weight in weights.items()]
    shared = {"weighted": {"services": shares}}
    if not mirrors:
        return {**services, key: shared}
    copies = [{"name": service_name(program), "percent": percent} for program, percent in mirrors.items()]
    first = f"{key}~"
    return {**services, first: shared, key: {"mirroring": {"service": first, "mirrors": copies}}}


def service_name(program: Program) -> str:
    """Return the name that the router knows a version by, in its figures too."""
    return f"{program.key}~{program.version}~{program.digest}"


def read_route(text: str, model: str) -> dict[Program, int]:
    """Return the weights in a route of a model; nothing where it is no route of ours."""
    try:
        services = json.loads(text)["http"]["services"]
        found = services[model.replace("/", ".")]
        if "mirroring" in found:
            found = services[found["mirroring"]["service"]]
        shares = found["weighted"]["services"]
        return {_program(share["name"], model, services): int(share["weight"]) for share in shares}
    except (AttributeError, HostError, KeyError, TypeError, ValueError):
        return {}


def read_mirrors(text: str, model: str) -> dict[Program, int]:
    """Return who gets copies of how many per cent of the requests in a route of a model."""
    try:
        services = json.loads(text)["http"]["services"]
        copies = services[model.replace("/", ".")].get("mirroring", {}).get("mirrors", [])
        return {_program(copy["name"], model, services): int(copy["percent"]) for copy in copies}
    except (AttributeError, HostError, KeyError, TypeError, ValueError):
        return {}


def _program(name: str, model: str, services: Mapping[str, Any]) -> Program:
    _key, version, digest = name.split("~")
    url = str(services[name]["loadBalancer"]["servers"][0]["url"])
    fields = {"model": model, "version": version, "digest": digest, "port": url.rpartition(":")[2]}
    return parse_program(fields)


def as_text(document: Mapping[str, Any]) -> str:
    """Return a document as the router reads it."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
