"""What must not be in a picture: templates, data and images come from whoever can push."""

from collections.abc import Iterator
from typing import Any

from gitmodel.errors import InvalidFile

# What makes Vega read from somewhere, or a picture lead somewhere.
_FORBIDDEN = {"url": "reads from an address", "href": "holds a link", "src": "reads from an address"}
_DEEPEST = 60
_ELEMENTS = frozenset(
    {"svg", "g", "path", "rect", "line", "text", "tspan", "circle", "ellipse", "polyline", "polygon"}
    | {"clipPath", "defs", "linearGradient", "radialGradient", "stop", "title", "desc"}
)


def check_spec(spec: dict[str, Any], name: str) -> None:
    """Refuse a specification that reads files or addresses, or that holds links or images.

    Rows of data may hold anything: they are only drawn.

    Raises:
        InvalidFile: If it does.
    """
    for key, value in _settings(spec, name):
        if key in _FORBIDDEN:
            raise InvalidFile(
                f"{name} is not drawn: its template {_FORBIDDEN[key]} (`{key}`)",
                hint="put the data into the plotted file: pictures are drawn without files and network",
            )
        if value == "image" and key in ("mark", "type"):
            raise InvalidFile(f"{name} is not drawn: its template shows images (`{key}: image`)")
    spec.pop("usermeta", None)  # it configures viewers


def _settings(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise InvalidFile(f"{name} is not drawn: its template is nested too deeply")
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key), each
            if key == "datasets" or (key == "values" and isinstance(each, list)):
                continue
            yield from _settings(each, name, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _settings(each, name, depth + 1)


def check_svg(text: str) -> None:
    """Refuse a drawn picture that could do anything but be seen: a last look at what Vega has made.

    Raises:
        InvalidFile: If there are scripts, handlers, links, images or foreign elements in it.
    """
    from xml.etree.ElementTree import ParseError, fromstring

    if "<!" in text:
        raise InvalidFile("the picture declares a document type or entities")
    try:
        root = fromstring(text)  # noqa: S314 - nothing is declared in it
    except ParseError as error:
        raise InvalidFile(f"the picture is not XML: {error}") from error
    for found in root.iter():
        element = found.tag.rpartition("}")[2]
        if element not in _ELEMENTS:
            raise InvalidFile(f"the picture holds an element <{element}>")
        for attribute, value in found.attrib.items():
            plain = attribute.rpartition("}")[2].lower()
            leads_out = "url(" in value.replace(" ", "").replace("url(#", "")
            if plain.startswith("on") or plain in ("href", "src") or (leads_out and plain != "aria-label"):
                raise InvalidFile(f"the picture has an attribute {plain}")
