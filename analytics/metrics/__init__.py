"""Definitions: functions from tables to tables. A metric's docstring is its definition."""
