"""A profile keeps what a person said, whatever is imported again and whatever happens to its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DamagedError, DataError, OptionError, UnknownError
from engine.profiles.profile import Entry, Link, Profile, merge
from engine.profiles.store import ProfileStore

TITLES = ("Heat", "Alien", "Se7en", "千と千尋の神隠し", 'A "quoted", title', "")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    rating = draw(st.none() | st.integers(1, 10).map(lambda half: half / 2))
    status = "rated" if rating is not None else draw(st.sampled_from(["seen", "watchlist", "not-interested"]))
    links = {"films": Link("7", "Heat")} if draw(st.booleans()) else {}
    return Entry(
        draw(st.sampled_from(TITLES)),
        draw(st.none() | st.integers(1900, 2030)),
        status,  # type: ignore[arg-type]
        rating,
        5.0,
        draw(st.none() | st.integers(-(10**9), 2 * 10**9)),
        source="letterboxd",
        links=links,
    )


@given(st.lists(entries(), max_size=8))
def test_importing_twice_changes_nothing(found: list[Entry]) -> None:
    first = merge(Profile("me"), found)
    again = merge(first.profile, list(first.profile.entries))
    assert again.profile == first.profile
    assert (again.added, again.updated, again.kept) == (0, 0, 0)
    assert again.unchanged == len(first.profile.entries)


@given(st.lists(entries(), max_size=8))
def test_importing_the_same_entries_twice_changes_nothing(found: list[Entry]) -> None:
    first = merge(Profile("me"), found)
    again = merge(first.profile, found)
    assert again.profile == first.profile
    assert (again.added, again.updated) == (0, 0)


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_ratings_of_a_film_the_newer_one_counts(newest_first: bool) -> None:
    found = [Entry("Heat", 1995, rating=3.0, time=2_000), Entry("Heat", 1995, rating=5.0, time=1_000)]
    merged = merge(Profile("me"), found if newest_first else found[::-1])
    assert [(one.rating, one.time) for one in merged.profile.entries] == [(3.0, 2_000)]
    assert (merged.added, merged.repeated) == (1, 1)
    old = merge(merged.profile, [Entry("Heat", 1995, rating=1.0, time=500)])
    assert old.profile == merged.profile
    assert (old.unchanged, old.older) == (1, 1)


def test_a_changed_rating_is_updated_and_what_is_gone_from_the_export_stays() -> None:
    def film(title: str, rating: float | None, id_: str = "") -> Entry:
        return Entry(title, 1995, "seen" if rating is None else "rated", rating, source="letterboxd", source_id=id_)

    old = merge(Profile("me"), [film("Heat", 3.0, "a"), film("Alien", 4.0, "b"), film("Se7en", 5.0, "c")])
    new = merge(old.profile, [film("Heat", 4.5, "a"), film("Alien", None, "b"), film("Solaris", 4.0, "d")])
    assert (new.added, new.updated, new.unchanged, new.kept) == (1, 1, 1, 1)
    said = {entry.title: entry.rating for entry in new.profile.entries}
    assert said == {"Heat": 4.5, "Alien": 4.0, "Se7en": 5.0, "Solaris": 4.0}, "that it was seen replaces no rating"


def test_one_film_in_two_sources_is_one_entry() -> None:
    mine = merge(Profile("me"), [Entry("Matrix, The", 1999, rating=4.0, source="imdb", source_id="tt0133093")])
    more = merge(mine.profile, [Entry("The Matrix", 1999, rating=5.0, source="letterboxd", source_id="x")])
    assert [entry.rating for entry in more.profile.entries] == [5.0]


@pytest.mark.parametrize(
    ("rating", "highest", "scale", "expected"),
    [(4.5, 5.0, (0.5, 5.0), 4.5), (9.0, 10.0, (0.5, 5.0), 4.5), (0.5, 5.0, (1.0, 5.0), 1.0), (4.5, 5.0, (1, 10), 9.0)],
)
def test_a_rating_keeps_its_share_of_the_highest_on_another_scale(
    rating: float, highest: float, scale: tuple[float, float], expected: float
) -> None:
    assert Entry("Heat", rating=rating, highest=highest).rating_on(scale) == expected


@pytest.mark.parametrize(
    ("lowest", "rating", "highest", "scale", "expected"),
    [
        (-10.0, -3.7, 10.0, (-10.0, 10.0), -3.7),
        (-10.0, 0.0, 10.0, (0.5, 5.0), 2.5),
        (-10.0, -10.0, 10.0, (0.5, 5.0), 0.5),
        (0.0, 0.0, 100.0, (-10.0, 10.0), -10.0),
        (None, 0.5, 5.0, (-10.0, 10.0), -8.0),
        (None, 5.0, 5.0, (0.0, 100.0), 100.0),
    ],
)
def test_a_scale_that_reaches_to_0_or_below_is_used_from_end_to_end(
    lowest: float | None, rating: float, highest: float, scale: tuple[float, float], expected: float
) -> None:
    assert Entry("Heat", rating=rating, highest=highest, lowest=lowest).rating_on(scale) == pytest.approx(expected)


def test_a_rating_below_0_is_stored_in_a_version_that_older_programs_refuse(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    entry = Entry("Joke", rating=-3.7, highest=10.0, lowest=-10.0)
    store.change("me", lambda stored: (stored.with_entry(entry, None), None))
    assert ProfileStore(tmp_path).read("me").entries == (entry,)
    assert '"version": 2' in store.path("me").read_text().splitlines()[0]
    store.change("me", lambda stored: (stored.with_entry(Entry("Heat", rating=4.0), 0), None))
    assert '"version": 1' in store.path("me").read_text().splitlines()[0]


def test_a_stored_rating_off_its_scale_is_damage(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    store.change("me", lambda stored: (stored.with_entry(Entry("Heat", rating=4.0), None), None))
    path = store.path("me")
    for change in ('"rating": 0', '"rating": 6', '"rating": -1, "lowest": 0.0', '"rating": 4, "lowest": 0.5'):
        path.write_text(path.read_text().splitlines()[0] + "\n" + '{"title": "Heat", ' + change + "}\n")
        with pytest.raises(DamagedError, match="impossible rating"):
            ProfileStore(tmp_path).read("me")


@given(st.lists(entries(), max_size=8))
def test_what_is_stored_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, found: list[Entry]) -> None:
    folder = tmp_path_factory.mktemp("data")
    profile = Profile("me", tuple(found))
    ProfileStore(folder).change("me", lambda _: (profile, None))
    assert ProfileStore(folder).read("me") == profile


def test_only_its_owner_may_read_a_profile(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    store.change("me", lambda stored: (stored.with_entry(Entry("Heat", rating=5), None), None))
    assert store.path("me").stat().st_mode & 0o077 == 0


def test_a_change_by_another_process_is_seen(tmp_path: Path) -> None:
    one, other = ProfileStore(tmp_path), ProfileStore(tmp_path)
    one.change("me", lambda stored: (stored.with_entry(Entry("Heat", rating=5), None), None))
    assert len(other.read("me").entries) == 1
    other.change("me", lambda stored: (stored.with_entry(Entry("Alien", rating=5), None), None))
    assert [entry.title for entry in one.read("me").entries] == ["Heat", "Alien"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"format": "x", "version": 99}\n',
        b'{"format": "x", "version": 1}\n{"title": "Heat"',
        b'{"format": "x", "version": 1}\n{"title": 3}\n',
        b'{"format": "x", "version": 1}\n{"title": "Heat", "status": "rated", "rating": 7.0, "highest": 5.0}\n',
        b'{"format": "x", "version": 1}\n' + b"[" * 100_000,
    ],
)
def test_a_damaged_profile_is_named_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    store = ProfileStore(tmp_path)
    store.change("other", lambda stored: (stored.with_entry(Entry("Heat", rating=5), None), None))
    path = store.path("me")
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"me\.jsonl") as raised:
        store.read("me")
    assert len(str(raised.value)) <= 400
    with pytest.raises(DamagedError):
        store.change("me", lambda stored: (stored.with_entry(Entry("Alien", rating=5), None), None))
    assert path.read_bytes() == content
    assert store.names() == ["me", "other"]
    assert len(store.read("other").entries) == 1


@pytest.mark.parametrize("name", ["", "../me", "a/b", ".me", "con", "x" * 65, "a\n", "me "])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="No profile can be called"):
        ProfileStore(tmp_path).read(name)


def test_a_profile_that_cannot_be_reached_is_not_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ProfileStore(tmp_path)
    store.change("me", lambda stored: (stored.with_entry(Entry("Heat", rating=5), None), None))

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DataError, match=r"me\.jsonl: cannot be read"):
        store.read("me")


def test_a_profile_is_made_renamed_removed_and_put_back(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    store.make("ann")
    with pytest.raises(OptionError, match="already"):
        store.make("ann")
    store.change("ann", lambda one: (one.with_entry(Entry("Heat", 1995, "seen"), None), None))
    store.rename("ann", "bea")
    assert store.names() == ["bea"]
    assert [entry.title for entry in store.read("bea").entries] == ["Heat"]
    store.move_to_trash("bea")
    assert store.names() == []
    assert store.read("bea").entries == ()
    store.make("bea")
    with pytest.raises(OptionError, match="already"):
        store.put_back("bea")
    store.move_to_trash("bea")
    store.put_back("bea")  # the one that was removed last, which is empty
    store.rename("bea", "empty")
    store.put_back("bea")
    assert [entry.title for entry in store.read("bea").entries] == ["Heat"]
    with pytest.raises(UnknownError):
        store.rename("nobody", "somebody")


def test_profiles_that_were_removed_long_ago_are_deleted(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    for name in ("ann", "bea", "me"):
        store.make(name)
    store.move_to_trash("ann")
    trashed = store.trashed()["ann"]
    trashed.rename(trashed.with_name(".ann.20200101T000000000000Z.trash"))
    store.move_to_trash("bea")
    assert set(store.trashed()) == {"bea"}
    assert store.names() == ["me"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ProfileStore(tmp_path / "file")
    for change in (lambda: store.make("ann"), lambda: store.rename("ann", "bea"), lambda: store.move_to_trash("ann")):
        with pytest.raises(DataError, match="cannot be written"):
            change()
