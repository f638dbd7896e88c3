"""Tracebacks that can be passed on: where in the program an error was raised, and no data.

The message of an exception can hold a query, a title or an id, as in ``KeyError: 'Amélie'``, and the path of a file the
name of a person. So exceptions are named by their type, with the facts that cannot be data, and files by their place
in the program.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import PurePath

_PACKAGES = ("tui", "engine")
_MOST_FRAMES = 60


def without_messages(error: BaseException) -> str:
    """The traceback of an error and of those that caused it, without their messages."""
    return "\n".join(_lines(error, set()))


def place_of(error: BaseException) -> str:
    """The innermost line of this program that an error passed through: ``tui/panes/user.py:123``."""
    frames = _frames(error)
    own = [frame for frame in frames if short_path(frame.filename).split("/", 1)[0] in _PACKAGES] or frames
    return f"{short_path(own[-1].filename)}:{own[-1].lineno}" if own else "an unknown place"


def name_of(error: BaseException) -> str:
    """The type of an error, and what its facts say where they cannot be data."""
    name = type(error).__name__
    match error:
        case AttributeError(name=str(attribute), obj=owner) if attribute.isidentifier():
            return f"{name} (no attribute {attribute} on {type(owner).__name__})"
        case ImportError(name=str(module)):  # the name of a module
            return f"{name} ({module})"
        case NameError(name=str(variable)):
            return f"{name} ({variable})"
        case OSError(errno=int(number)):
            return f"{name} ({os.strerror(number)})"
    return name


def short_path(filename: str) -> str:
    """A file by its place in the program or in an installed package, without the folders above."""
    parts = PurePath(filename).parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return "/".join(parts[parts.index(folder) + 1 :])
    for package in _PACKAGES:
        if package in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(package) :])
    return "/".join(parts[-2:])


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "which led to:"
    frames = _frames(error)
    if len(frames) > _MOST_FRAMES:  # a recursion: both ends tell enough
        yield f"  … {len(frames) - _MOST_FRAMES} frames are left out"
        frames = traceback.StackSummary.from_list([*frames[: _MOST_FRAMES // 2], *frames[-_MOST_FRAMES // 2 :]])
    for frame in frames:
        yield f"  {short_path(frame.filename)}:{frame.lineno} in {frame.name}"
        if frame.line:
            yield f"    {frame.line}"
    yield name_of(error)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(inner) not in seen:
            yield "with:"
            yield from _lines(inner, seen)
