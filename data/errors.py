"""Errors that a user can act on.

::

    MallReachError
    |-- SourceError      a file or folder cannot be read as what it claims to be
    |-- MappingError     the mapping file contradicts itself, the contract or the file
    |-- WarehouseError   a version is missing, damaged, or being written by somebody else
    |   `-- Stopped      a question was given up by whoever asked it
    `-- DemoError        demo data cannot be made as asked

Each message is one sentence that names the file, the place in it and the way to mend it. Imports nothing of the project.
"""


class MallReachError(Exception):
    """Base of every error whose message is meant for the user as it stands."""


class SourceError(MallReachError, ValueError):
    """A source file cannot be read; nothing was loaded."""


class MappingError(MallReachError, ValueError):
    """The mapping does not fit the contract or the file; nothing was loaded."""


class WarehouseError(MallReachError, RuntimeError):
    """The warehouse cannot serve or publish what was asked."""


class Stopped(WarehouseError):  # noqa: N818 - reads as what it says
    """The question was given up by whoever asked it."""


class DemoError(MallReachError, ValueError):
    """The demo generator cannot make what was asked."""


def is_interrupt(error: BaseException) -> bool:
    """Tell whether somebody pressed Ctrl-C: DuckDB ends the statement that runs with a plain ``RuntimeError`` of these words."""
    return isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == "Query interrupted")
