"""The exports of the fake session: they write a line to the file, and are held back or stopped like other jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError, ErrorKind
from engine.session import EXPORT_KINDS, ExportChoice, Exported, ExportOrder, Job, Progress

if TYPE_CHECKING:
    from tests.tui.fake import FakeSession


class FakeExports:
    """Two models that can answer; nothing can give the vectors of a factorisation."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self.orders: list[ExportOrder] = []

    def choices(self) -> list[ExportChoice]:
        self._fake.enter("choices")
        found = []
        for name, kind in EXPORT_KINDS.items():
            if name == "model":
                found.append(ExportChoice(kind, (), "No model that can give vectors is trained on 'fake' yet."))
            else:
                models = {"embeddings": (), "next": ("sequence",)}.get(name, ("explicit", "knn"))
                found.append(ExportChoice(kind, models))
        return found

    def require(self, order: ExportOrder) -> Path | None:
        self._fake.enter("require_export", order)
        path = order.target.path
        if not path.parent.is_dir():
            raise DataError(f"{path}: cannot be written, since the folder does not exist.", file=str(path))
        if path.exists() and not order.target.replace:
            raise DataError(f"{path}: exists already.", kind=ErrorKind.FILE_EXISTS, file=str(path))
        return None

    def write(self, order: ExportOrder, job: Job | None = None) -> Exported:
        job = job or Job()
        for done in range(3):
            job.report(Progress(order.kind, done, 3, "lists"))
            self._fake.enter("export_all", order, job=job)
            job.checkpoint()
        self.orders.append(order)
        order.target.path.write_text("written")
        return Exported((str(order.target.path),), 600, order.model or "explicit", lists=60, empty=0)
