"""Which tags may be pushed: versions are annotated, agree with their names, and never change.

The grammar is that of `gitmodel.registry.names`, and the trailers are those of `gitmodel.git.trailers`, both
written again without regular expressions: loading those takes longer than all of this may. Tests compare
the two.
"""

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_INNER = _LOWER | frozenset("_/-")
_DIGITS = frozenset("0123456789")
_IDENTIFIER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") | _LOWER
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_KEY = _LETTERS | _DIGITS | {"-"}
_STRUCTURED = ("Metrics", "Parameters", "Artifact", "Data")
_SIGNATURES = (
    "-----BEGIN PGP SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----",
    "-----BEGIN SIGNED MESSAGE-----",
)

Trailers = dict[str, str]
Problem = tuple[str, str]
"""What is wrong, and what to do about it."""


def split_tag(name: str) -> tuple[str, str] | None:
    """Return model and version of a version's tag; ``None``: the tag is something else."""
    model, found, version = name.rpartition("@v")
    return (model, version) if found and is_model(model) and is_version_number(version) else None


def is_model(text: str) -> bool:
    """Say whether a model may have this name."""
    return bool(text) and text[0] in _LOWER and text[-1] in _LOWER and _INNER.issuperset(text)


def is_version_number(text: str) -> bool:
    """Say whether this is an integer or a semantic version."""
    return _is_number(text) or _is_semver(text)


def _is_number(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text) and (text[0] != "0" or text == "0")


def _is_semver(text: str) -> bool:
    rest, built, build = text.partition("+")
    core, before, label = rest.partition("-")
    numbers = core.split(".")
    if len(numbers) != 3 or not all(map(_is_number, numbers)):  # noqa: PLR2004 - major, minor, patch
        return False
    labels = label.split(".") if before else []
    parts = [*labels, *(build.split(".") if built else [])]
    if not all(part and _IDENTIFIER.issuperset(part) for part in parts):
        return False
    return all(_is_number(part) or not _DIGITS.issuperset(part) for part in labels)


def looks_like_version(name: str) -> bool:
    """Say whether a person who made this tag meant a version: ``Model@v1``, ``model@1.0``, ``model@v01``."""
    _, found, behind = name.rpartition("@")
    return bool(behind) and bool(found) and behind[0] in _DIGITS | {"v", "V"} and "#" not in name


_GRAMMAR = "<model> has lower-case letters, digits, - _ /; <version> is as 4 or 1.2.0, without leading zeros"
MALFORMED: Problem = ("is no name of a version", f"name it <model>@v<version>: {_GRAMMAR}")


def moved(name: str, *, deleted: bool) -> Problem:
    """Return why a version stays where it is."""
    if deleted:
        return "is a version, and a version is never deleted", "take it out of service: `gitmodel rollback`"
    fix = (
        f"make the next one: `gitmodel register {name.rpartition('@v')[0]}`, or `git tag -a` with its number"
    )
    back = "`git fetch --tags --force` brings the one that is shared back to you"
    return "exists already, and a version is never moved", f"{fix}; {back}"


def check_object(name: str, kind: str, data: bytes) -> Problem | None:
    """Return what is wrong with the object that a new version's tag points to.

    Args:
        name: The tag, a valid name of a version.
        kind: The object's type, as git calls it.
        data: Its content; needed of tags alone.
    """
    if kind != "tag":
        fix = f"make it annotated: `git tag -d {name}`, `git tag -a {name} <commit>`, and push again"
        return (f"is a lightweight tag of a {kind}; a version is an annotated tag", fix)
    head, _, message = data.decode("utf-8", "surrogateescape").partition("\n\n")
    headers = {key: value for key, _, value in (line.partition(" ") for line in head.split("\n"))}
    if headers.get("type") != "commit":
        fix = f"tag the commit: `git tag -a -f {name} '{name}^{{commit}}'`, and push again"
        return (f"is a tag of a {headers.get('type')}; a version is a tag of a commit", fix)
    if headers.get("tag") != name:
        return (
            f"was made as {headers.get('tag')}",
            f"make it under its own name: `git tag -a {name} <commit>`",
        )
    return _check_message(name, parse_trailers(message))


def parse_trailers(message: str) -> Trailers:
    """Return the trailers of a message: its last paragraph behind the subject, if all of it is trailers."""
    for mark in _SIGNATURES:
        message = message.partition(f"\n{mark}")[0]
    rest = message.replace("\r\n", "\n").strip("\n").partition("\n")[2].strip("\n")
    lines = rest.rpartition("\n\n")[2].split("\n")
    trailers = {}
    for line in lines:
        key, found, value = line.partition(":")
        if not found or key[:1] not in _LETTERS or not key or not _KEY.issuperset(key):
            return {}
        trailers[key] = value.strip()
    return trailers


def _check_message(name: str, trailers: Trailers) -> Problem | None:
    again = f"write the message again: `git tag -a -f {name} '{name}^{{commit}}'`, and push again"
    parts = split_tag(name)
    assert parts is not None
    for key, expected in zip(("Model-Name", "Model-Version"), parts, strict=True):
        if trailers.get(key, expected) != expected:
            return (f"says {key}: {trailers[key]!a}, expected {expected}", again)
    broken = next((key for key in _STRUCTURED if key in trailers and not _is_sound(key, trailers[key])), None)
    if broken is None and len(trailers.get("Run", "a b").split()) != 2:  # noqa: PLR2004 - commit and digest
        broken = "Run"
    if broken:
        return (f"has a broken trailer {broken}: {trailers[broken][:120]!a}", again)
    return None


def _is_sound(key: str, text: str) -> bool:
    import json

    try:
        value = json.loads(text)
    except ValueError:
        return False
    if not isinstance(value, dict):
        return False
    if key == "Metrics":
        return bool(value) and _are_numbers(value)
    if key == "Artifact":
        return "path" in value
    return key != "Data" or all(isinstance(item, dict) for item in value.values())


def _are_numbers(document: dict[str, object]) -> bool:
    return all(
        _are_numbers(value)
        if isinstance(value, dict)
        else isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
        for value in document.values()
    )
