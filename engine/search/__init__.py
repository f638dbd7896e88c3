"""Search over a catalogue: by keyword, by embeddings, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.search.hybrid import SearchIndex

__all__ = ["SearchIndex"]


def __getattr__(name: str) -> Any:
    # Importing the package is cheap: the index imports NumPy, and torch only once it encodes texts.
    if name == "SearchIndex":
        from engine.search.hybrid import SearchIndex

        return SearchIndex
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
