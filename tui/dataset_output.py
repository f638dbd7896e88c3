"""What the command line prints of data sets: those that are stored, and previews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui.output import print_json, print_line, print_table
from tui.profile_output import print_profile, profile_json
from tui.wording import describe_hint, type_in_words

if TYPE_CHECKING:
    from engine.session import Manifest, Profile
    from engine.session.datasets import Preview, UserFiles


def dataset_json(manifest: Manifest) -> dict[str, Any]:
    """A stored data set in the shape of the contract."""
    overview = manifest.overview
    return {
        "name": overview.name,
        "kind": overview.kind,
        "num_users": overview.num_users,
        "num_items": overview.num_items,
        "num_interactions": overview.num_interactions,
        "skipped": dict(manifest.skipped),
        "source": dict(manifest.source),
        "title": overview.title,
        "num_rated_items": overview.num_rated_items,
        "simulated": overview.simulated,
    }


def damaged_dataset_json(name: str, folder: str) -> dict[str, Any]:
    """A damaged data set that was moved aside, in the shape of :func:`dataset_json` with what is unknown as null."""
    unknown = ("kind", "num_users", "num_items", "num_interactions", "skipped", "source", "title", "num_rated_items")
    return {"name": name, **dict.fromkeys((*unknown, "simulated")), "damaged": folder}


def print_dataset(manifest: Manifest, as_json: bool) -> None:
    """A stored data set: its sizes, what was left out and why."""
    if as_json:
        print_json(dataset_json(manifest))
        return
    overview = manifest.overview
    audience = "simulated users" if overview.simulated else "users"
    print_line(f"{overview.name}: {overview.title} ({overview.kind})")
    print_line(
        f"  {overview.num_items:,} items ({overview.num_rated_items:,} with interactions), "
        f"{overview.num_users:,} {audience}, {overview.num_interactions:,} interactions"
    )
    for reason, count in manifest.skipped.items():
        print_line(f"  left out: {count:,} × {reason}")
    _print_notes(manifest.source)
    if manifest.source.get("guessed_columns"):
        print_line("  --map names other columns.")


def print_dataset_info(manifest: Manifest, files: UserFiles, as_json: bool, profile: Profile | None = None) -> None:
    """A stored data set, the files in which a person can write what searches in it should know, and its profile."""
    written = {"aliases": files.aliases, "synonyms": files.synonyms}
    if as_json:
        there = {name: str(path) if path.is_file() else None for name, path in written.items()}
        found = {} if profile is None else {"profile": profile_json(profile)}
        print_json({**dataset_json(manifest), **there, **found})
        return
    print_dataset(manifest, as_json)
    for what, path in (("further titles", files.aliases), ("words that mean the same", files.synonyms)):
        print_line(f"  {what} {'are' if path.is_file() else 'would be'} read from {path}")
    if profile is not None:
        print_profile(profile)


def print_preview(preview: Preview, as_json: bool) -> None:
    """What a data set would hold: its sizes, what is left out, the types of the columns, and the first rows."""
    overview = preview.overview
    if as_json:
        print_json(
            {
                "name": overview.name,
                "kind": overview.kind,
                "num_users": overview.num_users,
                "num_items": overview.num_items,
                "num_interactions": overview.num_interactions,
                "skipped": dict(preview.skipped),
                "source": dict(preview.source),
                "types": dict(preview.types),
                "items": [dict(one) for one in preview.items],
                "interactions": [dict(one) for one in preview.interactions],
            }
        )
        return
    print_line(
        f"{overview.name} ({overview.kind}) would have {overview.num_items:,} items, {overview.num_users:,} users "
        f"and {overview.num_interactions:,} interactions. Nothing was stored."
    )
    for reason, count in preview.skipped.items():
        print_line(f"  left out: {count:,} × {reason}")
    _print_notes(preview.source)
    print_line(f"  types: {', '.join(f'{name} ({type_in_words(kind)})' for name, kind in preview.types.items())}")
    for what in (preview.items, preview.interactions):
        if what:
            columns = [one for one in what[0] if one != "text"]
            print_table(columns, [[one[column] for column in columns] for one in what], cut=range(len(columns)))
    if preview.source.get("guessed_columns"):
        print_line("  --map names other columns; without --dry-run the data set is stored.")


def _print_notes(source: Mapping[str, Any]) -> None:
    for note in source.get("notes", ()):
        print_line(f"  {note}")
    for sentence in dict.fromkeys(describe_hint(hint) for hint in source.get("hints", ())):
        print_line(f"  {sentence}")
