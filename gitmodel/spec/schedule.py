"""Read schedules as people write them: plain words, or a cron expression of five fields; times are UTC."""

import re
from collections.abc import Mapping

from gitmodel.spec.cron import cron_mistake, plain_cron
from gitmodel.spec.problems import did_you_mean, quoted

EXPECTED = (
    'words such as "every day at 10:00", "weekdays at 9:30", "every monday and thursday at noon", '
    '"every 15 minutes", "every month on the 1st at 4:00", or a cron expression of five fields'
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAY_SETS: Mapping[str, str] = {
    "day": "*",
    "daily": "*",
    "weekday": "1-5",
    "weekend": "0,6",
    **{day: str(number) for number, day in enumerate(_DAYS)},
    **{day[:3]: str(number) for number, day in enumerate(_DAYS)},
    "tues": "2",
    "thurs": "4",
}
_TIMES = {"noon": (12, 0), "midnight": (0, 0)}
_UNITS = {"minute": 60, "hour": 24}
_FILLERS = ("and", "or", ",")
_OTHER_WORDS = (
    *("every", "each", "at", "on", "of", "the", "to", "through", "until", "month", "monthly", "hourly"),
    *("minutes", "hours", "weekdays", "weekends", "utc", "past", "first", "last", "week", "weekly", "year"),
)
_KNOWN = (*_DAY_SETS, *_TIMES, *_UNITS, *_OTHER_WORDS, *(f"{day}s" for day in _DAYS), "and", "or")
_TOKEN = re.compile(r"\d{1,2}:\d{2}(?:\s?[ap]m)?|\d{1,2}\s?[ap]m\b|\d+(?:st|nd|rd|th)?|[a-z]+|,|-|\S+")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?\s?([ap]m)?", re.ASCII)
_NAMES_IN_CRON = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b"
)
_HALF = 12


class OddSchedule(ValueError):  # noqa: N818 - it is no failure of ours
    """A schedule that is not understood: what was found, what is expected, and what was probably meant."""

    def __init__(self, found: str, expected: str = EXPECTED, hint: str = "") -> None:
        super().__init__(f"found {found}; expected {expected}{f'; {hint}' if hint else ''}")
        self.found, self.expected, self.hint = found, expected, hint


def to_cron(text: str) -> str:
    """Return a schedule as a cron expression, with single spaces and Sunday as 0.

    Raises:
        OddSchedule: If it is not understood.
    """
    if not is_words(text):
        mistake = cron_mistake(text)
        if mistake:
            few = "fields" in mistake[0]
            raise OddSchedule(*mistake, 'words do as well: "every day at 10:00"' if few else "")
        return plain_cron(text)
    return _Reader(text).read()


def is_words(text: str) -> bool:
    """Say whether a schedule is written in words, and not as a cron expression."""
    lower = text.lower()
    return ":" in text or bool(re.search(r"[a-z]{2}", _NAMES_IN_CRON.sub("", lower))) or lower[:1].isalpha()


class _Reader:
    """Reads words from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[str] = _TOKEN.findall(text.lower())
        self._at = 0

    def read(self) -> str:
        if not self._text.isascii():
            raise self._odd("other letters than a to z")
        for word in self._words:
            if word.isalpha() and word not in _KNOWN:
                raise self._odd(f'"{word}"', hint=did_you_mean(word, _KNOWN))
        at_first = self._clocks() if self._peek() == "at" or self._is_clock() else None
        every = self._take("every", "each")
        fields = self._what(every=every, clocks=at_first)
        self._take("utc")
        if self._peek():
            raise self._odd(f'"{self._peek()}"')
        return fields

    def _what(self, *, every: bool, clocks: str | None) -> str:
        word = _singular(self._peek())
        if word in ("week", "weekly", "year"):
            raise self._odd(f'"{word}"', hint='name the day: "every monday"; a year needs a cron expression')
        if every and word.isdigit():
            return self._interval(int(self._next()))
        if word in _UNITS:
            self._next()
            return self._unit(word)
        if self._take("hourly"):
            return self._unit("hour")
        if word in ("month", "monthly") or (self._is_ordinal(ahead=True) and not every):
            return self._monthly(clocks)
        if word in ("on", *_DAY_SETS):
            return self._weekly(clocks)
        if clocks and not every and not word:
            return f"{clocks} * * *"
        raise self._odd(f'"{self._peek()}"' if word else "no more words")

    def _interval(self, number: int) -> str:
        """Read ``15 minutes``; only what divides the hour or the day comes evenly."""
        unit = _singular(self._next())
        if unit not in _UNITS:
            raise self._odd(f'"{number} {unit}"', "minutes or hours after a number")
        if number < 1 or _UNITS[unit] % number:
            even = ", ".join(str(each) for each in range(2, _UNITS[unit]) if _UNITS[unit] % each == 0)
            raise self._odd(f'"{number} {unit}s"', f"a number of {unit}s that comes evenly: {even}")
        return self._unit(unit, number)

    def _unit(self, unit: str, number: int = 1) -> str:
        step = "*" if number == 1 else f"*/{number}"
        if unit == "minute":
            return f"{step} * * * *"
        minute = 0
        if self._take("at"):
            self._take("minute")
            word = self._next().removeprefix(":")
            minute = int(word) if word.isdigit() and int(word) < _UNITS["minute"] else -1
            if minute < 0:
                raise self._odd(f'"{word}"', 'a minute: "every hour at 15"')
        return f"{minute} {step} * * *"

    def _weekly(self, clocks: str | None) -> str:
        self._take("on")
        days = self._days()
        return f"{clocks or self._clocks()} * * {days}"

    def _days(self) -> str:
        found: list[str] = []
        while (word := _singular(self._peek())) in _DAY_SETS:
            self._next()
            days = _DAY_SETS[word]
            if self._take("to", "through", "until", "-"):
                days = self._range(word, days)
            found.append(days)
            while self._take(*_FILLERS, "every", "on"):
                pass
        if not found:
            raise self._odd(f'"{self._peek()}"' if self._peek() else "no day")
        if "*" in found and len(found) > 1:
            raise self._odd('"day" beside other days')
        return ",".join(dict.fromkeys(found))

    def _range(self, first: str, begin: str) -> str:
        last = _singular(self._next())
        end = _DAY_SETS.get(last, "")
        if not (begin.isdigit() and end.isdigit()):
            raise self._odd(f'"{first} to {last}"', "two days: monday to friday")
        count = (int(end) - int(begin)) % len(_DAYS) + 1
        days = sorted((int(begin) + each) % len(_DAYS) for each in range(count))
        return ",".join(map(str, days)) if int(end) < int(begin) else f"{begin}-{end}"

    def _monthly(self, clocks: str | None) -> str:
        """Read ``month on the 1st and 15th``, or ``the 1st of every month``."""
        self._take("month", "monthly")
        days: list[str] = []
        while self._take("on", "the", *_FILLERS) or self._is_ordinal():
            if self._is_ordinal():
                days.append(self._ordinal())
        if self._take("of"):
            self._take("every", "each", "the")
            if not self._take("month"):
                raise self._odd(f'"{self._peek()}"', '"of every month"')
        return f"{clocks or self._clocks()} {','.join(dict.fromkeys(days)) or '1'} * *"

    def _is_ordinal(self, *, ahead: bool = False) -> bool:
        """Say whether a day of the month is next, perhaps behind ``on the``."""
        words = self._words[self._at :]
        words = [word for word in words if word not in ("on", "the")] if ahead else words
        return bool(words) and bool(re.fullmatch(r"first|last|\d+(st|nd|rd|th)", words[0]))

    def _ordinal(self) -> str:
        word = self._next()
        if word == "first":
            return "1"
        number = int(re.sub(r"\D", "", word) or 0)
        if not 1 <= number <= 31:  # noqa: PLR2004 - days of a month
            raise self._odd(f'"{word}"', "a day of the month from 1st to 31st; cron knows no last day")
        return str(number)

    def _is_clock(self) -> bool:
        word = self._peek()
        return word in _TIMES or (bool(_CLOCK.fullmatch(word)) and not word.isdigit())

    def _clocks(self) -> str:
        """Read ``at 9:00 and 17:00`` as minute and hours of a cron expression; no time is midnight."""
        said = self._take("at")
        found: list[tuple[int, int]] = []
        while self._is_clock() or (said and self._peek().isdigit()):
            found.append(self._clock(self._next()))
            while self._peek() in _FILLERS and self._at + 1 < len(self._words):
                self._next()
        if said and not found:
            raise self._odd(f'"{self._peek()}"' if self._peek() else "no time", 'a time: "at 10:00"')
        found = found or [(0, 0)]
        if len({minute for _, minute in found}) > 1:
            raise self._odd("times of different minutes", 'one minute for all: "at 9:00 and 17:00"')
        hours = sorted({hour for hour, _ in found})
        return f"{found[0][1]} {','.join(map(str, hours))}"

    def _clock(self, word: str) -> tuple[int, int]:
        if word in _TIMES:
            return _TIMES[word]
        match = _CLOCK.fullmatch(word)
        hour, minute, half = (int(match[1]), int(match[2] or 0), match[3]) if match else (-1, 0, None)
        most = _HALF if half else 23
        if not (bool(half) <= hour <= most and minute < _UNITS["minute"]):
            raise self._odd(f'"{word}"', "a time from 0:00 to 23:59, or such as 9:30 pm")
        return (hour % _HALF + (_HALF if half == "pm" else 0) if half else hour), minute

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def _take(self, *words: str) -> bool:
        """Go past the next word if it is one of these."""
        taken = bool(self._peek()) and self._peek() in words
        self._at += taken
        return taken

    def _odd(self, found: str, expected: str = EXPECTED, hint: str = "") -> OddSchedule:
        where = "" if found.strip('"') == self._text else f" in {quoted(self._text)}"
        return OddSchedule(f"{found}{where}", expected, hint)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and word[:-1] in (*_DAY_SETS, *_UNITS, "month") else word
