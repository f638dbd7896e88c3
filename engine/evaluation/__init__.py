"""Evaluation: splits, cases, metrics with intervals, the search for options, and Spotlight's five scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.evaluation.scores import (
        mrr_score,
        precision_recall_score,
        rmse_score,
        sequence_mrr_score,
        sequence_precision_recall_score,
    )

__all__ = [
    "mrr_score",
    "precision_recall_score",
    "rmse_score",
    "sequence_mrr_score",
    "sequence_precision_recall_score",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """One of Spotlight's scores, imported when it is first asked for, since they need torch."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from engine.evaluation import scores

        return getattr(scores, name)
