"""A place of one's own joins the scenario."""

from analytics.choosing.scenario import pin_at, pins_text, with_pin
from analytics.choosing.sites import CANDIDATE, Site, reach
from analytics.errors import ParameterError
from ui.candidates.asked import SITE, Asked, change
from ui.view import View


def drop(view: View, by: Asked, name: str, place: tuple[float, float], *, stores: int | None = None) -> None:
    """Add a place to the scenario and open it.

    Parameters
    ----------
    view, by
        Its market is the one that the map shows.
    name, place, stores
        Name, latitude and longitude in degrees, and stores where they are known.

    Raises
    ------
    ParameterError
        If it is none, or nobody lives within 45 minutes of it.
    """
    market = by.home(view)
    pin = pin_at(name, *place, market.id, stores)
    site = Site(pin.id, market.id, pin.name, CANDIDATE, pin.latitude, pin.longitude, is_pin=True)
    if not reach(view.version, [site]).reached.any():
        raise ParameterError(f"nobody of {market.name} lives within 45 minutes of {pin.latitude:.4f}, {pin.longitude:.4f}")
    change(view, pins=pins_text(with_pin(by.scenario, pin).pins), **{SITE: pin.id})
