"""The names of the files and folders of stored data sets."""

from __future__ import annotations

import re

MANIFEST = "manifest.json"
CURRENT = "current.json"
LOCK = ".lock"
DATASETS, EMBEDDINGS, MODELS, TUNING = "datasets", "embeddings", "models", "tuning"
WORDS, MAP = "words.npz", "map.npz"
#: The trainings that were interrupted.
TRAINING = "training"
RUNS, DEFAULTS = "runs", "defaults.json"
#: The items that a person pinned or hid in searches.
PINS = "pins.json"
TABLES = ("items", "users", "interactions")
#: The interactions of a large data set by user, which are made again where they are missing.
BY_USER = "by_user"
#: The profile of a data set, which is made again where it is missing.
PROFILE = "profile.json"
#: The file of a table; its name is new in each version of a data set.
TABLE_FILE = re.compile(rf"({'|'.join(TABLES)})-[^/]*\.parquet")
#: A data set that is being removed.
REMOVED = re.compile(r"\..+\.[0-9a-f]+\.removed")
#: The locks of trainings and exports by data set: they outlive a removed one.
LOCKS = "locks"
#: The folder of the profiles of one's own ratings, which belong to no data set.
PROFILES = "profiles"
