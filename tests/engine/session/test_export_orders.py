"""Exports as they are chosen: which models can answer for each kind, and what is refused before the work begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError, ErrorKind, NotTrainedError, OptionError
from engine.session import EXPORT_KINDS, ExportOrder, Session, Target, open_session
from engine.workspace.dataset_store import Workspace


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    session = open_session(Workspace(tmp_path_factory.mktemp("home")), "demo", device="cpu")
    for model in ("popular", "knn", "markov"):
        session.models.train(model)
    return session


def test_each_kind_names_the_models_that_can_answer(session: Session) -> None:
    found = {one.kind.name: one for one in session.exports.choices()}
    assert list(found) == list(EXPORT_KINDS)
    assert found["recommendations"].models == ("knn", "popular")
    assert found["next"].models == ("markov",)
    assert found["neighbours"].models == ("knn",)
    assert not found["model"].models
    assert "vectors of users and items" in found["model"].obstacle
    assert not found["embeddings"].obstacle


@pytest.mark.parametrize(
    ("kind", "name"), [("recommendations", "a.csv"), ("next", "a.jsonl"), ("neighbours", "a.parquet")]
)
def test_an_order_that_is_accepted_is_written(session: Session, tmp_path: Path, kind: str, name: str) -> None:
    order = ExportOrder(kind, Target(tmp_path / name), k=2)
    assert session.exports.require(order) is None
    done = session.exports.write(order)
    assert done.files == (str(tmp_path / name),)
    assert done.rows
    with pytest.raises(DataError) as refusal:
        session.exports.require(order)
    assert refusal.value.kind is ErrorKind.FILE_EXISTS


def test_what_cannot_be_written_is_refused_at_once(session: Session, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="There is no export of 'everything'"):
        session.exports.require(ExportOrder("everything", Target(tmp_path / "a.csv")))
    with pytest.raises(OptionError, match=r"its name must end in \.csv"):
        session.exports.require(ExportOrder("next", Target(tmp_path / "a.npy")))
    with pytest.raises(OptionError, match="markov is not trained, or not made for an export of recommendations"):
        session.exports.require(ExportOrder("recommendations", Target(tmp_path / "a.csv"), "markov"))
    with pytest.raises(NotTrainedError, match="vectors of users and items"):
        session.exports.require(ExportOrder("model", Target(tmp_path / "a.npy")))
