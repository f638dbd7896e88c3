"""One column of a catalogue to filter by: which values it understands, and which items have them."""

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
Kind = Literal["number", "date", "text", "list"]

_LANGUAGES = (
    "arabic=ar", "chinese=zh", "czech=cs", "danish=da", "dutch=nl", "english=en", "finnish=fi", "french=fr",
    "german=de", "greek=el", "hindi=hi", "hungarian=hu", "italian=it", "japanese=ja", "korean=ko", "norwegian=no",
    "persian=fa", "polish=pl", "portuguese=pt", "russian=ru", "spanish=es", "swedish=sv", "thai=th", "turkish=tr",
)  # fmt: skip
#: What other catalogues call the same thing.
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
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_RANGE = re.compile(r"(?P<low>.*?)\.\.(?P<high>.*)")
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<|≥|≤|=)\s*(?P<value>.*)")
#: Values that occur less often than this on average are prose, or names of their own: their words matter then.
_COMMON = 1.15


class WrongTermError(ValueError):
    """A term that its field cannot understand: what to say, and what was probably meant."""

    def __init__(self, message: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


@dataclass(frozen=True, slots=True)
class Term:
    """One value of a filter as its field understands it.

    Attributes
    ----------
    text
        How it is typed.
    label
        How it is shown.
    one_sided
        Whether it is a bound, such as ``>=8``: bounds of one field must all hold.
    """

    text: str
    label: str
    one_sided: bool = False


class Field:
    """One column of a catalogue, to be filtered by.

    Parameters
    ----------
    name
        What is typed before the colon.
    column
        The column's own name.
    kind
        ``"number"``; ``"date"`` for text like 1995-12-22; ``"text"``; ``"list"`` where an item has several.
    """

    def __init__(self, name: str, column: str, kind: Kind) -> None:
        self.name = name
        self.column = column
        self.kind = kind

    def term(self, text: str) -> Term:
        """Understand a value as typed.

        Raises
        ------
        WrongTermError
            If it is no value of this field, or no item has it.
        """
        raise NotImplementedError

    def mask(self, term: str) -> Mask:
        """Which items have this value; items of which it is unknown do not. Shape (num_items,)."""
        raise NotImplementedError


class NumberField(Field):
    """Numbers or dates, compared by size.

    Parameters
    ----------
    name, column, kind
        As :class:`Field`.
    numbers
        Of each item, NaN where unknown; a date as 19951222.
    """

    def __init__(self, name: str, column: str, kind: Kind, numbers: npt.NDArray[np.float64]) -> None:
        super().__init__(name, column, kind)
        self.numbers = numbers

    @locked_property
    def _range(self) -> tuple[float, float]:
        known = self.numbers[~np.isnan(self.numbers)]
        return (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)

    def term(self, text: str) -> Term:
        """A number, ``low..high``, ``>=low`` … ; of years also ``1990s``."""
        low, high = self._bounds(text)
        if low > high:
            ends = _RANGE.fullmatch(text)
            turned = () if ends is None else (f"{ends['high']}..{ends['low']}",)
            raise WrongTermError(f"{self.name}:{text} runs backwards: the smaller end comes first.", turned)
        if not self._within(low, high).any():
            least, most = (self._show(end) for end in self._range)
            reach = "nothing is known of it" if least == "nan" else f"it goes from {least} to {most}"
            raise WrongTermError(f"No item has {self.name}:{text}: {reach}.")
        return Term(text, self._label(text), not (np.isfinite(low) and np.isfinite(high)))

    def mask(self, term: str) -> Mask:
        """Which items are within; unknown ones are not."""
        return self._within(*self._bounds(term))

    def _within(self, low: float, high: float) -> Mask:
        inside: Mask = (self.numbers >= low) & (self.numbers <= high)
        return inside

    def _bounds(self, text: str) -> tuple[float, float]:
        """Both ends, inclusive."""
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
        """The number itself twice; of a date the first and the last day that it can mean."""
        plain = value.strip()
        if self.kind == "date" and _DATE.fullmatch(plain):
            digits = plain.replace("-", "")
            return float(digits.ljust(8, "0")), float(digits.ljust(8, "9"))
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
    """Words: a value that is equal, else the values that have these words in a row, the last one perhaps half typed.

    Parameters
    ----------
    name, column, kind
        As :class:`Field`.
    values
        The different values, the most frequent first.
    codes, rows
        Which value which item has: positions in ``values`` and items, of equal length.
    num_items
        How many items there are.
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
        self._num_items = num_items
        #: Whether a value is meant by some of its words, not as a whole.
        self.is_free = len(codes) < _COMMON * len(values)

    @locked_property
    def folded(self) -> list[str]:
        """Each value's words, one space before each and one at the end."""
        return [f" {' '.join(words(value))} " for value in self.values]

    @locked_property
    def _by_key(self) -> dict[str, list[int]]:
        by_key: dict[str, list[int]] = {}
        for number, folded in enumerate(self.folded):
            by_key.setdefault(folded.replace(" ", "") or self.values[number].strip(), []).append(number)
        return by_key

    def term(self, text: str) -> Term:
        """A value as the catalogue spells it, or words of some values."""
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
        """Which items have the value, or one of those that the words mean."""
        wanted = np.zeros(len(self.values) + 1, dtype=bool)
        wanted[self._matching(term)] = True
        mask = np.zeros(self._num_items, dtype=bool)
        mask[self.rows[wanted[self.codes]]] = True
        return mask

    def _matching(self, text: str) -> list[int]:
        """Positions of the values that are meant."""
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
        """The values that are written most like this; none of a column of long texts."""
        if len(self.values) > 50_000 or (self.values and len(self.values[0]) > 80):
            return ()
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cdist

        typed = words(text)
        parts, owners = [], []
        for number, folded in enumerate(self.folded):
            its_words = folded.split()
            runs = range(max(1, len(its_words) - len(typed) + 1))  # of as many words as were typed, beside the whole
            parts += [" ".join(its_words), *(" ".join(its_words[at : at + len(typed)]) for at in runs)]
            owners += [number] * (1 + len(runs))
        scores = cdist([" ".join(typed)], parts, scorer=OSA.normalized_similarity)[0] if parts else np.zeros(0)
        best = np.zeros(len(self.values))
        np.maximum.at(best, owners, scores)
        order = np.argsort(-best, kind="stable")[:limit]
        # What is nearly it leaves no doubt; else everything that is somewhat like it.
        least = max(0.4, float(best.max(initial=0.0)) - 0.3)
        return tuple(self.values[number] for number in order if best[number] >= least)


def quoted(term: str) -> str:
    """A term as it is typed: in quotes if it would end too soon without."""
    bare = term.replace('"', "")
    return f'"{bare}"' if re.search(r"[\s,]", bare) or not bare else bare


def listed(values: Sequence[str]) -> str:
    """``a, b or c``."""
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
