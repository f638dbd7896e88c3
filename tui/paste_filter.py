"""What a terminal sends of a paste, without escapes, which would be read as keys."""

from __future__ import annotations

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_ESCAPE, _REPLACED = "\x1b", "\N{REPLACEMENT CHARACTER}"


class PasteFilter:
    """Takes the escapes out of pasted text, a piece of the terminal's input after the other.

    Terminals mark where a paste begins and ends, and most leave its escapes out. Where one does not, what follows an
    escape would be typed: a Ctrl+Q in a copied text would end the app.
    """

    def __init__(self) -> None:
        self._pastes = False
        #: Outside of a paste, the last letters, which are given already; inside, what may be the beginning of its end.
        self._tail = ""

    def __call__(self, text: str) -> str:
        """The input with each escape inside a paste replaced."""
        given: list[str] = []
        while text:
            text = self._inside(text, given) if self._pastes else self._outside(text, given)
        return "".join(given)

    def _outside(self, text: str, given: list[str]) -> str:
        """Give everything up to the beginning of a paste; returns the rest."""
        joined = self._tail + text
        found = joined.find(_BEGIN)
        if found < 0:
            given.append(text)
            self._tail = joined[1 - len(_BEGIN) :]
            return ""
        end = found + len(_BEGIN) - len(self._tail)
        given.append(text[:end])
        self._pastes, self._tail = True, ""
        return text[end:]

    def _inside(self, text: str, given: list[str]) -> str:
        """Give everything up to the end of a paste; returns the rest."""
        joined = self._tail + text
        found = joined.find(_END)
        if found >= 0:
            given += [joined[:found].replace(_ESCAPE, _REPLACED), _END]
            self._pastes, self._tail = False, ""
            return joined[found + len(_END) :]
        kept = next((size for size in range(len(_END) - 1, 0, -1) if joined.endswith(_END[:size])), 0)
        self._tail = joined[len(joined) - kept :]
        given.append(joined[: len(joined) - kept].replace(_ESCAPE, _REPLACED))
        return ""
