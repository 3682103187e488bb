"""``python -m analytics.docs [--check]``: write ``docs/metrics.md`` from the catalog, or tell that it is stale."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from analytics.catalog import METRICS, Metric
from analytics.catalog.shown import pages_of
from analytics.dimensions import DIMENSIONS
from analytics.privacy import DISPLAY_K, DRIVER_K

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"

_INTRO = f"""\
# Metrics

Written from the catalog by `python -m analytics.docs`; edit the definitions, not this page.

**Asking.** `python -m analytics metric NAME` answers on the command line, every page of the app asks the same way, and `--sql` prints the
query: run by hand on the same version it gives the same integers. Periods are market-local days, the start included, the end excluded; an
order belongs to the period in which it was placed.

**Counting.** Definitions return integers. Shares (`share` = numerator / denominator), Wilson's 95 percent bounds of observed shares (`low`,
`high`), means (`mean_s` = sum / n) and cell areas (`cell_area_m2`) are made from them afterwards. A share over several groups is the sum of
numerators over the sum of denominators; percentiles are nearest rank and do not add up.

**Rows that lack something.** An order without a mall counts in its market and, in a table by mall, in the row whose `mall_id` is empty;
with a mall chosen it does not count. The same holds for an unknown store, cell or hour. An order whose market is unknown has no local
day: it counts as long as no period is chosen, and is reported as left out otherwise. Orders without the events that a metric needs are left
out and reported with every answer.

**Ratios.** Where numerator and denominator are no counts of the same rows, such as cents over orders or orders over seconds, `rate` is
their ratio in the unit given. Seconds, meters and cents of one driver are not independent of each other, so that 95 percent bounds of such
ratios come from the spread between drivers (Cochran 1977, Sampling Techniques, chapter 6), where they are given at all.

**Hours of shifts.** `shift_activity` has each hour of a shift once as part of the whole, and once for every mall whose driver's shift it
is: a question of a mall, or by mall, counts the latter, any other question the former. Malls therefore do not add up to their market.

**Hidden rows.** A row with fewer than {DISPLAY_K} distinct customers behind it (orders, where the customer is unknown), or with fewer
than {DRIVER_K} drivers behind figures of drivers, is marked `suppressed` and has no values; a figure of customers and drivers needs enough
of both. In other rows a part, such as cancelled orders or one stage, with too few people of its own is empty, and so is the next smallest
part where the first would follow from a total. Where all hidden rows together have so few people, the number of rows behind the table is
not told, and the share in hidden rows only as what it is at most. Zero is no secret and is shown. Modelled metrics count residents of
public statistics; no customer stands behind them.

**Files.** Exported columns carry the metric's id and their unit, such as `click_to_door_p90_s`; H3 cells are hexadecimal text; rows of
made-up data say `synthetic` in the column `data`.
"""


def page() -> str:
    """Return the text of ``docs/metrics.md``."""
    dimensions = "\n".join(f"- `{name}`: column `{column}`" for name, column in DIMENSIONS.items())
    sections = "\n".join(section(metric) for metric in METRICS)
    return f"{_INTRO}\n**Groups** (`--by`), and the column each makes:\n\n{dimensions}\n\n{_overview()}\n{sections}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or with ``--check`` return 1 if it is stale."""
    parser = argparse.ArgumentParser(prog="python -m analytics.docs", description="Write docs/metrics.md from the catalog.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is stale")
    options = parser.parse_args(arguments)
    if not options.check:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text("utf-8") == page():
        return 0
    sys.stderr.write("docs/metrics.md is stale; run `python -m analytics.docs`\n")
    return 1


def _overview() -> str:
    rows = "\n".join(
        f"| [`{each.id}`](#{each.id}) | {each.label} | {each.unit} | {_better(each)} | {'modelled' if each.modelled else 'observed'} |"
        for each in METRICS
    )
    return f"| metric | on screen | unit | better | |\n|---|---|---|---|---|\n{rows}\n"


def section(metric: Metric) -> str:
    """Return what is known of a metric, as Markdown: definition, formula, unit, source, pages, changes, rows and columns."""
    facts = {
        "On screen": f"{metric.label}. {metric.help}",
        "Formula": f"`{metric.formula}`",
        "Unit": metric.unit,
        "Better": _better(metric),
        "Seen or modelled": "modelled" if metric.modelled else "observed",
        "Source": metric.source,
        "Tables": ", ".join(f"`{name}`" for name in metric.tables),
        "Groups": ", ".join(f"`{name}`" for name in metric.dimensions) or "none; its rows are fixed",
        "Options": ", ".join(f"`{name}`" for name in sorted(metric.options - {"by"})) or "none",
        "Left out and reported": metric.left_out or "nothing",
        "Classes on maps": "; ".join(f"`{column}` {', '.join(f'{limit:g}' for limit in limits)}" for column, limits in metric.breaks)
        or "none fixed",
        "Shown on": ", ".join(pages_of(metric.id)),
        "Version of the definition": str(metric.version),
    }
    lines = "\n".join(f"- **{name}**: {text}" for name, text in facts.items())
    return (
        f"## {metric.id}\n\n{definition_in_full(metric)}\n\n{lines}\n\n{_history(metric)}Rows and columns:\n\n{columns_in_words(metric)}\n"
    )


def _history(metric: Metric) -> str:
    """Return what changed in the definition, the newest change last; nothing for a first version."""
    changes = "\n".join(f"- version {number}, {each.on}: {each.text}" for number, each in enumerate(metric.changes, start=2))
    return f"Changes of the definition:\n\n{changes}\n\n" if changes else ""


def definition_in_full(metric: Metric) -> str:
    """Return the definition of a metric, from its docstring, as Markdown."""
    return _docstring(metric).split("\nParameters\n----------\n", 1)[0].strip()


def columns_in_words(metric: Metric) -> str:
    """Return what stands in the rows and columns of a metric's answers, from its docstring, as Markdown."""
    returned = _docstring(metric).split("\nReturns\n-------\n", 1)[1].split("\n", 1)[1]
    return "\n".join(line.removeprefix("    ") for line in returned.splitlines()).strip()


def _docstring(metric: Metric) -> str:
    return metric.definition.replace("``", "`")


def _better(metric: Metric) -> str:
    return {"up": "higher", "down": "lower", "none": "neither"}[metric.direction]


if __name__ == "__main__":
    sys.exit(main())
