"""The metrics files that a training writes."""

import json
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.metrics.values import Metrics, read_metrics


def parse_metrics(content: bytes, file: str) -> Metrics:
    """Return the numbers of a metrics file, JSON or YAML; nested names are joined by dots.

    Args:
        content: What the file holds.
        file: Its path, for messages.

    Raises:
        InvalidFile: If it is neither, holds no names with numbers, or a number is not finite.
    """
    return read_metrics(_load(content, file), file)


def _load(content: bytes, file: str) -> Any:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{file} is not text: metrics are JSON or YAML") from error
    if file.endswith((".yaml", ".yml")):
        return _load_yaml(text, file)
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidFile(f"{file} is not JSON: {error}", hint="write it with `json.dump`") from error


def _load_yaml(text: str, file: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidFile(f"{file} is not YAML: {error}") from error
