"""How long a search may go on: by its work, which is the same on every machine, and by the clock, which is not.

A search that passes from one way of looking to the next by the clock takes other turns on a busy machine, and may end with another set of
the same value. So the parts of a search are measured in numbers looked at; the clock only ends the whole.
"""

from time import perf_counter
from typing import Final

PER_SECOND: Final = 600_000_000
"""Numbers that a search looks at in about a second."""


class Effort:
    """What a search may still spend.

    Attributes
    ----------
    spent
        Numbers looked at so far.
    was_cut
        Whether the clock ended a part of it: what was found then may hang on the speed of the machine.
    """

    def __init__(self, limit_s: float) -> None:
        self.was_cut = False
        self._until = perf_counter() + limit_s
        self.spent, self._most = 0, float("inf")

    def allow(self, seconds: float) -> None:
        """Allow so much more work: what takes about so many seconds, whatever the machine takes for it; infinite: as the clock allows."""
        self._most = self.spent + seconds * PER_SECOND

    def spend(self, numbers: int) -> None:
        """Count work that was done."""
        self.spent += numbers

    @property
    def left_s(self) -> float:
        """Seconds that the clock leaves."""
        return self._until - perf_counter()

    def cut(self) -> None:
        """Take down that the clock ended a part."""
        self.was_cut = True

    @property
    def is_late(self) -> bool:
        """Whether the clock is over."""
        if self.left_s > 0:
            return False
        self.cut()
        return True

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be done."""
        return self.is_late or self.spent >= self._most
