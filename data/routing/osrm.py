"""A routing server that speaks OSRM's table service: for those who run one. Asked for a mall's drives in batches."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from data.cells import Floats
from data.errors import SourceError
from data.routing.graph import FARTHEST_SNAP_M
from data.travel_time.models import Cells, Place

BATCH: Final = 99
"""Cells in one request: with the mall in front 100 points, the most that a server allows unless told otherwise."""

_TIMEOUT_S = 60


@dataclass(frozen=True)
class Osrm:
    """Drives as a server tells them.

    Attributes
    ----------
    url
        Address of the server, ``http://127.0.0.1:5000``; the profile is ``driving``.
    """

    url: str
    source: str = "osrm"

    def __post_init__(self) -> None:
        """Refuse what is no address of a server."""
        if not self.url.startswith(("http://", "https://")):
            raise SourceError(f"{self.url}: not the address of a server; it begins with http:// or https://")

    def seconds(self, mall: Place, cells: Cells) -> Floats:
        """Return drives from a mall to cells; NaN where there is no way, or no road within 400 m.

        Raises
        ------
        SourceError
            If the server does not answer, or refuses.
        """
        found = [self._batch(mall, cells, first) for first in range(0, len(cells.cell), BATCH)]
        return np.concatenate(found) if found else np.empty(0)

    def _batch(self, mall: Place, cells: Cells, first: int) -> Floats:
        several = slice(first, first + BATCH)
        there = zip(cells.longitude[several].tolist(), cells.latitude[several].tolist(), strict=True)
        points = ";".join(f"{longitude:.6f},{latitude:.6f}" for longitude, latitude in [(mall.longitude, mall.latitude), *there])
        told = self._asked(f"{self.url.rstrip('/')}/table/v1/driving/{points}?sources=0&annotations=duration")
        if told["sources"][0]["distance"] > FARTHEST_SNAP_M:
            return np.full(len(cells.cell[several]), np.nan)  # no road leads to the mall, and a drive from elsewhere is none from it
        (row,) = told["durations"]
        snaps = [place["distance"] for place in told["destinations"]]
        known = [
            np.nan if seconds is None or snap_m > FARTHEST_SNAP_M else float(seconds) for seconds, snap_m in zip(row, snaps, strict=True)
        ]
        return np.array(known[1:])

    def _asked(self, address: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as response:  # noqa: S310 -- begins with http, see above
                told: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            raise SourceError(f"{self.url}: the routing server refused: {error.read().decode('utf-8', 'replace')[:200]}") from error
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.url}: the routing server does not answer as OSRM does ({error})") from error
        if told.get("code") != "Ok":
            raise SourceError(f"{self.url}: the routing server refused: {told.get('message', told.get('code'))}")
        return told
