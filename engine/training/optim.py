"""Adam for dense parameters, without importing ``torch.optim``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Adam:
    """Adam (Kingma and Ba, ICLR 2015), with the same steps as ``torch.optim.Adam``.

    The first use of any ``torch.optim`` class imports ``torch._dynamo`` and 800 further modules. This takes one to two
    seconds in every process that trains, while some models train in a few seconds.

    Parameters
    ----------
    parameters
        The dense parameters, all on one device.
    learning_rate
        The step size.
    l2
        Weight decay, added to the gradients.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float, l2: float) -> None:
        self._parameters = list(parameters)
        self._learning_rate, self._l2 = learning_rate, l2
        self._betas, self._epsilon = (0.9, 0.999), 1e-8
        self._state: list[dict[str, Tensor]] = [
            {
                "step": torch.zeros((), dtype=torch.float32, device=one.device),
                "exp_avg": torch.zeros_like(one, memory_format=torch.preserve_format),
                "exp_avg_sq": torch.zeros_like(one, memory_format=torch.preserve_format),
            }
            for one in self._parameters
        ]

    def zero_grad(self) -> None:
        """Remove the gradients of all parameters."""
        for one in self._parameters:
            one.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters that have a gradient."""
        with_gradient = [place for place, one in enumerate(self._parameters) if one.grad is not None]
        states = [self._state[place] for place in with_gradient]
        parameters: list[Tensor] = [self._parameters[place] for place in with_gradient]
        gradients = [one.grad for one in parameters]
        if not parameters:
            return
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        if parameters[0].device.type in ("cpu", "cuda"):
            # One kernel for all parameters; torch.optim calls the same one with fused=True.
            torch._fused_adam_(
                parameters,
                gradients,  # type: ignore[arg-type]
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                steps,
                lr=self._learning_rate,
                beta1=self._betas[0],
                beta2=self._betas[1],
                weight_decay=self._l2,
                eps=self._epsilon,
                amsgrad=False,
                maximize=False,
            )
            return
        for parameter, gradient, state in zip(parameters, gradients, states, strict=True):
            assert gradient is not None
            self._step_unfused(parameter, gradient, state)

    def _step_unfused(self, parameter: Tensor, gradient: Tensor, state: Mapping[str, Tensor]) -> None:
        """Update one parameter like the fused kernel, on devices without that kernel."""
        first, second = self._betas
        step = float(state["step"])
        gradient = gradient.add(parameter, alpha=self._l2) if self._l2 else gradient
        state["exp_avg"].lerp_(gradient, 1 - first)
        state["exp_avg_sq"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        deviation = (state["exp_avg_sq"] / (1 - second**step)).sqrt_().add_(self._epsilon)
        parameter.addcdiv_(state["exp_avg"], deviation, value=-self._learning_rate / (1 - first**step))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each parameter by its position, in the layout of ``torch.optim``."""
        return {"state": {place: dict(state) for place, state in enumerate(self._state)}, "param_groups": []}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Load a state and move it to the device of the parameters."""
        for place, state in stored["state"].items():
            device = self._parameters[place].device
            self._state[place] = {name: value.to(device) for name, value in state.items()}
