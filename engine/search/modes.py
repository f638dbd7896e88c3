"""The ways to search, and the ways in which items are alike."""

from __future__ import annotations

from typing import Literal, get_args

Mode = Literal["hybrid", "semantic", "keyword"]
LikeBy = Literal["meaning", "taste", "both"]

MODES: tuple[Mode, ...] = get_args(Mode)
LIKE_BY: tuple[LikeBy, ...] = get_args(LikeBy)
