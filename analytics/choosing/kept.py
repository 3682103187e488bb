"""Scenarios kept beside the data, under names; the text that is kept is the one that can be sent."""

from pathlib import Path
from typing import Final

from analytics.choosing.scenario import Scenario, received, shared
from analytics.errors import ParameterError
from data.saved import Saved
from data.warehouse import Version

KIND: Final = "scenarios"


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
