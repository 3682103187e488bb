"""The options that make a question of a metric, and the parameters that they mean."""

import argparse
import shlex
from typing import Final

from analytics import catalog
from analytics.commands.options import day, in_words, minutes, names, permille
from analytics.errors import ParameterError
from analytics.parameters import WEIGHTS, Parameters
from data.text import Parser, whole_number

FIELDS: Final = {
    "market": "market_id",
    "mall": "mall_id",
    "start": "start_on",
    "end": "end_on",
    "within": "within_s",
    "weight": "weight",
    "resolution": "resolution",
    "dow": "dow",
    "hour": "hour",
    "service": "service_s",
    "handling": "handling_cents",
    "surcharge": "surcharge_cents",
    "commission": "commission_cents",
    "attraction": "attraction_permille",
    "decay": "decay_permille",
    "outside": "outside_permille",
}
"""Option, and the field of ``Parameters`` that it sets."""


_MINUTES, _PERMILLE = ("within_s", "service_s"), ("attraction_permille", "decay_permille", "outside_permille")


def add_question(parser: Parser) -> None:
    """Add the metric's name, its filters, groups and options."""
    parser.add_argument("name", metavar="NAME", help="metric, as in the command list")
    parser.add_argument("--market", metavar="ID", help="only this market")
    parser.add_argument("--mall", metavar="ID", help="only this mall")
    parser.add_argument("--from", dest="start", type=day, metavar="DAY", help="first local day of the period, such as 2026-03-02")
    parser.add_argument("--to", dest="end", type=day, metavar="DAY", help="first local day after the period, such as 2026-03-09")
    parser.add_argument("--by", type=names, default=(), metavar="A,B", help="groups, such as mall,week; the command list names them")
    parser.add_argument("--within", type=minutes, metavar="MIN", help="drive time standard in minutes, 1 to 45 (default: 20)")
    parser.add_argument("--weight", choices=WEIGHTS, help="who is counted as demand (default: population)")
    parser.add_argument("--resolution", type=whole_number, metavar="R", help="H3 resolution of rows by cell, 4 to 9 (default: 9)")
    parser.add_argument("--dow", type=whole_number, metavar="D", help="only this local weekday, 1 Monday to 7 Sunday")
    parser.add_argument("--hour", type=whole_number, metavar="H", help="only this local hour, 0 to 23")
    parser.add_argument("--service", type=minutes, metavar="MIN", help="click-to-door standard in minutes, 5 to 1440 (default: 60)")
    parser.add_argument("--attraction", type=permille, metavar="A", help="exponent of a mall's stores (default: fitted on the orders)")
    parser.add_argument("--decay", type=permille, metavar="B", help="exponent of the drive (default: fitted on the orders)")
    parser.add_argument("--outside", type=permille, metavar="W", help="weight of ordering from no mall (default: fitted on the orders)")
    parser.add_argument("--handling", type=whole_number, metavar="CENTS", help="handling cost of a delivered order, cents")
    parser.add_argument("--surcharge", type=whole_number, metavar="CENTS", help="surcharges of a delivered order, cents")
    parser.add_argument("--commission", type=whole_number, metavar="CENTS", help="commission earned by a delivered order, cents")


def parameters(options: argparse.Namespace) -> Parameters:
    """Return the parameters of the options given.

    Raises
    ------
    UnknownMetric, ParameterError
        If there is no such metric, or an option was given that this question would not look at.
    """
    metric = catalog.metric(options.name)
    given = {field: getattr(options, option) for option, field in FIELDS.items() if getattr(options, option) is not None}
    asked = Parameters(by=options.by, **given)
    for option, field in FIELDS.items():
        if field in given and not metric.depends(field, asked):
            rows = " without --by cell" if metric.uses(field) else ""
            raise ParameterError(f"{metric.id}{rows} does not depend on --{_shown(option)}; leave it out")
    return asked


def written(metric: catalog.Metric, asked: Parameters) -> str:
    """Return the command that asks a question: ``python -m analytics metric orders --market las-vegas --by day``.

    Parameters
    ----------
    metric, asked
        What is asked, as an answer says it: parameters that the metric does not use are at their defaults.
    """
    default = Parameters()
    words = ["python", "-m", "analytics", "metric", metric.id]
    for option, field in FIELDS.items():
        value = getattr(asked, field)
        if value != getattr(default, field) and metric.depends(field, asked):
            words += in_words(_shown(option), _text(field, value))
    if asked.by:
        words += ["--by", ",".join(asked.by)]
    return shlex.join(words)


def _shown(option: str) -> str:
    return {"start": "from", "end": "to"}.get(option, option)


def _text(field: str, value: object) -> str:
    """Return a value as the option of its field takes it: minutes, thousandths as a number, days as they are written."""
    if isinstance(value, int) and field in _MINUTES:
        return f"{value / 60:.10g}"
    return f"{value / 1000:.10g}" if isinstance(value, int) and field in _PERMILLE else str(value)
