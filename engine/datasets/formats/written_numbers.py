"""Columns of numbers that are not plain: with a decimal comma, or ratings as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.data.written_ratings import parse_rating
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.values import (
    BadValueError,
    finite,
    is_number,
    parse_each,
    parse_number,
    shown,
    to_numbers,
    to_strings,
)

if TYPE_CHECKING:
    import pyarrow as pa

_WITH_COMMA = re.compile(r"[+-]?\d*,\d+")
#: What cannot be thousands: other than three digits after the comma, or a zero or more than three digits before it.
_TELLING = r"^\s*[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|(?:0\d*|\d{4,})?,\d+)\s*$"
#: What may be thousands where decimals have a comma.
_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*$"


#: A whole number below 1000, and numbers whose point may separate thousands. Programs write 1.2 and not 1.200.
_BELOW_1000 = r"^\s*\d{1,3}\s*$"
_POINT_AND_THREE = r"^\s*[1-9]\d{0,2}\.\d{3}\s*$"
_POINT_AND_ZERO = r"^\s*[1-9]\d{0,2}\.\d\d0\s*$"


class CountReader:
    """Reads a column of counts, such as plays, and notes whether its points seem to separate thousands.

    They seem to if the column has numbers such as ``500`` and ``1.200`` only, which no program writes for 1.2.
    """

    def __init__(self) -> None:
        self.reader = NumberReader()
        self._possible = True
        self._has_small = False
        self._example = ""

    def read(self, values: pa.Array) -> pa.Array:
        """Convert to float64, as :meth:`NumberReader.read` does."""
        numbers = self.reader.read(values)
        if self._possible and not is_number(values.type):
            self._look_at(to_strings(values).drop_null())
        return numbers

    def _look_at(self, texts: pa.Array) -> None:
        import pyarrow.compute as pc

        small = pc.match_substring_regex(texts, _BELOW_1000)
        three = pc.match_substring_regex(texts, _POINT_AND_THREE)
        written = pc.not_equal(pc.utf8_trim_whitespace(texts), "")
        self._possible = pc.all(pc.or_(pc.or_(small, three), pc.invert(written))).as_py() is not False
        self._has_small |= pc.any(small).as_py() is True
        position = -1 if self._example else _first(texts, _POINT_AND_ZERO)
        if position >= 0:
            self._example = texts[position].as_py().strip()

    def remarks(self, what: str) -> list[str]:
        """The ends of sentences; see :meth:`NumberReader.remarks`."""
        found = self.reader.remarks(what)
        if self._possible and self._has_small and self._example:
            whole = self._example.replace(".", "")
            found.append(
                f"WARNING: numbers {what} such as {self._example} were read as {float(self._example):g}; if the point "
                f"separates thousands, write {whole}."
            )
        return found


class NumberReader:
    """Reads a column of numbers block by block, also if they have decimal commas or are written as ratings are.

    Attributes
    ----------
    examples
        The first number with a decimal comma, and the first that is written in another way, as it is written and read.
    """

    def __init__(self) -> None:
        self.examples: dict[str, tuple[str, float]] = {}
        self._highest: float | None = None

    def read(self, values: pa.Array) -> pa.Array:
        """Convert to float64; see :func:`engine.datasets.formats.values.to_numbers`.

        Raises
        ------
        BadValueError
            At the first text that is not a number, or that may be two: ``"1.250"`` in a block with decimal commas,
            ``"4,500"`` where no other number tells what its comma means, and ``"4/5"`` after ``"8/10"``.
        """
        import pyarrow as pa

        try:
            return to_numbers(values)
        except BadValueError:
            if is_number(values.type):
                raise
            texts = to_strings(values)
        has_commas = "comma" in self.examples or _first(texts, _TELLING) >= 0
        if has_commas:
            _refuse_thousands(texts)
        scales: dict[str, float] = {}

        def parse(text: str) -> float | None:
            try:
                return parse_number(text)
            except ValueError:
                return self._written(text, has_commas, scales)

        numbers = finite(parse_each(texts, parse, pa.float64(), "a number"), values)
        for text, highest in scales.items():
            self._highest = self._highest or highest
            if highest != self._highest:
                position = texts.to_pylist().index(text)
                others = f"others of the column are out of {self._highest:g}"
                raise BadValueError(position, f"{shown(texts, position)} is out of {highest:g}, and {others}")
        return numbers

    def _written(self, text: str, has_commas: bool, scales: dict[str, float]) -> float:
        """Read a number that is not plain."""
        plain = text.strip()
        if _WITH_COMMA.fullmatch(plain):
            if not has_commas:
                raise ValueError(text)
            number = float(plain.replace(",", "."))
            self.examples.setdefault("comma", (plain, number))
            return number
        rating = parse_rating(text)
        if rating is None:
            raise ValueError(text)
        if rating.highest is not None:
            scales[text] = rating.highest
        self.examples.setdefault("rating", (plain, rating.value))
        return rating.value

    def remarks(self, what: str) -> list[str]:
        """The ends of sentences about numbers that are not plain, of which ``what`` says where they stand."""
        return [
            f"numbers {what} such as {shortened(text)} were read as {number:g}."
            for text, number in self.examples.values()
        ]


def numbers_written(texts: pa.Array) -> pa.Array:
    """As :func:`engine.datasets.formats.values.numbers_or_null`, with the numbers that :class:`NumberReader` reads."""
    import pyarrow as pa

    def lenient(text: str) -> float | None:
        try:
            return parse_number(text.replace(",", "."))
        except ValueError:
            pass
        try:
            rating = parse_rating(text)
        except ValueError:
            return None
        return None if rating is None else rating.value

    return parse_each(texts, lenient, pa.float64(), "a number")


def _first(texts: pa.Array, pattern: str) -> int:
    """The position of the first text that fits a pattern; -1 if none does."""
    import pyarrow.compute as pc

    position: int = pc.index(pc.match_substring_regex(texts, pattern), True).as_py()
    return position


def _refuse_thousands(texts: pa.Array) -> None:
    position = _first(texts, _THOUSANDS)
    if position >= 0:
        plain = texts[position].as_py().strip()
        both = f"{plain.replace('.', '')} or {float(plain):g}"
        said = f"{shown(texts, position)} may be {both}, as other numbers of the column have a decimal comma"
        raise BadValueError(position, said)
