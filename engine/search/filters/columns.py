"""Filterable columns: parsing of values and masks of the items that have them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.text.normalize import words

Mask = npt.NDArray[np.bool_]
Kind = Literal["number", "date", "truth", "text", "list"]

_LANGUAGES = (
    "arabic=ar", "chinese=zh", "czech=cs", "danish=da", "dutch=nl", "english=en", "finnish=fi", "french=fr",
    "german=de", "greek=el", "hindi=hi", "hungarian=hu", "italian=it", "japanese=ja", "korean=ko", "norwegian=no",
    "persian=fa", "polish=pl", "portuguese=pt", "russian=ru", "spanish=es", "swedish=sv", "thai=th", "turkish=tr",
)  # fmt: skip
#: The names of languages by their codes in catalogues.
LANGUAGE_NAMES: Mapping[str, str] = {
    code: name.capitalize() for name, _, code in (pair.partition("=") for pair in _LANGUAGES)
}
#: Other words that catalogues use for the same value.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "movie": ("film",),
    "film": ("movie",),
    "scifi": ("science fiction",),
    "sci fi": ("science fiction",),
    "science fiction": ("sci fi",),
    "cartoon": ("animation",),
    "series": ("tv",),
    "show": ("tv", "series"),
    "tv": ("series",),
    **{language: (code,) for language, code in (pair.split("=") for pair in _LANGUAGES)},
}
_NUMBER = re.compile(r"(?P<digits>-?\d+(?:\.\d+)?)(?P<unit>[km]?)", re.IGNORECASE)
_DATE = re.compile(r"(?P<year>\d{4})(?:[-/](?P<month>0?[1-9]|1[0-2])(?:[-/](?P<day>0?[1-9]|[12]\d|3[01]))?)?")
_RANGE = re.compile(r"(?P<low>.*?)\.\.(?P<high>.*)")
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<|≥|≤|=)\s*(?P<value>.*)")
#: A term that compares or spans numbers or dates; of a range at least one end must look like one.
_COMPARISON = re.compile(
    r"\s*(?:(?:>=|<=|>|<|≥|≤).*|-?\d[\d.,/-]*?\.\.(?:-?\d[\d.,/-]*)?|\.\.-?\d[\d.,/-]*)", re.DOTALL
)
_TRUTHS = {"true": True, "yes": True, "y": True, "t": True, "1": True}
_TRUTHS |= {"false": False, "no": False, "n": False, "f": False, "0": False}
_LONGEST_SHOWN = 40
#: If the values of a column occur less often than this on average, they are free text, which is matched by its words.
_MIN_MEAN_COUNT = 1.15


class WrongTermError(ValueError):
    """A term that is not valid for its field, with a message and suggestions of valid terms."""

    def __init__(self, message: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


@dataclass(frozen=True, slots=True)
class Term:
    """One parsed value of a filter.

    Attributes
    ----------
    text
        The value as it can be typed.
    label
        The value as it is shown.
    one_sided
        Whether the value is a bound such as ``>=8``; if a field has several bounds, all must hold.
    """

    text: str
    label: str
    one_sided: bool = False


class Field:
    """One column of a catalogue that items can be filtered by.

    Parameters
    ----------
    name
        The name that is typed before the colon.
    column
        The name of the column in the catalogue.
    kind
        The type of the values: ``"number"``, ``"date"``, ``"truth"`` for true and false, ``"text"``, or ``"list"`` if
        an item can have several texts.
    """

    def __init__(self, name: str, column: str, kind: Kind) -> None:
        self.name = name
        self.column = column
        self.kind = kind

    def term(self, text: str) -> Term:
        """Parse a typed value.

        Raises
        ------
        WrongTermError
            If the value is not valid for this field, or no item has it.
        """
        raise NotImplementedError

    def mask(self, term: str) -> Mask:
        """A mask of the items that have a value, shape (num_items,); it excludes items whose value is unknown."""
        raise NotImplementedError


class NumberField(Field):
    """A column of numbers or dates, filtered by equality or by range.

    Parameters
    ----------
    name, column, kind
        See :class:`Field`.
    numbers
        The number of each item, shape (num_items,), NaN if it is unknown. A date is a number such as 19951222.
    """

    def __init__(self, name: str, column: str, kind: Kind, numbers: npt.NDArray[np.float64]) -> None:
        super().__init__(name, column, kind)
        self.numbers = numbers

    @locked_property
    def _range(self) -> tuple[float, float]:
        known = self.numbers[~np.isnan(self.numbers)]
        return (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)

    @property
    def _is_flag(self) -> bool:
        return self._range in ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))

    def term(self, text: str) -> Term:
        """Parse a number, a range ``low..high`` or a bound such as ``>=low``; a year may also be ``1990s``."""
        low, high = self._bounds(text)
        if low > high:
            ends = _RANGE.fullmatch(text)
            turned = () if ends is None else (f"{ends['high']}..{ends['low']}",)
            raise WrongTermError(f"{self.name}:{text} runs backwards: the smaller end must come first.", turned)
        if not self._within(low, high).any():
            least, most = (self._show(end) for end in self._range)
            reach = "all its values are unknown" if least == "nan" else f"it goes from {least} to {most}"
            raise WrongTermError(f"No item has {self.name}:{text}: {reach}.")
        return Term(text, self._label(text), not (np.isfinite(low) and np.isfinite(high)))

    def mask(self, term: str) -> Mask:
        """A mask of the items whose number is within the range, shape (num_items,); unknown numbers are not."""
        return self._within(*self._bounds(term))

    def _within(self, low: float, high: float) -> Mask:
        inside: Mask = (self.numbers >= low) & (self.numbers <= high)
        return inside

    def _bounds(self, text: str) -> tuple[float, float]:
        """The lower and the upper bound, both inclusive."""
        if compared := _COMPARED.fullmatch(text):
            low, high = self._ends_of(compared["value"], text)
            match compared["sign"]:
                case ">=" | "≥":
                    return low, np.inf
                case ">":
                    return float(np.nextafter(high, np.inf)), np.inf
                case "<=" | "≤":
                    return -np.inf, high
                case "<":
                    return -np.inf, float(np.nextafter(low, -np.inf))
            return low, high
        if (ends := _RANGE.fullmatch(text)) and (ends["low"] or ends["high"]):
            low = self._ends_of(ends["low"], text)[0] if ends["low"] else -np.inf
            high = self._ends_of(ends["high"], text)[1] if ends["high"] else np.inf
            return low, high
        if re.fullmatch(r"\d{3}0s", text) and self.name == "year":
            return float(text[:-1]), float(text[:-1]) + 9
        return self._ends_of(text, text)

    def _ends_of(self, value: str, term: str) -> tuple[float, float]:
        """A number as both bounds; the first and the last day that a date or a part of one covers."""
        plain = value.strip()
        if self.kind == "date" and (parts := _DATE.fullmatch(plain)):
            digits = "".join(part.rjust(2, "0") for part in parts.groups() if part is not None)
            return float(digits.ljust(8, "0")), float(digits.ljust(8, "9"))
        if self.kind == "number" and self._is_flag and (truth := truth_of(plain)) is not None:
            return float(truth), float(truth)
        if self.kind == "number" and (found := _NUMBER.fullmatch(plain)):
            number = float(found["digits"]) * {"": 1.0, "k": 1e3, "m": 1e6}[found["unit"].lower()]
            return number, number
        what = "a date such as 1999, 1999-12 or 1999-12-31" if self.kind == "date" else "a number"
        middle = self._show(float(np.nanmedian(self.numbers))) if np.isfinite(self._range[0]) else "5"
        raise WrongTermError(
            f"{self.name}:{term} is not understood: {self.name} takes {what}, or a range such as "
            f">={middle} or {self._show(self._range[0])}..{middle}.",
            (f">={middle}",),
        )

    def _show(self, number: float) -> str:
        if self.kind == "date":
            return f"{number:.0f}"[:4]
        return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"

    def _label(self, text: str) -> str:
        if compared := _COMPARED.fullmatch(text):
            sign = {">=": "≥", "<=": "≤"}.get(compared["sign"], compared["sign"])
            return compared["value"].strip() if sign == "=" else f"{sign} {compared['value'].strip()}"
        if ends := _RANGE.fullmatch(text):
            if ends["low"] and ends["high"]:
                return f"{ends['low']}–{ends['high']}"
            return f"≥ {ends['low']}" if ends["low"] else f"≤ {ends['high']}"
        return text


class TextField(Field):
    """A column of texts, matched by whole values or by their words.

    A term matches the value that equals it. If there is none, it matches all values that contain its words in
    sequence, of which the last one may be half typed.

    Parameters
    ----------
    name, column, kind
        See :class:`Field`.
    values
        The distinct values, the most frequent first.
    codes, rows
        Pairs of a value and an item that has it: positions in ``values`` and row numbers of items, of equal length.
    num_items
        The number of items.
    """

    def __init__(
        self,
        name: str,
        column: str,
        kind: Kind,
        values: Sequence[str],
        codes: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int64],
        num_items: int,
    ) -> None:
        super().__init__(name, column, kind)
        self.values = values
        self.codes, self.rows = codes, rows
        self.num_items = num_items
        #: Whether values are free text, which terms match by some of the words and never as a whole.
        self.is_free = len(codes) < _MIN_MEAN_COUNT * len(values)

    @locked_property
    def folded(self) -> list[str]:
        """The folded words of each value, with a space before each word and at the end."""
        return [f" {' '.join(words(value))} " for value in self.values]

    @locked_property
    def _by_key(self) -> dict[str, list[int]]:
        by_key: dict[str, list[int]] = {}
        for number, folded in enumerate(self.folded):
            by_key.setdefault(folded.replace(" ", "") or self.values[number].strip(), []).append(number)
        return by_key

    def term(self, text: str) -> Term:
        """Parse a value of the catalogue in any spelling, or words that some values contain."""
        if _COMPARISON.fullmatch(text) and text.strip() not in self.values:
            raise self._no_order(text)
        found = self._matching(text)
        if not found:
            nearest = self.nearest(text)
            perhaps = f": perhaps {listed(nearest)}?" if nearest else "."
            raise WrongTermError(f"No item has {self.name}:{quoted(text)}{perhaps}", nearest)
        if len(found) == 1 and not self.is_free:
            return Term(self.values[found[0]], self.values[found[0]])
        return Term(
            text, f"“{text}”" if len(found) > 3 or self.is_free else " or ".join(self.values[one] for one in found)
        )

    def mask(self, term: str) -> Mask:
        """A mask of the items that have a value which the term matches, shape (num_items,)."""
        wanted = np.zeros(len(self.values) + 1, dtype=bool)
        wanted[self._matching(term)] = True
        mask = np.zeros(self.num_items, dtype=bool)
        mask[self.rows[wanted[self.codes]]] = True
        return mask

    def _no_order(self, text: str) -> WrongTermError:
        """The error for a comparison, with a value that is neither a number nor a date as the reason."""
        odd = next((value for value in self.values if not _NUMBER.fullmatch(value.strip())), "")
        shown = odd if len(odd) <= _LONGEST_SHOWN else f"{odd[:_LONGEST_SHOWN]}…"
        because = f" (one value is {' '.join(shown.split())!r})" if odd else ""
        if not self.values:
            return WrongTermError(f"No item has {self.name}:{quoted(text)}: all its values are unknown.")
        value = quoted(self.values[0]) if len(self.values[0]) <= _LONGEST_SHOWN else self.folded[0].split()[0]
        return WrongTermError(
            f"{self.name}:{quoted(text)} cannot be compared, since {self.name} holds text and not numbers or "
            f"dates{because}; give a value or a word of it, such as {self.name}:{value}.",
            (value,),
        )

    def _matching(self, text: str) -> list[int]:
        """Positions of the values that a term matches."""
        if text.startswith("=") and text.strip() not in self.values:
            text = text[1:].strip()
        typed = " ".join(words(text))
        if not self.is_free and (equal := self._by_key.get(typed.replace(" ", "") or text.strip())):
            return equal
        if not typed:
            return []
        found = [number for number, folded in enumerate(self.folded) if f" {typed}" in folded]
        if found or self.is_free:
            return found
        others = [f" {synonym} " for synonym in _SYNONYMS.get(typed, ())]
        return [number for number, folded in enumerate(self.folded) if any(other in folded for other in others)]

    def nearest(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """The values most similar in spelling to a text; none for a column of long texts."""
        if len(self.values) > 50_000 or (self.values and len(self.values[0]) > 80):
            return ()
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cdist

        typed = words(text)
        parts, owners = [], []
        for number, folded in enumerate(self.folded):
            its_words = folded.split()
            runs = range(max(1, len(its_words) - len(typed) + 1))  # parts with as many words as were typed
            parts += [" ".join(its_words), *(" ".join(its_words[at : at + len(typed)]) for at in runs)]
            owners += [number] * (1 + len(runs))
        scores = cdist([" ".join(typed)], parts, scorer=OSA.normalized_similarity)[0] if parts else np.zeros(0)
        best = np.zeros(len(self.values))
        np.maximum.at(best, owners, scores)
        order = np.argsort(-best, kind="stable")[:limit]
        # A very similar value excludes much less similar ones.
        least = max(0.4, float(best.max(initial=0.0)) - 0.3)
        return tuple(self.values[number] for number in order if best[number] >= least)


def truth_of(text: str) -> bool | None:
    """True for ``true``, ``yes`` or ``1``, False for their opposites, and None for any other text."""
    return _TRUTHS.get(text.strip().lower().removeprefix("=").strip())


def quoted(term: str) -> str:
    """A term as it can be typed, in quotes if it contains a space or a comma or is empty."""
    bare = term.replace('"', "")
    return f'"{bare}"' if re.search(r"[\s,]", bare) or not bare else bare


def listed(values: Sequence[str]) -> str:
    """Join values as ``a, b or c``."""
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
