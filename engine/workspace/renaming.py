"""Renaming a stored data set.

The manifest names the data set, and so does its folder, and no file system changes both in one step. So the manifest
first says what the data set will be called as well; renaming the folder then commits the change; and at last the
manifest is written anew with one name. It is a whole data set of the old or of the new name at every step.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.storage.atomic import cannot_write, sync_committed, write_json
from engine.storage.guarded import read_json, with_checksum
from engine.workspace.layout import MANIFEST

#: The key of a manifest under which the name is that a data set is being given.
RENAMED_TO = "renamed_to"
_log = logging.getLogger(__name__)


def rename_folder(folder: Path, target: Path) -> dict[str, Any]:
    """Rename a data set, for a caller that holds the lock of the workspace and has checked both names.

    Returns
    -------
    dict
        The content of the new manifest, so that nothing that follows the change can fail.

    Raises
    ------
    DataError
        If it cannot be renamed; it then has its old name.
    """
    raw = read_json(folder / MANIFEST, dict[str, Any])
    write_json(folder / MANIFEST, with_checksum({**raw, RENAMED_TO: target.name}))
    try:
        os.rename(folder, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    sync_committed(target.parent)
    content = with_checksum(renamed(raw, target.name))
    try:
        write_json(target / MANIFEST, content)
    except DataError as error:  # it is read under its new name as it is
        _log.info("%s: the manifest keeps the old name beside the new one (%s)", target, error)
    return content


def renamed(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The content of a manifest for a data set with this name. A title that was the old name is the new one."""
    overview = dict(raw["overview"])
    title = name if overview.get("title") == overview.get("name") else overview.get("title")
    rest = {key: value for key, value in raw.items() if key != RENAMED_TO}
    return {**rest, "overview": {**overview, "name": name, "title": title}}
