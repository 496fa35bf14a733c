"""Lengths of time as specifications write them: ``30s``, ``10m``, ``12h``, ``7d``, ``2w``."""

from datetime import timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: str) -> timedelta:
    """Return the length of time.

    Raises:
        ValueError: If the text is not a whole number and one of s, m, h, d, w.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _SECONDS or not (number.isascii() and number.isdigit()):
        raise ValueError(f"not a length of time: {text!r}")
    return timedelta(seconds=int(number) * _SECONDS[unit])


def format_duration(length: timedelta) -> str:
    """Write a length of whole seconds in the largest unit that fits: the inverse of `parse_duration`.

    A single week is ``7d``, as most people write it.
    """
    seconds = int(length.total_seconds())
    fitting = [unit for unit, size in _SECONDS.items() if seconds and seconds % size == 0]
    unit = "d" if seconds == _SECONDS["w"] else (fitting or ["s"])[-1]
    return f"{seconds // _SECONDS[unit]}{unit}"
