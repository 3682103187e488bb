"""A guess for files that join data already loaded: its markets are there, and none is made up beside them."""

from dataclasses import replace

from data.guess import Guess, GuessedColumn, GuessedFeed, Remark
from data.manifest import Manifest

_DEMAND = ("demand_areas", "demand_cells")


def among(guess: Guess, markets: tuple[str, ...], manifest: Manifest) -> Guess:
    """Return a guess as it fits data that is loaded already.

    Parameters
    ----------
    guess
        What files seem to hold, looked at alone.
    markets
        Ids of the loaded markets; none: the guess stays as it is.
    manifest
        Manifest of the version that serves: what it has is not missing.

    Returns
    -------
    Guess
        Without markets made of constants. A constant that names one of them is left out where a market follows from the mall, else it names
        a loaded market, with a question.
    """
    if not markets:
        return guess
    feeds = tuple(_with_loaded_market(each, markets) for each in guess.feeds if each.source or each.table.name != "markets")
    loaded = [name for name in manifest.tables if manifest.rows(name)]
    starts = tuple([f"no {name}:" for name in loaded] + (["no demand"] if any(manifest.rows(name) for name in _DEMAND) else []))
    return replace(
        guess, feeds=feeds, missing=tuple(each for each in guess.missing if not each.startswith(starts)) if starts else guess.missing
    )


def _with_loaded_market(guessed: GuessedFeed, markets: tuple[str, ...]) -> GuessedFeed:
    constants = guessed.feed.constants
    if guessed.table.name == "markets" or constants.get("market_id", markets[0]) in markets:
        return guessed
    others = {name: value for name, value in constants.items() if name != "market_id"}
    if not guessed.table.column("market_id").required:
        return replace(guessed, feed=replace(guessed.feed, constants=others))
    question = Remark(f"which market do these rows belong to? There are {', '.join(markets)}", "constants")
    return replace(guessed, feed=replace(guessed.feed, constants={"market_id": markets[0], **others}), remarks=(*guessed.remarks, question))


def with_constant(guess: Guess, place: int, column: str, value: str | None) -> Guess:
    """Return the guess with the same value in every row of a column of one feed (by its place in ``feeds``); None takes it out."""
    feed = guess.feeds[place]
    constants = {name: each for name, each in feed.feed.constants.items() if name != column}
    columns = {name: each for name, each in feed.feed.columns.items() if name != column or value is None}
    if value is not None:
        constants[column] = value
    kept: tuple[GuessedColumn, ...] = tuple(each for each in feed.columns if each.column.name in columns)
    changed = replace(feed, feed=replace(feed.feed, constants=constants, columns=columns), columns=kept)
    return replace(guess, feeds=tuple(changed if number == place else each for number, each in enumerate(guess.feeds)))
