"""Values taken apart into their large arrays, which a file can hold, and the rest, which is small.

The rest keeps the shape of the value. It has places where the arrays were, and for each object of this package the
function and the arguments that make it anew, as the object itself names them (``__reduce_ex__``). Files hold numbers
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

#: The fewest bytes of an array that is taken out, and the fewest entries of a column of texts.
_LEAST_BYTES, _LEAST_TEXTS = 4096, 256
_PROTOCOL = 4
_PACKAGE = "engine."


@dataclass(frozen=True, slots=True)
class _ArrayPlace:
    number: int
    dtype: str
    shape: tuple[int, ...]
    columns_first: bool


@dataclass(frozen=True, slots=True)
class _TensorPlace:
    array: _ArrayPlace


@dataclass(frozen=True, slots=True)
class _TablePlace:
    number: int
    is_texts: bool


@dataclass(frozen=True, slots=True)
class _Made:
    function: Any
    arguments: tuple[Any, ...]
    state: Any


def take_apart(value: Any) -> tuple[Any, list[Bytes]]:
    """Take the large arrays, tables and columns of texts out of a value.

    Parameters
    ----------
    value
        Arrays, tensors, tables, plain values and objects of this package, in lists, tuples and dicts. Other objects
        stay in the rest as they are.

    Returns
    -------
    rest, parts
        What :func:`put_together` takes, and the bytes of each part; those of an array are a view.
    """
    parts = _Parts()
    return parts.without(value), parts.found


def put_together(rest: Any, part: Callable[[int], Bytes]) -> Any:
    """Make a value from its rest and from its parts by their numbers; the arrays are views of the parts."""
    if isinstance(rest, _ArrayPlace):
        array = part(rest.number).view(rest.dtype)
        return array.reshape(rest.shape[::-1]).T if rest.columns_first else array.reshape(rest.shape)
    if isinstance(rest, _TensorPlace):
        import torch

        return torch.as_tensor(put_together(rest.array, part))
    if isinstance(rest, _TablePlace):
        return _read_table(part(rest.number), rest.is_texts)
    if isinstance(rest, _Made):
        made = rest.function(*(put_together(one, part) for one in rest.arguments))
        _set_state(made, put_together(rest.state, part))
        return made
    if isinstance(rest, dict) and type(rest) is dict:
        return {name: put_together(one, part) for name, one in rest.items()}
    if type(rest) in (list, tuple):
        return type(rest)(put_together(one, part) for one in rest)
    return rest


class _Parts:
    def __init__(self) -> None:
        self.found: list[Bytes] = []
        self._places: dict[int, tuple[Any, _ArrayPlace | _TablePlace]] = {}  # with the object, so that its id stays

    def without(self, value: Any) -> Any:
        if id(value) in self._places:
            return self._places[id(value)][1]
        if isinstance(value, np.ndarray):
            return self._without_array(value)
        if type(value).__module__ == "torch" and hasattr(value, "detach"):
            return self._without_tensor(value)
        if type(value) is dict:
            return {name: self.without(one) for name, one in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self.without(one) for one in value)
        if type(value).__module__.startswith("pyarrow") and type(value).__name__ == "Table":
            return self._keep(value, _table_bytes(value), is_texts=False)
        if type(value).__module__.startswith(_PACKAGE) and not isinstance(value, Enum | BaseException):
            return self._without_parts(value)
        return value

    def _without_array(self, value: npt.NDArray[Any]) -> Any:
        if value.dtype == object:
            if value.ndim == 1 and len(value) >= _LEAST_TEXTS and (texts := _text_bytes(value)) is not None:
                return self._keep(value, texts, is_texts=True)
            return value
        if value.nbytes < _LEAST_BYTES or value.dtype.hasobject or value.dtype.names is not None:
            return value
        columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
        array = np.ascontiguousarray(value.T if columns_first else value)
        place = _ArrayPlace(len(self.found), array.dtype.str, value.shape, columns_first)
        self.found.append(array.reshape(-1).view(np.uint8))
        self._places[id(value)] = value, place
        return place

    def _without_tensor(self, value: Any) -> Any:
        try:
            place = self._without_array(value.numpy())
        except (TypeError, RuntimeError):  # it is on another device, sparse, has gradients, or a type of torch's own
            return value
        return _TensorPlace(place) if isinstance(place, _ArrayPlace) else value

    def _keep(self, value: Any, content: Bytes, is_texts: bool) -> _TablePlace:
        place = _TablePlace(len(self.found), is_texts)
        self.found.append(content)
        self._places[id(value)] = value, place
        return place

    def _without_parts(self, value: Any) -> Any:
        reduced = value.__reduce_ex__(_PROTOCOL)
        if isinstance(reduced, str) or any(one is not None for one in reduced[3:]):
            return value
        function, arguments, *state = reduced
        return _Made(function, self.without(tuple(arguments)), self.without(state[0]) if state else None)


def _set_state(made: Any, state: Any) -> None:
    """Give an object its state, as Python's own copies do."""
    if state is None:
        return
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    made.__dict__.update(attributes or {})
    for name, one in (slots or {}).items():
        setattr(made, name, one)


def _table_bytes(table: Any) -> Bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


def _text_bytes(texts: npt.NDArray[Any]) -> Bytes | None:
    """A column of texts as a table; None if it holds anything else, or what UTF-8 cannot write."""
    import pyarrow as pa

    try:
        column = pa.array(texts, pa.large_string(), from_pandas=False)
    except (pa.ArrowException, UnicodeError, TypeError, ValueError):
        return None
    return _table_bytes(pa.table({"texts": column}))


def _read_table(content: Bytes, is_texts: bool) -> Any:
    import pyarrow as pa

    table = pa.ipc.open_stream(pa.py_buffer(content)).read_all()
    if not is_texts:
        return table
    return table.column("texts").to_numpy()
