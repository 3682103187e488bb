"""Types of options: what a reader writes, and the value that it means; and how a value is written for them."""

import argparse
from datetime import date


def day(text: str) -> date:
    """Return a day such as ``2026-03-02``."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-03-02") from error


def minutes(text: str) -> int:
    """Return whole seconds of a number of minutes."""
    try:
        return round(float(text) * 60)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes") from error


def permille(text: str) -> int:
    """Return whole thousandths of a number."""
    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from error


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list such as ``mall,week``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def in_words(option: str, value: str) -> list[str]:
    """Return the words of a command that give an option its value: a value such as ``-m7`` would be taken for an option by itself."""
    return [f"--{option}={value}"] if value.startswith("-") else [f"--{option}", value]
