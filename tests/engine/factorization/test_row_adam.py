"""Adam for tables: rows that a batch has several times are updated once, by the sum of their gradients."""

from __future__ import annotations

import pytest
import torch

from engine.factorization import row_adam
from engine.factorization.row_adam import RowAdam


def trained(batches: list[tuple[torch.Tensor, torch.Tensor]]) -> RowAdam:
    adam = RowAdam(torch.ones(40, 3), learning_rate=0.1, l2=0.01)
    for rows, gradients in batches:
        gathered = adam.gather(rows)
        assert torch.equal(gathered.values, adam.table[rows])
        adam.steps += 1
        adam.update(gathered, gradients.clone())
    return adam


@pytest.fixture
def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(3)
    return [
        (torch.randint(0, 30, (count,), generator=generator), torch.randn(count, 3, generator=generator))
        for count in (1, 7, 200, 200)
    ]


def test_large_and_small_batches_are_updated_alike(
    batches: list[tuple[torch.Tensor, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_adam, "_MANY", 0)
    by_distinct_rows = trained(batches)
    monkeypatch.setattr(row_adam, "_MANY", 10_000)
    by_all_rows = trained(batches)
    for one, other in zip(by_distinct_rows.tensors(), by_all_rows.tensors(), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(by_all_rows.table[30:], torch.ones(10, 3))  # rows that no batch has stay as they are


@pytest.mark.parametrize("many", [0, 10_000])
def test_a_repeated_row_makes_the_step_of_its_summed_gradient(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_adam, "_MANY", many)
    gradients = torch.tensor([[1.0, 2.0, 0.0], [0.5, -1.0, 2.0], [3.0, 0.0, 1.0]])
    repeated = trained([(torch.tensor([4, 7, 4]), gradients)])
    summed = trained([(torch.tensor([4, 7]), torch.stack((gradients[0] + gradients[2], gradients[1])))])
    torch.testing.assert_close(repeated.table, summed.table)
