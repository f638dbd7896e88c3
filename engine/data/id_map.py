"""Outside ids (any integer or string) to dense ids and back. Done once, here only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import UnknownError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

OutsideId = int | str


class Vocabulary:
    """The ids of a data set's users or items, in the order of their dense ids.

    Parameters
    ----------
    ids
        Outside ids, unique: a NumPy array of integers, or strings. Position ``p`` has the dense id ``p + first``.
    first
        The first dense id: 0 for users, 1 for items, whose id 0 is the padding of sequences.
    name
        What an id is, for messages: ``"user"``, ``"item"``.

    Examples
    --------
    >>> items = Vocabulary(np.array([31, 1029]), first=1, name="item")
    >>> items.encode_one("1029"), items.decode_one(2)
    (2, 1029)
    """

    def __init__(self, ids: npt.NDArray[Any] | Sequence[str], *, first: int = 0, name: str = "id") -> None:
        import numpy as np  # here, not above: screens read this module's types before their first paint

        # A list goes to an object array at once: NumPy's own text type drops trailing NULs.
        array = ids if isinstance(ids, np.ndarray) else np.array(list(ids), dtype=object)
        self._ids: npt.NDArray[np.int64] | npt.NDArray[np.object_] = (
            array.astype(np.int64) if array.dtype.kind in "iu" else array.astype(object)
        )
        self.first = first
        self.name = name
        self._positions: dict[OutsideId, int] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, outside: object) -> bool:
        return self._position(outside) is not None

    @property
    def ids(self) -> npt.NDArray[np.int64] | npt.NDArray[np.object_]:
        """All outside ids, in dense order. Do not write to it."""
        return self._ids

    @property
    def numeric(self) -> bool:
        """Whether the outside ids are integers."""
        return self._ids.dtype != object

    def encode_one(self, outside: OutsideId) -> int:
        """The dense id of one outside id; for integer ids their decimal text is understood too.

        Raises
        ------
        UnknownError
            If there is no such id.
        """
        position = self._position(outside)
        if position is None:
            raise UnknownError(f"There is no {self.name} {outside!r} in this data set.")
        return position + self.first

    def decode_one(self, dense: int) -> OutsideId:
        """The outside id of one dense id, as a plain ``int`` or ``str``."""
        position = int(dense) - self.first
        if not 0 <= position < len(self._ids):
            raise IndexError(f"dense {self.name} id {dense} is outside {self.first}..{len(self) + self.first - 1}")
        outside = self._ids[position]
        return outside if isinstance(outside, str) else int(outside)

    def decode(self, dense: Iterable[int]) -> list[OutsideId]:
        """The outside ids of several dense ids."""
        return [self.decode_one(one) for one in dense]

    def fingerprint(self) -> str:
        """A sha256 over all ids in order: a model fits a data set when their fingerprints are the same."""
        digest = hashlib.sha256()
        if self.numeric:
            digest.update(b"int")
            digest.update(self._ids.astype("<i8").tobytes())
        else:
            digest.update(b"str")
            for outside in self._ids:
                digest.update(str(outside).encode())
                digest.update(b"\0")
        return digest.hexdigest()

    def _position(self, outside: object) -> int | None:
        if self._positions is None:
            self._positions = {one: position for position, one in enumerate(self._ids.tolist())}
        key: OutsideId
        if self.numeric:
            try:
                key = int(outside)  # type: ignore[call-overload]
            except (TypeError, ValueError, OverflowError):
                return None
            # Python also reads "1_000", and cuts 3.7 down to 3.
            if ("_" in outside) if isinstance(outside, str) else (key != outside):
                return None
        else:
            key = str(outside)
        return self._positions.get(key)
