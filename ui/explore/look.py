"""What a page run of Explore draws: the reader's view and choice, what was found, and the names of its groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analytics.catalog import Metric
from analytics.explore import Explored
from analytics.figures import Figure
from ui import near
from ui.explore import words
from ui.explore.choice import Choice, beside_words
from ui.view import View

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Look:
    """What is drawn."""

    view: View
    choice: Choice
    found: Explored

    @cached_property
    def groups(self) -> words.Groups:
        """Names of groups."""
        return words.Groups(self.view.version)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Rows found, in their order."""
        rows: list[dict[str, Any]] = self.found.table.to_pylist()
        return rows

    @cached_property
    def told(self) -> list[dict[str, Any]]:
        """Rows that carry the figure."""
        return [row for row in self.rows if row[self.figure.column] is not None]

    @property
    def metric(self) -> Metric:
        """Metric shown."""
        return self.choice.metric

    @property
    def figure(self) -> Figure:
        """Figure shown."""
        return self.found.figure

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that name a row."""
        return self.choice.columns

    @property
    def before(self) -> str:
        """What is compared, in words; empty where nothing is."""
        return beside_words(self.view, self.choice.asked.beside) if self.choice.asked.beside else ""

    @cached_property
    def near(self) -> dict[int, str]:
        """Place that each cell lies in, of those of which a name is known."""
        cells = sorted({row["cell"] for row in self.rows if row["cell"] is not None}) if "cell" in self.columns else []
        return {cell: name for cell, name in zip(cells, near.of_cells(cells), strict=True) if name}

    def name(self, row: Row, *columns: str) -> str:
        """Return a row's group in words, by all columns that name it or by some; a cell with the place that it lies in."""
        wanted = columns or self.columns
        place = [self.near[row["cell"]]] if "cell" in wanted and row["cell"] in self.near else []
        return ", ".join([*place, self.groups.row(row, wanted)])

    def on_screen(self, row: Row, column: str = "") -> float | None:
        """Return a value of the figure, or of one of its bounds, in the unit on screen."""
        return words.on_screen(self.figure, row.get(column or self.figure.column))

    def value(self, row: Row) -> str:
        """Return the figure of a row as it stands in a sentence."""
        return words.value(self.metric, self.figure, row[self.figure.column])
