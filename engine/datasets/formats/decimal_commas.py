"""Numbers with a decimal comma, as spreadsheets of many countries write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.datasets.formats.values import BadValueError, is_number, shown, to_numbers, to_strings

if TYPE_CHECKING:
    import pyarrow as pa

_WITH_COMMA = r"^\s*([+-]?\d*),(\d+)\s*$"
#: What cannot be thousands: other than three digits after the comma, or a zero or more than three digits before it.
_TELLING = r"^\s*[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|(?:0\d*|\d{4,})?,\d+)\s*$"
#: What may be thousands where decimals have a comma.
_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*$"


def telling(texts: pa.Array) -> str:
    """The first number whose comma must be a decimal comma, or nothing; that of ``"4,500"`` may separate thousands."""
    import pyarrow.compute as pc

    position = pc.index(pc.match_substring_regex(texts, _TELLING), True).as_py()
    return "" if position < 0 else str(texts[position].as_py()).strip()


def with_points(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts, with a point in place of the decimal comma of a number."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(texts, _WITH_COMMA, r"\1.\2")


class NumberReader:
    """Reads a column of numbers block by block, with decimal points or decimal commas.

    Attributes
    ----------
    example
        A number that was read and has a decimal comma; empty if there is none.
    """

    def __init__(self) -> None:
        self.example = ""

    def read(self, values: pa.Array) -> pa.Array:
        """Convert to float64; see :func:`engine.datasets.formats.values.to_numbers`.

        Raises
        ------
        BadValueError
            At the first text that is not a number, or that may be two: ``"1.250"`` in a block with decimal commas, and
            ``"4,500"`` where no other number tells what its comma means.
        """
        try:
            return to_numbers(values)
        except BadValueError:
            if is_number(values.type):
                raise
            texts = to_strings(values)
            self.example = self.example or telling(texts)
            if not self.example:
                raise
        _refuse_thousands(texts)
        return to_numbers(with_points(texts))


def _refuse_thousands(texts: pa.Array) -> None:
    import pyarrow.compute as pc

    position = pc.index(pc.match_substring_regex(texts, _THOUSANDS), True).as_py()
    if position >= 0:
        plain = texts[position].as_py().strip()
        both = f"{plain.replace('.', '')} or {float(plain):g}"
        said = f"{shown(texts, position)} may be {both}, as other numbers of the column have a decimal comma"
        raise BadValueError(position, said)
