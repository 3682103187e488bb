"""Opening hours of malls as pages and tests ask for them; they are read where the data is."""

from data.opening_hours import HourOfWeek, open_hours, open_hours_of_any

__all__ = ["HourOfWeek", "open_hours", "open_hours_of_any"]
