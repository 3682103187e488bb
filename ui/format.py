"""Words and numbers as they stand on screen: one way to write a count, a duration, a share, a change and a date.

Stored units (seconds, meters, cents) come in and never leave. Text carries a true minus sign; a missing value is "-", never zero.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

MISSING = "-"
MINUS = "\N{MINUS SIGN}"
ALL_MALLS = "All open malls"
ALL_MARKETS = "All markets"
STATUS_WORDS = {"open": "Open", "candidate": "Candidate", "closed": "Closed"}

_LONGEST_QUOTE = 60
LONGEST_NAME = 26
"""Characters of a name in a picture that is narrow."""
_LOOSE = re.compile(r"(?<=\d) (?=%|min\b|pts\b|h\b|M\b|people\b|orders\b)|(?<=\bn) (?=\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name without its middle where it would take a picture's room: names of one chain differ at their ends.

    What it names stands whole in the table beside the picture.
    """
    return name if len(name) <= longest else _without_middle(name, longest, longest // 3)


def shortened(names: Iterable[str], longest: int = LONGEST_NAME) -> dict[str, str]:
    """Return every name as ``short`` writes it; different names that it would write alike are cut elsewhere, or later, until they differ.

    For whatever stands side by side on a page: two malls of one name would be taken for one.
    """
    written = {name: short(name, longest) for name in names}
    alike: dict[str, list[str]] = {}
    for name, text in written.items():
        alike.setdefault(text, []).append(name)
    for group in alike.values():
        written |= _apart(group, longest) if len(group) > 1 else {}
    return written if len(set(written.values())) == len(written) else {name: name for name in written}


def _apart(names: Sequence[str], longest: int) -> dict[str, str]:
    """Return names cut at the place nearest to that of ``short`` at which they differ, as short as they can be then."""
    for length in range(longest, max(map(len, names))):
        for tail in sorted(range(1, length - 1), key=partial(_away_from, length // 3)):
            cut = {name: name if len(name) <= length else _without_middle(name, length, tail) for name in names}
            if len(set(cut.values())) == len(names):
                return cut
    return {name: name for name in names}


def _away_from(usual: int, tail: int) -> int:
    return abs(tail - usual)


def _without_middle(name: str, longest: int, tail: int) -> str:
    return f"{name[: longest - 1 - tail].rstrip()}\N{HORIZONTAL ELLIPSIS}{name[-tail:].lstrip()}"


def whole(value: int | None) -> str:
    """Return a count with thousands separated: ``12,480``."""
    return MISSING if value is None else f"{value:,}".replace("-", MINUS)


def compact(value: int | None) -> str:
    """Return a count for a tile: in full below 10,000, then ``12.5k`` and ``2.27M``."""
    if value is None or abs(value) < 10_000:
        return whole(value)
    if abs(value) < 999_500:
        text = f"{value / 1e3:.1f}" if abs(value) < 99_950 else f"{value / 1e3:.0f}"
        return f"{text.replace('-', MINUS)}k"
    return f"{value / 1e6:.2f}M".replace("-", MINUS)


def quoted(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Return what a link says as it stands in a sentence: shortened, and without the power of Markdown to be a link or a picture."""
    cut = text if len(text) <= longest else f"{text[:longest]}\N{HORIZONTAL ELLIPSIS}"
    return re.sub(r"([\\`*\[\]<>$~:])", r"\\\1", " ".join(cut.split()))


def unbroken(text: str, *, with_ranges: bool = False) -> str:
    """Return a text in which numbers keep their units at the end of a line, and where there is little room ranges stay whole too.

    No line begins with a percent sign. What joins a range is invisible, and goes along when somebody copies it.
    """
    kept = _LOOSE.sub("\N{NO-BREAK SPACE}", text)
    return re.sub(r"(?<=\d)-(?=\d)", "-\N{WORD JOINER}", kept) if with_ranges else kept


def in_words(value: int | None) -> str:
    """Return people or orders as a sentence has them: ``9,480``, ``84,000``, ``2.27 M``; three digits carry the news."""
    if value is None or abs(value) < 10_000:
        return whole(value)
    if abs(value) < 999_500:
        digits = 3 - len(str(abs(value)))
        return whole(round(value, digits))
    return f"{value / 1e6:.2f} M".replace("-", MINUS)


def duration(seconds: float | None, *, decimals: int = 0) -> str:
    """Return seconds as ``42 min``, above two hours as ``2 h 05 min``; a decimal only in tables and differences."""
    if seconds is None:
        return MISSING
    if decimals:
        return f"{seconds / 60:.{decimals}f} min".replace("-", MINUS)
    minutes = _half_up(seconds / 60)
    if abs(minutes) <= 120:
        return f"{minutes} min".replace("-", MINUS)
    sign = MINUS if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours} h {rest:02d} min"


def percent(share: float | None, *, decimals: int = 1) -> str:
    """Return a share from 0 to 1 as ``91.4 %``."""
    return MISSING if share is None else f"{100 * share:.{decimals}f} %".replace("-", MINUS)


def points(difference: float | None) -> str:
    """Return a difference of two shares in percentage points, signed: ``+1.8 pts``; never in percent."""
    return MISSING if difference is None else f"{_signed(100 * difference)} pts"


def minutes_change(seconds: float | None) -> str:
    """Return a difference of two durations, signed, with one decimal: ``+1.5 min``."""
    return MISSING if seconds is None else f"{_signed(seconds / 60)} min"


def relative_change(now: float | None, before: float | None) -> str:
    """Return the growth of a count in percent, signed: ``+12.0 %``; missing where there was nothing before."""
    if now is None or not before:
        return MISSING
    return f"{_signed(100 * (now - before) / before)} %"


def driver_hours(hours: float | None) -> str:
    """Return hours of drivers as ``118 h``, below ten ``9.4 h``."""
    if hours is None:
        return MISSING
    return (f"{hours:.1f} h" if abs(hours) < 9.95 else f"{hours:,.0f} h").replace("-", MINUS)


def money(cents: int | None) -> str:
    """Return cents as ``$7.42``."""
    if cents is None:
        return MISSING
    sign = MINUS if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def money_change(cents: float | None) -> str:
    """Return a difference of two amounts, signed: ``+$0.32``; what rounds to no cent has no sign."""
    if cents is None:
        return MISSING
    whole_cents = round(cents)
    return f"{'+' if whole_cents > 0 else ''}{money(whole_cents)}"


def n(count: int | None) -> str:
    """Return the sample size as it stands beside a rate: ``n 2,481``."""
    return f"n {whole(count)}"


def interval(low: float | None, high: float | None, *, decimals: int = 1) -> str:
    """Return an interval as one text, low and high in the unit of their column: ``89.9-92.7``."""
    if low is None or high is None:
        return MISSING
    return f"{low:.{decimals}f}-{high:.{decimals}f}"


def day(value: date | None, *, today: date | None = None) -> str:
    """Return ``Mon 9 Nov``, with the year when it is not this one."""
    if value is None:
        return MISSING
    text = f"{_WEEKDAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]}"
    return text if value.year == _this_year(today) else f"{text} {value.year}"


def day_range(start_on: date, end_on: date, *, today: date | None = None) -> str:
    """Return the days from ``start_on`` up to but without ``end_on``: ``9-15 Nov``, ``26 Oct-15 Nov``, with the year when not this one."""
    last = max(start_on, end_on - timedelta(days=1))
    month, last_month = _MONTHS[start_on.month - 1], _MONTHS[last.month - 1]
    tail = "" if last.year == _this_year(today) else f" {last.year}"
    if start_on == last:
        return f"{last.day} {last_month}{tail}"
    if (start_on.year, start_on.month) == (last.year, last.month):
        return f"{start_on.day}-{last.day} {last_month}{tail}"
    head = f"{start_on.day} {month}" if start_on.year == last.year else f"{start_on.day} {month} {start_on.year}"
    return f"{head}-{last.day} {last_month}{tail or (f' {last.year}' if start_on.year != last.year else '')}"


def instant(text: str) -> str:
    """Return an ISO instant as ``Sun 15 Nov 2026, 13:05 UTC``."""
    moment = datetime.fromisoformat(text)
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"


def hour(value: int) -> str:
    """Return an hour of the day as ``5 pm``."""
    return f"{value % 12 or 12} {'am' if value % 24 < 12 else 'pm'}"


def weekday(dow: int) -> str:
    """Return a weekday, 1 Monday to 7 Sunday, as ``Fri``."""
    return _WEEKDAYS[dow - 1]


def size(count: int) -> str:
    """Return bytes as ``12.4 MB``."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 order``, ``3 orders``, ``1,204 households``."""
    return f"{whole(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(names: list[str]) -> str:
    """Return ``A``, ``A and B``, ``A, B and C``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _signed(value: float) -> str:
    """Return one decimal with a sign; what rounds to zero has none."""
    text = f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)


def _half_up(value: float) -> int:
    """Return the nearest whole number, halves away from zero: 42.5 minutes are 43, never 42."""
    return int(abs(value) + 0.5) * (1 if value >= 0 else -1)


def _this_year(today: date | None) -> int:
    return (today or date.today()).year  # noqa: DTZ011 - the year the reader lives in, not an instant


def hour_of_week(place: tuple[int, int]) -> str:
    """Return a weekday (1 Monday to 7 Sunday) and an hour as ``Fri 5 pm``."""
    return f"{weekday(place[0])} {hour(place[1])}"
