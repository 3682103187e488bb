"""Scenarios kept beside the data, under names; the text that is kept is the one that can be sent."""

import hashlib
from pathlib import Path
from typing import Final

from analytics.choosing.scenario import Scenario, received, shared
from analytics.errors import ParameterError
from data.saved import MOST, Saved
from data.warehouse import Version

KIND: Final = "scenarios"
_PLACES: Final = "places"
_ASIDE: Final = "@"
LONGEST_IN_ADDRESS: Final = 1_500
"""Places that take more letters than this are kept beside the data, and an address names them by their hash."""


def keep(root: Path, name: str, chosen: Scenario, *, may_replace: bool = False) -> None:
    """Keep a scenario under a name.

    Raises
    ------
    WarehouseError
        If the name is none or taken, or the folder cannot be written.
    """
    Saved(root, KIND).save(name, shared(chosen, name), may_replace=may_replace)


def kept(root: Path) -> dict[str, Scenario | None]:
    """Return the kept scenarios by name; None for one that another release made and this one cannot read."""
    return {item.name: _read(item.text) for item in Saved(root, KIND).items()}


def _read(text: str) -> Scenario | None:
    try:
        return received(text)[1]
    except ParameterError:
        return None


def forget(root: Path, name: str) -> None:
    """Delete a kept scenario.

    Raises
    ------
    WarehouseError
        If there is none, or the folder cannot be written.
    """
    Saved(root, KIND).delete(name)


def scenario_named(version: Version, name: str) -> tuple[str, Scenario]:
    """Return the scenario of that name, or that of a file of that path, and what it is called.

    Raises
    ------
    ParameterError
        If a file is none.
    WarehouseError
        If there is neither.
    """
    path = Path(name)
    if path.suffix == ".json" and path.is_file():
        try:
            return received(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(f"{path}: cannot be read as text") from error
    item = Saved(version.root, KIND).item(name)
    return item.name, received(item.text)[1]


def put_aside(root: Path, pins: str) -> str:
    """Return a text of pins as an address may have it: itself, or where it is long the name under which it was kept.

    Raises
    ------
    WarehouseError
        If it cannot be kept.
    """
    if len(pins) <= LONGEST_IN_ADDRESS:
        return pins
    name, saved = hashlib.sha256(pins.encode()).hexdigest()[:16], Saved(root, _PLACES)
    items = saved.items()
    if len(items) >= MOST:  # the oldest makes room: nobody sees these names, and scenarios hold their own places
        saved.delete(min(items, key=lambda item: (item.saved_at, item.name)).name)
    saved.save(name, pins, may_replace=True)
    return f"{_ASIDE}{name}"


def taken_back(root: Path, pins: str) -> str:
    """Return the pins that a text of an address means.

    Raises
    ------
    WarehouseError
        If they were kept beside the data and are no longer there.
    """
    return Saved(root, _PLACES).item(pins.removeprefix(_ASIDE)).text if pins.startswith(_ASIDE) else pins
