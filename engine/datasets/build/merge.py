"""Append what was read to a data set: the users and items that it has keep their internal ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import STANDARD_COLUMNS, ItemTable
from engine.data.updates import DatasetUpdate
from engine.datasets.build.assemble import about_strangers, find_surplus
from engine.datasets.build.doubts import doubts_about_scale, look_alikes
from engine.datasets.build.weights import WeightScale
from engine.datasets.formats.ids import match_spellings
from engine.datasets.formats.values import to_objects
from engine.errors import DataError
from engine.interactions import Interactions

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Merged:
    """A data set after an update, and what the update did."""

    dataset: Dataset
    update: DatasetUpdate


def merge(old: Dataset, new: Dataset, number: int) -> Merged:
    """Append the interactions and the items of ``new`` to ``old``.

    Users and items are the same where their ids are. What ``old`` has keeps its internal id, as far as it occurs in the
    interactions; what is new follows. Several interactions of a user with an item follow the rule of
    :func:`engine.datasets.build.assemble.assemble`: the latest is kept and, of equal times, that of ``new``. Facts of
    an item that both catalogues have are those of ``new``, unless these were only found in a log.

    Parameters
    ----------
    old, new
        The data sets; ``new`` was read as ``old`` was.
    number
        The number of the update, from 1.

    Raises
    ------
    DataError
        If ``new`` lacks ratings or times that ``old`` has, or its ids are of another type.
    """
    notes = _require_alike(old, new)
    users, user_of = _merge_users(old.users, new.users)
    items, facts = _merge_items(old, new, notes)
    rows, counts = _merge_log(old, new, user_of, items)
    notes += _look_alikes(old.users, new.users)
    if old.interactions.ratings is not None and new.interactions.ratings is not None:
        notes += doubts_about_scale(old.interactions.ratings, new.interactions.ratings)
    told = (*_notes_of(new, old, items), *notes)
    updated = np.zeros(len(users), dtype=np.int32) if old.user_updates is None else old.user_updates
    updated = np.append(updated, np.zeros(len(users) - len(updated), dtype=np.int32))
    updated[rows.user_ids[len(rows) - counts.kept :]] = number
    names = tuple(str(one["name"]) for one in new.source.get("files", ()))
    update = DatasetUpdate(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=names,
        added=counts.added,
        changed=counts.changed,
        repeated=counts.repeated,
        outdated=counts.outdated,
        new_users=len(users) - len(old.users),
        new_items=len(items.id_map) - len(old.items),
        changed_items=items.changed,
        num_users=old.num_users,
        num_rated_items=old.num_rated_items,
        users=old.users.fingerprint(),
        items=old.items.id_map.fingerprint(),
        skipped=dict(new.skipped),
        notes=told,
    )
    skipped = dict(old.skipped)
    for reason, count in new.skipped.items():
        skipped[reason] = skipped.get(reason, 0) + count
    source = dict(old.source)
    source["files"] = [*old.source.get("files", ()), *new.source.get("files", ())]
    source["notes"] = [*old.source.get("notes", ()), *told]
    if not len(old.interactions):
        source |= {key: new.source[key] for key in ("times", "weights") if key in new.source}
        if day_first := {**new.source.get("day_first", {}), **old.source.get("day_first", {})}:
            source["day_first"] = day_first  # the order of day and month in the first log serves the next ones
    merged = replace(
        old,
        items=ItemTable(items.id_map, facts),
        users=users,
        interactions=rows,
        skipped=skipped,
        source=source,
        user_updates=updated,
    )
    return Merged(merged, update)


def _require_alike(old: Dataset, new: Dataset) -> list[str]:
    """Check that the interactions can be one log; returns sentences on what is not used."""
    notes: list[str] = []
    if not len(new.interactions):
        return notes
    for column, word in (("ratings", "ratings"), ("timestamps", "times"), ("weights", "weights")):
        has, gives = old.interactions.has(column), new.interactions.has(column)
        if has and not gives and len(old.interactions):
            raise DataError(
                f"The data set {old.name!r} has {word}, and what is to be appended has none: name a file with {word}.",
                name=old.name,
            )
        if gives and not has and len(old.interactions):
            notes.append(f"The {word} of the update are not used, since the data set has none.")
    if old.interactions.has("timestamps") and old.has_dates != new.has_dates:
        known, given = ("dates", "numbers that tell an order") if old.has_dates else ("an order only", "dates")
        raise DataError(f"The times of {old.name!r} are {known}, and those to be appended are {given}.", name=old.name)
    return notes


def _alike(old: IdMap, new: IdMap) -> npt.NDArray[Any]:
    """The ids of ``new`` in the type of those of ``old``."""
    if old.numeric == new.numeric or not len(old):
        return new.ids
    if not old.numeric:
        return np.array([str(one) for one in new.ids], dtype=object)
    other = next((one for one in new.ids if one not in old), new.ids[0])
    raise DataError(
        f"The ids of the {old.name}s are numbers in the data set and text in what is to be appended, such as "
        f"{str(other)[:40]!r}: the same column has to hold them."
    )


def _look_alikes(old: IdMap, new: IdMap) -> list[str]:
    """A sentence about new ids that differ little from those of the data set."""
    import pyarrow as pa

    ids = _alike(old, new)
    strange = ids[_places(old.ids, ids) < 0]
    return look_alikes(pa.array(strange), old.name, pa.array(old.ids), among=False) if len(strange) else []


def _spelled(old: IdMap, new: IdMap, notes: list[str]) -> IdMap:
    """The items of ``new``, spelled as the catalogue does where they are the same number, as when it was read."""
    import pyarrow as pa

    ids, changed = match_spellings(pa.array(new.ids), pa.array(old.ids))
    if not changed.any():
        return new
    count = int(changed.sum())
    notes.append(
        f"{count:,} item {'id meets' if count == 1 else 'ids meet'} the catalogue only as a number, without leading "
        f"zeros (such as {str(new.ids[changed][0])[:40]})."
    )
    return IdMap(to_objects(ids) if pa.types.is_string(ids.type) else ids.to_numpy(), first=1, name=new.name)


def _merge_users(old: IdMap, new: IdMap) -> tuple[IdMap, Numbers]:
    """All users, and the internal id of each user of ``new``."""
    ids = _alike(old, new)
    found = _places(old.ids, ids)
    strange = found < 0
    found[strange] = len(old) + np.arange(int(strange.sum()))
    return IdMap(np.concatenate([old.ids, ids[strange]]) if len(old) else ids, name=old.name), found


def _places(known: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Numbers:
    """The position in ``known`` of each of the wanted ids, -1 for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.int64() if known.dtype != object else pa.string()
    if not len(known) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    found = pc.index_in(pa.array(wanted, kind), pa.array(known, kind)).fill_null(-1)
    places: Numbers = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


@dataclass(frozen=True, slots=True)
class _Items:
    """All items: their ids, how many of them are rated, how many were changed, and the new ids of both sides.

    Attributes
    ----------
    in_old
        By position in ``new``: the position in ``old``, -1 for none.
    """

    id_map: IdMap
    num_rated: int
    changed: int
    of_new: Numbers
    in_old: Numbers


def _merge_items(old: Dataset, new: Dataset, notes: list[str]) -> tuple[_Items, pa.Table]:
    import pyarrow as pa

    spelled = _spelled(old.items.id_map, new.items.id_map, notes) if _has_catalogue(old) else new.items.id_map
    notes += _look_alikes(old.items.id_map, spelled)
    ids = _alike(old.items.id_map, spelled)
    place = _places(old.items.id_map.ids, ids)  # by position in ``new``: the position in ``old``
    is_known = place >= 0
    rated_now = np.zeros(len(ids), dtype=bool)
    rated_now[: new.num_rated_items] = True
    first, count = old.num_rated_items, len(old.items)
    risen = np.zeros(count, dtype=bool)
    risen[place[rated_now & is_known]] = True
    risen[:first] = False
    rest = np.ones(count, dtype=bool)
    rest[:first] = False
    rest &= ~risen
    strangers = np.flatnonzero(~is_known)
    rated_strangers, other_strangers = strangers[rated_now[strangers]], strangers[~rated_now[strangers]]
    # Positions in ``old`` and, from ``count`` on, in ``new``.
    order = np.concatenate(
        [
            np.arange(first),
            np.flatnonzero(risen),
            count + rated_strangers,
            np.flatnonzero(rest),
            count + other_strangers,
        ]
    )
    knows_better = _has_catalogue(old) and not _has_catalogue(new)
    table, replaced = _facts(old.items.table, new.items.table, new.items.id_map.ids, place, notes, keep=knows_better)
    number = np.empty(count + len(ids), dtype=np.int64)
    number[order] = np.arange(1, len(order) + 1)
    of_new = np.where(is_known, number[np.where(is_known, place, 0)], number[count + np.arange(len(ids))])
    both = np.concatenate([old.items.id_map.ids, ids]) if count else ids
    items = IdMap(both[order], first=1, name="item")
    num_rated = first + int(risen.sum()) + len(rated_strangers)
    return _Items(items, num_rated, replaced, of_new, place), table.take(pa.array(order))


def _notes_of(new: Dataset, old: Dataset, items: _Items) -> list[str]:
    """The notes of ``new``, in which an item that the catalogue of ``old`` has counts as known."""
    notes = [str(one) for one in new.source.get("notes", ())]
    strangers, num_rated = int(new.source.get("strangers", 0)), new.num_rated_items
    # The reader of the update saw its own catalogue alone. What that lacks stands last among the rated items.
    places = items.in_old[num_rated - strangers : num_rated]
    left = strangers - int(_is_described(old)[places[places >= 0]].sum())
    if left == strangers:
        return notes
    said = about_strangers(new.items.id_map, num_rated, strangers)
    rest = [about_strangers(new.items.id_map, num_rated, left)] if left else []
    return [one for note in notes for one in (rest if note == said else [note])]


def _is_described(dataset: Dataset) -> npt.NDArray[np.bool_]:
    """Which items a catalogue has; the others came with the log, and their rows say nothing but their ids."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = dataset.items.table
    ids = pa.array([str(one) for one in dataset.items.id_map.ids], pa.string())
    said = [pc.not_equal(table.column(name), ids) for name in ("title", "text")]
    said.append(pc.greater(pc.list_value_length(table.column("genres")), 0))
    said += [pc.is_valid(table.column(one)) for one in table.column_names if one not in ("title", "text", "genres")]
    described = np.logical_or.reduce([pc.fill_null(one, False).to_numpy() for one in said])
    described[dataset.num_rated_items :] = True
    return described  # type: ignore[no-any-return]


def _has_catalogue(dataset: Dataset) -> bool:
    """Whether the items were read from a file of their own, and not from the log, which may tell titles, too."""
    return any(one.get("role") == "items" for one in dataset.source.get("files", ()))


def _facts(
    old: pa.Table, new: pa.Table, ids: npt.NDArray[Any], place: Numbers, notes: list[str], *, keep: bool
) -> tuple[pa.Table, int]:
    """The catalogues one after the other, items of both with the facts of ``new``; and how many facts changed.

    With ``keep`` they have the facts of ``old``.
    """
    import pyarrow as pa

    if left := [name for name in new.column_names if name not in old.column_names]:
        notes.append(f"Columns that the catalogue does not have were not used: {', '.join(left)[:200]}.")
    columns = {}
    for field in old.schema:
        if field.name not in new.column_names:
            columns[field.name] = pa.nulls(len(new), field.type)
            continue
        try:
            columns[field.name] = new.column(field.name).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"The column {field.name!r} of the items is of the type {field.type} in the data set, and of the type "
                f"{new.schema.field(field.name).type} in what is to be appended.",
                column=field.name,
            ) from error
    both = pa.concat_tables([old, pa.table(columns, schema=old.schema)])
    # An item of which only the log tells has its id as title, and says nothing of the item.
    told = np.array([title != str(one) for title, one in zip(new.column("title").to_pylist(), ids, strict=True)])
    known = np.flatnonzero((place >= 0) & told) if len(ids) else np.zeros(0, dtype=np.int64)
    if keep:
        if len(known):
            notes.append("Items of the catalogue keep their facts, since the update has no catalogue of its own.")
        return both, 0
    given = [name for name in old.column_names if name in new.column_names]
    before, after = old.select(given).take(pa.array(place[known])), both.select(given).take(pa.array(len(old) + known))
    changed = known[[one != other for one, other in zip(before.to_pylist(), after.to_pylist(), strict=True)]]
    if not len(changed):
        return both, 0
    source = np.arange(len(both))
    source[place[changed]] = len(old) + changed
    parts = {}
    for name in old.column_names:
        keeps = name not in given and name not in STANDARD_COLUMNS
        parts[name] = both.column(name) if keeps else both.column(name).take(pa.array(source))
    return pa.table(parts, schema=old.schema), len(changed)


@dataclass(frozen=True, slots=True)
class _Counts:
    """What became of the interactions of the update.

    Attributes
    ----------
    kept
        Those that are in the data set now.
    added, changed, repeated, outdated
        As of :class:`engine.data.updates.DatasetUpdate`.
    """

    kept: int
    added: int
    changed: int
    repeated: int
    outdated: int


def _merge_log(old: Dataset, new: Dataset, user_of: Numbers, items: _Items) -> tuple[Interactions, _Counts]:
    before, after = old.interactions, new.interactions
    sizes = {"num_users": len(old.users) + int((user_of >= len(old.users)).sum()), "num_items": items.num_rated + 1}
    count = len(before)
    kind = np.result_type(before.user_ids.dtype, np.int32)
    users = np.concatenate([before.user_ids, user_of[after.user_ids].astype(kind)])
    item_ids = np.concatenate([before.item_ids, items.of_new[after.item_ids - 1].astype(before.item_ids.dtype)])
    given = after.timestamps
    if given is not None and before.timestamps is not None and not old.has_dates and count:
        given = given + (int(before.timestamps.max()) + 1 - int(given.min(initial=0)))
    columns: dict[str, Any] = {
        "ratings": _joined(before.ratings, after.ratings, count),
        "timestamps": _joined(before.timestamps, given, count),
        "weights": _joined(before.weights, _rescaled(old, new), count),
    }
    surplus = find_surplus(users, item_ids, columns["timestamps"], keep_repeats=columns["ratings"] is None)
    keep = np.ones(len(users), dtype=bool)
    keep[surplus] = False
    late = surplus[surplus >= count]
    replaced = surplus[surplus < count]
    same = _unchanged(users, item_ids, columns["ratings"], replaced, keep)
    rows = Interactions(
        users[keep],
        item_ids[keep],
        **{name: None if values is None else values[keep] for name, values in columns.items()},
        **sizes,
    )
    kept = len(after) - len(late)
    return rows, _Counts(kept, kept - len(replaced), len(replaced) - same, same, len(late))


def _rescaled(old: Dataset, new: Dataset) -> npt.NDArray[np.float32] | None:
    """The weights of the update on the scale of the data set, if it names one."""
    weights = new.interactions.weights
    scale, given = WeightScale.of_source(old.source), WeightScale.of_source(new.source)
    if weights is None or scale is None or given is None or not len(old.interactions):
        return weights
    return scale.weights(given.strengths(weights))


def _joined(before: npt.NDArray[Any] | None, after: npt.NDArray[Any] | None, count: int) -> npt.NDArray[Any] | None:
    if before is None:
        return None if count or after is None else after
    return np.concatenate([before, after.astype(before.dtype)]) if after is not None else before


def _unchanged(
    users: npt.NDArray[Any],
    items: npt.NDArray[Any],
    ratings: npt.NDArray[Any] | None,
    replaced: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_],
) -> int:
    """How many of the replaced interactions have the rating of those that took their place."""
    if not len(replaced) or ratings is None:
        return len(replaced)
    width = int(items.max(initial=0)) + 1
    keys = users[replaced].astype(np.int64) * width + items[replaced]
    kept = np.flatnonzero(keep & np.isin(users, users[replaced]))
    kept_keys = users[kept].astype(np.int64) * width + items[kept]
    order = np.argsort(kept_keys, kind="stable")
    place = order[np.searchsorted(kept_keys, keys, sorter=order)]
    one, other = ratings[replaced], ratings[kept[place]]
    return int(((one == other) | (np.isnan(one) & np.isnan(other))).sum())
