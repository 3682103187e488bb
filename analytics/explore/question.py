"""One question of the Explore page, as a value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from analytics.answers import Answer
from analytics.parameters import Parameters

Order = Literal["most", "least", "change", "groups"]
ORDERS: Final[tuple[Order, ...]] = ("most", "least", "change", "groups")
Value = str | int | date | None
Ask = Callable[[str, Parameters], Answer]


@dataclass(frozen=True)
class Beside:
    """What rows are compared with: the same question over other days, or, ``is_of_mall``, at another mall (None: all of the market)."""

    start_on: date | None = None
    end_on: date | None = None
    mall_id: str | None = None
    is_of_mall: bool = False


@dataclass(frozen=True)
class Exploration:
    """One question of the Explore page.

    Attributes
    ----------
    metric
        Id in the catalog.
    parameters
        Filters and options; ``by`` are the dimensions shown.
    column
        Figure that is shown, ranked and compared; empty: the leading one.
    only
        One value for each of further dimensions: the rows of that group alone. The answer is grouped by these too, so that every row of it
        stands for enough people, whatever is picked.
    beside
        What it is compared with; None: nothing.
    top
        How many rows are kept, from the first one on; 0: all.
    order
        By the figure, the ``most`` or the ``least`` first; by ``change``, the largest either way first; or by the ``groups`` themselves.
    """

    metric: str
    parameters: Parameters
    column: str = ""
    only: tuple[tuple[str, Value], ...] = ()
    beside: Beside | None = None
    top: int = 20
    order: Order = "most"

    @property
    def picks(self) -> tuple[str, ...]:
        """Dimensions of which one value is picked."""
        return tuple(dimension for dimension, _ in self.only)

    @property
    def by(self) -> tuple[str, ...]:
        """Dimensions that the answer is grouped by: those shown, and those of which one value is picked."""
        return tuple(dict.fromkeys((*self.parameters.by, *self.picks)))

    @property
    def before(self) -> Parameters:
        """Parameters of what is compared.

        Raises
        ------
        ValueError
            If nothing is.
        """
        if self.beside is None:
            raise ValueError("nothing is compared")
        if self.beside.is_of_mall:
            market_id = None if self.beside.mall_id else self.parameters.market_id  # a mall is in a market of its own
            return replace(self.parameters, mall_id=self.beside.mall_id, market_id=market_id)
        return replace(self.parameters, start_on=self.beside.start_on, end_on=self.beside.end_on)
