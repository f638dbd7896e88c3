"""Errors that are meant for a person: each is one plain sentence that says what, where and what to do."""

from __future__ import annotations


class RecsysError(Exception):
    """The data or the request could not be served; ``str(error)`` is the sentence to show."""


class DataError(RecsysError):
    """A file or a stored folder is not what it should be."""


class DamagedError(DataError):
    """A stored file or folder was read, and is not what was written there."""


class UnknownError(RecsysError):
    """A data set, user, item or model that does not exist.

    Parameters
    ----------
    message
        The sentence to show.
    suggestions
        What was probably meant, best first.
    """

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class NotTrainedError(RecsysError):
    """The model asked for has not been trained on this data set yet."""


class OptionError(RecsysError, ValueError):
    """An option of a model or a reader that does not exist or has an impossible value."""


class LearningError(RecsysError, ValueError):
    """A model cannot learn from this data, or diverged on it."""


class CancelledError(Exception):
    """A job was stopped by the person who started it. Not an error to report as a failure."""


class UnsupportedError(RecsysError, ValueError):
    """A model was asked for something that it cannot do."""
