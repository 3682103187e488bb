"""Errors of a question that cannot be answered as asked.

::

    MallReachError
    `-- QuestionError       what was asked for does not exist or cannot be combined
        |-- UnknownMetric   no metric of that name (also a KeyError)
        |-- ParameterError  a parameter is out of range, unknown, or not one of this metric (also a ValueError)
        |-- ScopeError      who asks is not known, so nothing is shown (also a PermissionError)
        `-- TargetError     the targets that a configuration file sets cannot be applied (also a ValueError)

Each message is one sentence that says what would be right.
"""

from data.errors import MallReachError


class QuestionError(MallReachError):
    """Base of the errors below."""


class UnknownMetric(QuestionError, KeyError):  # noqa: N818 - reads as what it says
    """No metric has that name."""

    def __str__(self) -> str:
        """Return the plain message: ``KeyError`` would put quotes round it."""
        return str(self.args[0])


class ParameterError(QuestionError, ValueError):
    """A parameter is out of range, names nothing, or is not one of this metric."""


class ScopeError(QuestionError, PermissionError):
    """The scope is not one this program knows; nothing is shown."""


class TargetError(QuestionError, ValueError):
    """The targets of a configuration file cannot be applied as written."""
