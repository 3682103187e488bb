"""Where the figures of Candidates come from: the score, the metrics behind criteria, and the command that gives the same."""

import json
import shlex

from analytics import catalog
from analytics.answers import query
from analytics.choosing.criteria import BY_ID
from analytics.choosing.ranking import SHOWN, in_units
from analytics.choosing.scenario import KEYS
from analytics.commands.options import in_words
from analytics.commands.question import written
from analytics.models.scores import WEIGHTINGS
from analytics.parameters import Parameters
from ui import format as write
from ui.candidates.asked import Asked
from ui.source import Behind, definition
from ui.view import View


def of_table(view: View, by: Asked) -> list[Behind]:
    """Return what stands behind the ranked table: score and ranks, reach, what is taken, and the forecasts."""
    return [_score(view, by), *_metrics(view, by), _forecasts(view, by)]


def of_map(view: View, by: Asked) -> list[Behind]:
    """Return what stands behind the map: people whom the opened place would newly reach, or one criterion."""
    return _metrics(view, by) if by.criterion is None else of_table(view, by)


def command(view: View, by: Asked) -> str:
    """Return the command that prints the same ranking."""
    texts = by.scenario.texts
    options = [word for key in KEYS if key in texts and key != "pins" for word in in_words(key, texts[key])]
    pins = [word for row in json.loads(texts.get("pins", "[]")) for word in in_words("pin", json.dumps(row, ensure_ascii=False))]
    return shlex.join(["python", "-m", "analytics", "rank", *options, *pins, "--version", view.version.id])


def _score(view: View, by: Asked) -> Behind:
    rows = [
        f"- {BY_ID[name].label}: weight {weight}, 0 at {in_units(by.ranked.scales[name].worst, BY_ID[name].unit)}, "
        f"100 at {in_units(by.ranked.scales[name].ideal, BY_ID[name].unit)}; {BY_ID[name].source}"
        for name, weight in by.ranked.weights.items()
    ]
    listed = "\n".join(rows)
    return Behind(
        title="Score and ranks",
        definition=(
            "**Score.** Weighted mean of criteria scaled straight between fixed anchors, 0 to 100 (Keeney and Raiffa 1976). Anchors never "
            f"come from the malls compared.\n\n{listed}\n\n**In the top 3.** Share of {WEIGHTINGS:,} weightings under which a mall is "
            "among the first three: rank acceptability (SMAA-2, Lahdelma and Salminen 2001)."
        ),
        rows=f"{write.counted(len(by.ranked.rows), 'candidate')}, made of the figures behind the other entries.",
        command=command(view, by),
    )


def _metrics(view: View, by: Asked) -> list[Behind]:
    return [_metric(view, by, "coverage_by_mall"), _metric(view, by, "cannibalization")]


def _metric(view: View, by: Asked, name: str) -> Behind:
    """Return what stands behind a modelled criterion: the query is shown, not run, because the page counts the same with pins."""
    terms, market_id = by.scenario.terms, by.home(view).id
    metric = catalog.metric(name)
    asked = metric.understood(Parameters(market_id=market_id, within_s=terms.within_s, weight=terms.weight))
    by_hand = f"{written(metric, asked)} --version {view.version.id}"
    return Behind(
        title=metric.label,
        definition=definition(metric),
        rows="A row a mall of the market; pins are counted by the same definition, with drives of the model that made the malls'.",
        sql=query(name, asked, view.scope, view.version),
        command=by_hand,
    )


def _forecasts(view: View, by: Asked) -> Behind:
    named = ", ".join(BY_ID[name].label for name in SHOWN if by.ranked.measured[name].low)
    opened = by.opened.id if by.opened is not None and not by.opened.is_pin else "MALL"
    dashed = ["--"] if opened.startswith("-") else []  # an id such as -m7 would be taken for an option
    return Behind(
        title="Forecasts",
        definition=(
            f"**{named or 'Forecasts'}.** Carried over from the pilots: demand by people and drives around them, times and pay by their "
            "own orders with the drive of the new mall. The range is meant for 8 of 10 malls; its back-test stands with the forecast."
        ),
        rows="Orders of the open malls in the last 13 weeks.",
        command=shlex.join(["python", "-m", "analytics", "forecast", "--version", view.version.id, *dashed, opened]),
    )
