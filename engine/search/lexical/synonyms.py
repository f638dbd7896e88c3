"""Words that mean the same, from a file that users write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.errors import DataError, MissingError
from engine.storage.guarded import read_bytes
from engine.text.normalize import words

#: The name of the file in the folder of the settings.
FILE_NAME = "synonyms.toml"
_LONGEST_PHRASE = 5
_MOST_BYTES = 1_000_000

_Phrase = tuple[str, ...]


class Synonyms:
    """Groups of words and phrases that mean the same.

    Parameters
    ----------
    groups
        The groups; each member is a text of one or more words.
    """

    def __init__(self, groups: Iterable[Sequence[str]] = ()) -> None:
        self._others: dict[_Phrase, list[_Phrase]] = {}
        for group in groups:
            phrases = list(dict.fromkeys(phrase for one in group if (phrase := tuple(words(one)))))
            for phrase in phrases:
                others = self._others.setdefault(phrase, [])
                others += [other for other in phrases if other != phrase and other not in others]

    def __bool__(self) -> bool:
        return bool(self._others)

    def of(self, query: Sequence[str]) -> list[tuple[_Phrase, list[_Phrase]]]:
        """The phrases of a query that have synonyms, and these; of phrases that overlap, the longest.

        Parameters
        ----------
        query
            The folded words of the query.
        """
        found, start = [], 0
        while start < len(query) and self._others:
            for length in range(min(_LONGEST_PHRASE, len(query) - start), 0, -1):
                phrase = tuple(query[start : start + length])
                if phrase in self._others:
                    found.append((phrase, self._others[phrase]))
                    start += length
                    break
            else:
                start += 1
        return found


def read_synonyms(path: Path) -> Synonyms:
    """Read the groups of a file such as ``groups = [["sci-fi", "science fiction"], ["film", "movie"]]``.

    Returns
    -------
    Synonyms
        The groups; none if there is no such file.

    Raises
    ------
    DataError
        If the file cannot be read or is not of this form.
    """
    try:
        content = tomllib.loads(read_bytes(path, _MOST_BYTES).decode("utf-8-sig"))
    except MissingError:
        return Synonyms()
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not used, since it is not text in UTF-8.", file=str(path)) from error
    except (ValueError, RecursionError) as error:
        why = "its values are nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise DataError(f"{path.name} is not used, since it is no valid TOML: {why}.", file=str(path)) from error
    groups = content.pop("groups", [])
    if content:
        other = str(next(iter(content)))[:40]
        raise DataError(f"{path.name} is not used: it can set groups, and not {other!r}.", file=str(path), name=other)
    if not isinstance(groups, list):
        raise DataError(f"{path.name} is not used: groups must be a list of lists of words.", file=str(path))
    for number, group in enumerate(groups, start=1):
        if not isinstance(group, list) or not all(isinstance(one, str) for one in group):
            problem = "must be a list of words in quotation marks"
        elif len([one for one in group if words(one)]) < 2:
            problem = "must have at least two words or phrases"
        elif any(len(words(one)) > _LONGEST_PHRASE for one in group):
            problem = f"has a phrase of more than {_LONGEST_PHRASE} words"
        else:
            continue
        raise DataError(f"{path.name} is not used: group {number:,} {problem}.", file=str(path), row=number)
    return Synonyms(groups)
