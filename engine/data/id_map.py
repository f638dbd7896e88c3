"""The mapping between external ids (integers or strings) and internal ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import UnknownError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ExternalId = int | str


class IdMap:
    """The ids of a data set's users or items, in the order of their internal ids.

    Parameters
    ----------
    ids
        The external ids, each once: a NumPy array of integers, or strings. The id at position ``p`` has the internal
        id ``p + first``.
    first
        The first internal id: 0 for users, and 1 for items because 0 is the padding of sequences.
    name
        The word for one entry in messages, such as ``"user"`` or ``"item"``.

    Examples
    --------
    >>> items = IdMap(np.array([31, 1029]), first=1, name="item")
    >>> items.encode_one("1029"), items.decode_one(2)
    (2, 1029)
    """

    def __init__(self, ids: npt.NDArray[Any] | Sequence[str], *, first: int = 0, name: str = "id") -> None:
        import numpy as np  # not at the top: the screens import this module before their first paint

        # A list goes to an object array at once: NumPy's own text type drops trailing NULs.
        array = ids if isinstance(ids, np.ndarray) else np.array(list(ids), dtype=object)
        self._ids: npt.NDArray[np.int64] | npt.NDArray[np.object_] = (
            array.astype(np.int64) if array.dtype.kind in "iu" else array.astype(object)
        )
        self.first = first
        self.name = name
        self._positions: dict[ExternalId, int] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_positions": None}  # made again where it is needed

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, external: object) -> bool:
        return self._position(external) is not None

    @property
    def ids(self) -> npt.NDArray[np.int64] | npt.NDArray[np.object_]:
        """All external ids, in the order of their internal ids. Callers must not write to this array."""
        return self._ids

    @property
    def numeric(self) -> bool:
        """Whether the external ids are integers."""
        return self._ids.dtype != object

    def encode_one(self, external: ExternalId) -> int:
        """Look up the internal id of one external id. An integer id may also be given as decimal text.

        Raises
        ------
        UnknownError
            If there is no such id.
        """
        position = self._position(external)
        if position is None:
            raise UnknownError(f"There is no {self.name} {external!r} in this data set.")
        return position + self.first

    def decode_one(self, internal: int) -> ExternalId:
        """Look up the external id of one internal id, as a plain ``int`` or ``str``."""
        position = int(internal) - self.first
        if not 0 <= position < len(self._ids):
            raise IndexError(
                f"internal {self.name} id {internal} is outside {self.first}..{len(self) + self.first - 1}"
            )
        external = self._ids[position]
        return external if isinstance(external, str) else int(external)

    def decode(self, internal: Iterable[int]) -> list[ExternalId]:
        """Look up the external ids of several internal ids."""
        return [self.decode_one(one) for one in internal]

    def fingerprint(self) -> str:
        """Compute a SHA-256 over all ids in order. A model fits a data set if their fingerprints are equal."""
        digest = hashlib.sha256()
        if self.numeric:
            digest.update(b"int")
            digest.update(self._ids.astype("<i8").tobytes())
        else:
            digest.update(b"str")
            for external in self._ids:
                digest.update(str(external).encode())
                digest.update(b"\0")
        return digest.hexdigest()

    def _position(self, external: object) -> int | None:
        if self._positions is None:
            self._positions = {one: position for position, one in enumerate(self._ids.tolist())}
        key: ExternalId
        if self.numeric:
            try:
                key = int(external)  # type: ignore[call-overload]
            except (TypeError, ValueError, OverflowError):
                return None
            # int() also accepts "1_000", and truncates 3.7 to 3.
            if ("_" in external) if isinstance(external, str) else (key != external):
                return None
        else:
            key = str(external)
        return self._positions.get(key)
