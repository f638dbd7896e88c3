"""The readers by kind: found where they are declared, in this package and in others."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType

from engine.data.dataset import Dataset
from engine.datasets.formats.detect import Evidence
from engine.datasets.formats.files import Files
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.sources import open_source
from engine.datasets.reader import Certainty, Reader
from engine.errors import DataError, ErrorKind, OptionError, RecsysError
from engine.runtime.job import Job

#: The group of entry points in which other packages name their readers.
ENTRY_POINTS = "recsys_tui.readers"
#: The name under which a module of this package declares its reader.
DECLARATION = "READER"
#: How many characters the sentence has, so that a remedy fits behind it, and how many at least say what was seen.
_LONGEST_SENTENCE = 325
_LEAST_SEEN = 60
_LONGEST_FAILURE = 60
_UNCLEAR = "The kind of the data set is unclear ("


@cache
def readers() -> Mapping[str, Reader]:
    """All readers by kind: ours by name, then those of other packages. Looked for once in a process."""
    found = {reader.kind: reader for reader in _own_readers()}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in found:
            found[point.name] = _load(point)
    return MappingProxyType(found)


def get(kind: str) -> Reader:
    """The reader of a kind.

    Raises
    ------
    OptionError
        If there is none.
    """
    known = readers()
    if kind not in known:
        raise OptionError(
            f"There is no kind {kind!r} of data set; the kinds are {', '.join(known)}.",
            kind=ErrorKind.UNKNOWN_KIND,
            name=kind,
            choices=tuple(known),
        )
    return known[kind]


def recognise(files: Files) -> Reader:
    """The reader whose files these are.

    Raises
    ------
    DataError
        If no reader recognises them, or several are equally sure; the sentence says what was seen.
    """
    evidence = Evidence.of(files)
    certainties: dict[str, Certainty] = {}
    failures: list[str] = []
    unreadable: RecsysError | None = None
    for kind, reader in readers().items():
        try:
            certainties[kind] = reader.recognises(evidence)
        except RecsysError as error:  # no table: perhaps a file of another format, which another reader knows
            unreadable = unreadable or error
        except Exception as error:  # a reader of another package must not hinder the others
            failures.append(f"the reader {kind!r} failed on them ({type(error).__name__}: {error})")
    best = max(certainties.values(), default=Certainty.NO)
    if best is Certainty.NO:
        if unreadable is not None:
            raise unreadable
        if files.ratings is not None:
            open_source(files.ratings)  # raises if it is an archive or a folder in which nobody knows the ratings
    sure = [kind for kind, certainty in certainties.items() if certainty == best]
    if len(sure) > 1 and (evidence.ratings is not None or evidence.members):
        # The log decides: a person's own ratings can be given with the catalogue of a known release.
        log = replace(evidence, items=None, links=None)
        sure = [kind for kind in sure if readers()[kind].recognises(log) == best] or sure
    if best is Certainty.NO:
        usual = "a table of ratings would have columns such as user_id, item_id and rating"
        raise _unclear(evidence, usual, failures, ())
    if len(sure) > 1:
        raise _unclear(evidence, f"the files could be of the kinds {' and '.join(sure)}", failures, tuple(sure))
    return readers()[sure[0]]


def _unclear(evidence: Evidence, why: str, failures: list[str], kinds: tuple[str, ...]) -> DataError:
    end = "; ".join(["", why, *(shortened(one, _LONGEST_FAILURE) for one in failures[:2])]) + ")."
    seen = shortened(str(evidence), max(_LONGEST_SENTENCE - len(_UNCLEAR) - len(end), _LEAST_SEEN))
    return DataError(f"{_UNCLEAR}{seen}{end}", kind=ErrorKind.UNCLEAR_KIND, choices=kinds)


def _own_readers() -> Iterator[Reader]:
    folder = str(Path(__file__).parent)
    for module in sorted(pkgutil.iter_modules([folder]), key=lambda one: one.name):
        if not module.ispkg:
            declared = getattr(importlib.import_module(f"{__package__}.{module.name}"), DECLARATION, None)
            if isinstance(declared, Reader):
                yield declared


def _load(point: EntryPoint) -> Reader:
    """The reader of another package; a broken one still has its place in the list, and says why when it is used."""
    try:
        reader = point.load()
    except Exception as error:  # whatever a foreign module does, the other readers stay usable
        return _broken(point, f"{type(error).__name__}: {error}")
    if not isinstance(reader, Reader):
        return _broken(point, f"{point.value} is not a Reader")
    if reader.kind != point.name:
        return _broken(point, f"{point.value} is of the kind {reader.kind!r}")
    return reader


def _broken(point: EntryPoint, why: str) -> Reader:
    def read(name: str, files: Files, job: Job | None) -> Dataset:
        package = point.value if point.dist is None else point.dist.name
        raise DataError(
            f"The reader {point.name!r} of the package {package} cannot be used ({why}): update or remove it.",
            kind=ErrorKind.BROKEN_READER,
            name=point.name,
        )

    return Reader(point.name, f"cannot be used: {why}", read, lambda _: Certainty.NO)
