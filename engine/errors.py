"""Errors that are meant for a person.

Each has a sentence that is true for every caller, and the facts of that sentence as fields. A program around the
engine reads the fields, and adds what its own user can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class ErrorKind(StrEnum):
    """What happened, for a program: it decides on a remedy by this and by the other fields of the error."""

    #: A data set called ``name`` is stored already.
    DATASET_EXISTS = "dataset-exists"
    #: Another data set has the name ``name``, and is not replaced by what was asked for.
    NAME_TAKEN = "name-taken"
    #: No data set is called ``name``; ``choices`` are those that are stored.
    UNKNOWN_DATASET = "unknown-dataset"
    #: The stored data set ``name`` is damaged; ``file`` is where it was moved to.
    DAMAGED_DATASET = "damaged-dataset"
    #: ``name`` cannot be the name of a data set.
    BAD_DATASET_NAME = "bad-dataset-name"
    #: The data set ``name`` is to be read, and no file was given; ``choices`` are the names that need none.
    NO_FILES = "no-files"
    #: No reader has the kind ``name``; ``choices`` are the kinds.
    UNKNOWN_KIND = "unknown-kind"
    #: The files do not tell which reader fits; ``choices`` are the kinds.
    UNCLEAR_KIND = "unclear-kind"
    #: ``file`` is no export of a person's own ratings; ``choices`` are the kinds of such exports.
    UNCLEAR_EXPORT = "unclear-export"
    #: The reader of kind ``name`` is in another package, which is broken.
    BROKEN_READER = "broken-reader"
    #: The reader of kind ``name`` lacks a file; ``choices`` are the roles (``items``, ``ratings``, ``links``) of which
    #: at least one must be given.
    MISSING_FILE = "missing-file"
    #: The reader of kind ``name`` was given single files, and takes none; ``choices`` are their roles.
    UNEXPECTED_FILE = "unexpected-file"
    #: ``file`` is a folder where one file is needed.
    FOLDER_GIVEN = "folder-given"
    #: The folder or archive ``file`` has several files for one role; ``choices`` are they. ``name`` is the role where
    #: one of them can be named for it.
    SEVERAL_FILES = "several-files"
    #: ``file`` has no column ``column``; ``choices`` are those that it has. ``name`` is the kind of data set where a
    #: caller may map other columns.
    MISSING_COLUMN = "missing-column"
    #: A column is to be mapped to the role ``name``, which does not exist; ``choices`` are the roles.
    UNKNOWN_ROLE = "unknown-role"
    #: The header of ``file`` is not of the form that the reader of kind ``name`` expects.
    BAD_HEADER = "bad-header"
    #: The value in ``file``, ``row`` and ``column`` cannot be used.
    BAD_VALUE = "bad-value"
    #: The dates in ``column`` of ``file`` can be read with the day first and with the month first.
    UNCLEAR_DATES = "unclear-dates"
    #: The row ``row`` of ``file`` cannot be taken apart into values.
    BAD_ROW = "bad-row"
    #: ``file`` is not text, or is text in another encoding than UTF-8.
    BAD_ENCODING = "bad-encoding"
    #: ``file`` is larger than the limit on what is unpacked or downloaded.
    TOO_LARGE = "too-large"
    #: The data set ``name`` could not be downloaded; ``file`` is what a person can download by hand.
    NOT_DOWNLOADED = "not-downloaded"
    #: ``file`` exists, and is not to be replaced.
    FILE_EXISTS = "file-exists"
    #: The model ``name`` is not trained on the data set ``dataset``.
    UNTRAINED = "untrained"
    #: The data set ``dataset``, which was read from a table, has no times, which the model ``name`` needs.
    NO_TIMES = "no-times"
    #: The stored model ``name`` of the data set ``dataset`` is damaged.
    DAMAGED_MODEL = "damaged-model"
    #: Each item that an evaluation asks for is known to its user, and known items are left out of the ranking.
    ALL_KNOWN = "all-known"
    #: The stored model ``name`` of the data set ``dataset`` gives scores that are no numbers.
    NO_NUMBERS = "no-numbers"
    #: The model ``name`` has no options to search for.
    NOTHING_TO_TUNE = "nothing-to-tune"
    #: The data set has no run with the number ``name``; ``choices`` are the latest numbers.
    UNKNOWN_RUN = "unknown-run"
    #: A run did not make the stored model ``name`` of the data set ``dataset``; ``suggestions`` are the settings
    #: (``option=value``) of the run.
    RUN_WITHOUT_MODEL = "run-without-model"
    #: The profile ``name`` has no rating of an item that the models of the data set know.
    EMPTY_PROFILE = "empty-profile"
    #: A profile says nothing about an item.
    NO_ENTRY = "no-entry"
    #: Another process is at work on the same thing; see :class:`BusyError`.
    BUSY = "busy"
    #: The optional package ``name`` is not installed.
    MISSING_PACKAGE = "missing-package"
    #: The cluster at the address ``name`` cannot be reached.
    CLUSTER_FAILED = "cluster-failed"
    #: A place for the shared data of a cluster cannot be used, here or on one of its machines.
    STORAGE_FAILED = "storage-failed"
    #: An index outside this process lacks vectors.
    INDEX_BEHIND = "index-behind"
    #: An index outside this process holds something else than the embeddings.
    OTHER_INDEX = "other-index"
    #: No device is called ``name``; ``choices`` are the names.
    UNKNOWN_DEVICE = "unknown-device"
    #: The work takes ``needed`` bytes of memory, and ``free`` are free. If it is the training of the model ``name``,
    #: ``suggestions`` are settings (``option=value``) with which it would fit, and ``choices`` models that would fit.
    NOT_ENOUGH_MEMORY = "not-enough-memory"
    #: This machine has no device ``name``; ``choices`` are those to use instead.
    NO_DEVICE = "no-device"


#: The most characters of a sentence, so that it can be read at once.
LONGEST_SENTENCE = 400


def abridged(sentence: str, characters: int = LONGEST_SENTENCE) -> str:
    """A sentence on one line and with at most so many characters: what is too much is left out of its middle.

    Sentences are written to be short, but names of files and columns, and what libraries say of an error, can be of any
    length.
    """
    line = " ".join(sentence.splitlines())
    if len(line) <= characters:
        return line
    end = characters // 3
    return f"{line[: characters - end - 3]} … {line[-end:]}"


class RecsysError(Exception):
    """The data or the request could not be served; ``str(error)`` is the sentence.

    Parameters
    ----------
    message
        One sentence: what, where and, where that is the same for every caller, what to do.
    kind
        What happened, where a program could act on it.
    name
        What the error is about: a data set, a model, a kind of data set, a device.
    dataset
        The data set, where ``name`` is something else.
    choices
        What would have been possible instead.
    suggestions
        What was probably meant, best first.
    file
        The file or folder, as the sentence names it.
    row
        The row of the file as a person counts (the header is row 1), or the line of a file that has no rows.
    column
        The name of the column.
    needed, free
        The bytes of memory that the work needs, and those that are free.
    """

    def __init__(
        self,
        message: str = "",
        *,
        kind: ErrorKind | None = None,
        name: str | None = None,
        dataset: str | None = None,
        choices: Sequence[str] = (),
        suggestions: Sequence[str] = (),
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        needed: int | None = None,
        free: int | None = None,
    ) -> None:
        super().__init__(abridged(message))
        self.kind = kind
        self.name = name
        self.dataset = dataset
        self.choices = tuple(choices)
        self.suggestions = tuple(suggestions)
        self.file = file
        self.row = row
        self.column = column
        self.needed = needed
        self.free = free


def missing_package(what: str, package: str) -> RecsysError:
    """The error for what needs an optional package that is not installed.

    Parameters
    ----------
    what
        The beginning of the sentence: ``"Tuning needs"``.
    package
        The name by which it is installed.
    """
    return RecsysError(
        f"{what} the package {package}, which is not installed.", kind=ErrorKind.MISSING_PACKAGE, name=package
    )


class DataError(RecsysError):
    """A file or a stored folder is not what it should be."""


class MissingError(DataError):
    """A stored file does not exist."""


class DamagedError(DataError):
    """A stored file or folder does not hold what was written to it."""


class BusyError(DataError):
    """Another process is at work on the same thing, and did not end in time.

    Parameters
    ----------
    message, name, dataset, file
        As in :class:`RecsysError`.
    pid, host, since, purpose
        As in :class:`engine.storage.lock.Holder`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        name: str | None = None,
        dataset: str | None = None,
        file: str | None = None,
        pid: int | None = None,
        host: str = "",
        since: str = "",
        purpose: str = "",
    ) -> None:
        super().__init__(message, kind=ErrorKind.BUSY, name=name, dataset=dataset, file=file)
        self.pid = pid
        self.host = host
        self.since = since
        self.purpose = purpose


class UnknownError(RecsysError):
    """A data set, user, item or model that does not exist.

    Parameters
    ----------
    message
        The sentence.
    suggestions
        What was probably meant, best first.
    kind, name, choices
        As in :class:`RecsysError`.
    """

    def __init__(
        self,
        message: str = "",
        suggestions: Sequence[str] = (),
        *,
        kind: ErrorKind | None = None,
        name: str | None = None,
        choices: Sequence[str] = (),
    ) -> None:
        super().__init__(message, kind=kind, name=name, choices=choices, suggestions=suggestions)


class NotTrainedError(RecsysError):
    """The model that should answer has not been trained on this data set yet."""


class DamagedModelError(DamagedError, NotTrainedError):
    """A stored model is damaged, and so cannot answer until it is trained again."""


class OptionError(RecsysError, ValueError):
    """An option of a model or a reader does not exist or has an impossible value."""


class LearningError(RecsysError, ValueError):
    """A model cannot learn from this data, or it diverged."""


class CancelledError(Exception):
    """A job was stopped by the person who started it; this is not a failure to report."""


class UnsupportedError(RecsysError, ValueError):
    """A model was asked for something that it cannot do."""
