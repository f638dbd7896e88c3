"""The shelf: whose models still fit, and that one spoilt model does not hide the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.errors import ErrorKind, NotTrainedError
from engine.interactions import Interactions
from engine.session import Session
from engine.workspace.dataset_store import Workspace
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


def trained(workspace: Workspace) -> set[str]:
    return {state.name for state in Session(workspace, "tiny").models.states() if state.trained}


def test_a_model_outlives_a_replacement_with_the_same_ids_only(workspace: Workspace) -> None:
    Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    workspace.add(make_dataset(times=False), replace=True)
    assert trained(workspace) == {"explicit"}

    # The same users and items in the same order, but one item more is rated: the model has no row for it.
    more = make_dataset()
    more = Dataset(
        **{
            **{name: getattr(more, name) for name in ("name", "kind", "title", "items", "users")},
            "interactions": Interactions(
                np.array([0, 1, 2]), np.array([1, 5, 5]), ratings=np.array([5.0, 1.0, 2.0]), num_users=3, num_items=6
            ),
        }
    )
    workspace.add(more, replace=True)
    assert trained(workspace) == set()
    with pytest.raises(NotTrainedError, match="explicit is not trained") as caught:
        Session(workspace, "tiny").users.recommend(20, model="explicit")
    assert (caught.value.kind, caught.value.name, caught.value.dataset) == (ErrorKind.UNTRAINED, "explicit", "tiny")


def test_a_spoilt_report_is_an_untrained_model_and_hides_no_other(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    session.models.train("implicit", {"n_iter": 1})
    (workspace.model_folder("tiny", "explicit") / "report.json").write_text("{")
    assert trained(workspace) == {"implicit"}
    assert session.users.recommend(20).method == "implicit"


def test_a_user_who_knows_everything_is_recommended_nothing(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    everything = make_dataset()
    log = everything.interactions
    workspace.add(
        Dataset(
            **{
                **{name: getattr(everything, name) for name in ("name", "kind", "title", "items", "users")},
                "interactions": Interactions(
                    np.array([*log.user_ids, 0]),
                    np.array([*log.item_ids, 2]),
                    ratings=np.array([*log.ratings, 1.0]),  # type: ignore[misc]
                    num_users=3,
                    num_items=5,
                ),
            }
        ),
        replace=True,
    )
    assert Session(workspace, "tiny").users.recommend(10).results == ()
