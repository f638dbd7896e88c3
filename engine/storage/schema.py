"""Checks of plain data that was read from a file, against types: the declaration of a dataclass is its schema."""

from __future__ import annotations

import dataclasses
import functools
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

#: The deepest nesting of lists and objects that is accepted. The program writes six levels at most.
MAX_DEPTH = 32
#: Whole numbers from here on fit into no array, and no counter of ours reaches them.
_MAX_INT = 2**63


class SchemaError(ValueError):
    """A value is not of the type that was declared; the sentence names the place, such as ``overview.num_users``."""


def require_shallow(value: Any, max_depth: int = MAX_DEPTH) -> None:
    """Check that lists and objects are not nested deeper than ``max_depth``; recursion over the value is then safe.

    Raises
    ------
    SchemaError
        If they are.
    """
    level: list[Any] = [value]
    for _ in range(max_depth):
        level = [inner for outer in level for inner in _parts(outer)]
        if not level:
            return
    raise SchemaError(f"its values are nested more than {max_depth} levels deep")


def convert(value: Any, kind: type[T], where: str = "") -> T:
    """Check a value against a type, and return it as that type.

    Parameters
    ----------
    value
        What a JSON or TOML reader returned.
    kind
        ``bool``, ``int``, ``float``, ``str``, ``None``, ``Any``, a ``Literal``, a union of types, ``list[T]``,
        ``tuple[T, ...]``, ``tuple[S, T]``, ``Sequence[T]``, ``dict[str, T]``, ``Mapping[str, T]``, or a dataclass with
        fields of such types. A whole number is accepted as a ``float``, and every ``float`` must be finite. Names that
        a dataclass does not declare are ignored, so that a later version of the program can add some.
    where
        The place of the value, for the sentence of an error.

    Raises
    ------
    SchemaError
        If the value is not of this type.
    """
    converted: T = _convert(value, kind, where)
    return converted


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _convert(value: Any, kind: Any, where: str) -> Any:
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _convert_union(value, arguments, where)
    if origin is Literal:
        if value in arguments and type(value) in {type(one) for one in arguments}:
            return value
        raise _error(where, value, " or ".join(repr(one) for one in arguments))
    if dataclasses.is_dataclass(kind):
        return _convert_dataclass(value, kind, where)
    if origin in (dict, Mapping):
        if not isinstance(value, dict):
            raise _error(where, value, "an object")
        return {key: _convert(one, arguments[1], _join(where, key)) for key, one in value.items()}
    if origin in (list, tuple, Sequence):
        return _convert_list(value, origin, arguments, where)
    return _convert_scalar(value, kind, where)


def _convert_union(value: Any, kinds: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    rest = [one for one in kinds if one is not type(None)]
    for one in rest[:-1]:
        try:
            return _convert(value, one, where)
        except SchemaError:
            continue
    return _convert(value, rest[-1], where)


def _convert_dataclass(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _error(where, value, "an object")
    hints = _hints(kind)
    given = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = _convert(value[field.name], hints[field.name], _join(where, field.name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SchemaError(f"{_join(where, field.name)} is missing")
    return kind(**given)


def _convert_list(value: Any, origin: Any, arguments: tuple[Any, ...], where: str) -> Any:
    if not isinstance(value, list):
        raise _error(where, value, "a list")
    if origin is not tuple or arguments[-1] is Ellipsis:
        converted = [_convert(one, arguments[0], f"{where}[{row}]") for row, one in enumerate(value)]
        return tuple(converted) if origin is tuple else converted
    if len(value) != len(arguments):
        raise SchemaError(f"{where or 'it'} has {len(value)} entries instead of {len(arguments)}")
    return tuple(
        _convert(one, kind, f"{where}[{row}]") for row, (one, kind) in enumerate(zip(value, arguments, strict=True))
    )


def _convert_scalar(value: Any, kind: Any, where: str) -> Any:
    match kind:
        case _ if kind is bool and isinstance(value, bool):
            return value
        case _ if kind is int and isinstance(value, int) and not isinstance(value, bool):
            if abs(value) < _MAX_INT:
                return value
            raise SchemaError(f"{where or 'it'} is too large a number")
        case _ if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) <= sys.float_info.max:  # false for NaN, too
                return float(value)
            raise SchemaError(f"{where or 'it'} is not a finite number")
        case _ if kind is str and isinstance(value, str):
            return value
        case _ if kind in (None, type(None)) and value is None:
            return value
    raise _error(where, value, _NAMES.get(kind, str(kind)))


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


_NAMES: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
    dict: "an object",
    list: "a list",
}


def _error(where: str, value: Any, wanted: str) -> SchemaError:
    found = _NAMES.get(type(value), "another value")
    return SchemaError(f"{where or 'it'} is {found} instead of {wanted}")


def _join(where: str, name: str) -> str:
    shown = name if len(name) <= 40 else f"{name[:39]}…"
    return f"{where}.{shown}" if where else shown
