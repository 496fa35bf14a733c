"""Packages: a version of a model as a service that runs anywhere Python does."""

from gitmodel.packaging.build import build, find
from gitmodel.packaging.making import package_version, read_declared
from gitmodel.packaging.package import (
    Content,
    Package,
    Policy,
    VersionIdentity,
    bento_name,
    open_package,
)
from gitmodel.packaging.predicting import check_rows, load_packaged, predict, read_rows
from gitmodel.packaging.running import Service, check_port, command, serve
from gitmodel.packaging.signature import Declared, Signature, infer_signature, make_signature, make_smoke
from gitmodel.packaging.wheels import Platform, Wheelhouse, package_requirements, wheelhouse

__all__ = [
    "Content",
    "Declared",
    "Package",
    "Platform",
    "Policy",
    "Service",
    "Signature",
    "VersionIdentity",
    "Wheelhouse",
    "bento_name",
    "build",
    "check_port",
    "check_rows",
    "command",
    "find",
    "infer_signature",
    "load_packaged",
    "make_signature",
    "make_smoke",
    "open_package",
    "package_requirements",
    "package_version",
    "predict",
    "read_declared",
    "read_rows",
    "serve",
    "wheelhouse",
]
