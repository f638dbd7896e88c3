from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from engine import models
from engine.training.optim import Adam


def train(make, steps=30, plainly=False):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(7, 5), nn.Linear(5, 1), nn.Linear(1, 1, bias=False))
    unused = nn.Parameter(torch.ones(3))
    optimizer = make([*net.parameters(), unused])
    for step in range(steps):
        optimizer.zero_grad()
        net(torch.tensor([step % 7, 3])).square().sum().backward()
        if plainly:
            for place, one in enumerate(optimizer._parameters):
                if one.grad is not None:
                    optimizer._state[place]["step"] += 1
                    optimizer._step_unfused(one.data, one.grad, optimizer._state[place])
        else:
            optimizer.step()
    return [one.detach() for one in net.parameters()], unused.detach(), optimizer


@pytest.mark.parametrize("plainly", [False, True])
@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_every_step_is_that_of_torch_optim(l2, plainly):
    ours, unused, _ = train(lambda parameters: Adam(parameters, 1e-2, l2), plainly=plainly)
    theirs, _, _ = train(lambda parameters: torch.optim.Adam(parameters, lr=1e-2, weight_decay=l2))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    assert (unused == 1).all()


def test_a_state_goes_out_and_comes_back():
    _, _, optimizer = train(lambda parameters: Adam(parameters, 1e-2, 0.0), steps=3)
    stored = optimizer.state_dict()
    fresh = Adam(optimizer._parameters, 1e-2, 0.0)
    fresh.load_state_dict(stored)
    for mine, other in zip(fresh.state_dict()["state"].values(), stored["state"].values(), strict=True):
        for name in other:
            assert torch.equal(mine[name], other[name])


def test_nothing_imports_the_compiler(tmp_path):
    """It takes longer to import than all else in an answer, and nothing here is compiled."""
    code = (
        "import sys, numpy as np\n"
        "from engine import models\n"
        "from engine.interactions import Interactions\n"
        "users, items = np.repeat(np.arange(6), 5), np.tile(np.arange(1, 7), 5)\n"
        "log = Interactions(users, items, 1.0 + items % 5, np.arange(30), num_items=7)\n"
        "for name, spec in models.describe().items():\n"
        "    options = {key: value for key, value in (('n_iter', 2), ('burn_in', 1)) if key in spec.options}\n"
        "    model = models.create(name, device='cpu', **options)\n"
        "    model.fit(log.to_sequence() if spec.task == 'sequence' else log)\n"
        "    model.save(sys.argv[1])\n"
        "    models.load(sys.argv[1], device='cpu').predict(np.array([1, 2]) if spec.task == 'sequence' else 0)\n"
        "    print(name, *{'torch._dynamo', 'sympy'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [*models.describe()]
