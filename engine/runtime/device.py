"""Which device computes, who may compute on it now, and how many cores it may take."""

from __future__ import annotations

import os

import torch

from engine.errors import OptionError


def resolve(name: str | torch.device = "auto") -> torch.device:
    """The device of a name.

    Parameters
    ----------
    name
        ``auto`` (CUDA, else Apple's MPS, else the CPU), ``cpu``, ``cuda``, ``cuda:1`` … or ``mps``.

    Raises
    ------
    OptionError
        If the name is none of these, or this machine has no such device.
    """
    if str(name) == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise OptionError(f"There is no device {str(name)!r}: use auto, cpu, cuda or mps.") from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise OptionError("This machine has no CUDA device that torch can use: use --device cpu or auto.")
        index = int(str(device).partition(":")[2] or torch.cuda.current_device())
        if index >= torch.cuda.device_count():
            raise OptionError(f"There is no device {device}: this machine has {torch.cuda.device_count()} of CUDA.")
        return torch.device("cuda", index)
    if device.type == "mps":
        if not torch.backends.mps.is_available():
            raise OptionError("This machine has no MPS device (Apple graphics): use --device cpu or auto.")
    elif device.type != "cpu":
        raise OptionError(f"Models cannot compute on {device.type!r}: use auto, cpu, cuda or mps.")
    return device


#: The width from which on a net's matrix products take longer than getting them going does.
WIDE = 128


def mixed_precision_pays(device: torch.device, width: int) -> bool:
    """Whether a net of vectors of this width should be trained with its matrix products in bfloat16.

    On CUDA devices that compute with bfloat16, for wide nets. Parameters, sums, losses and the optimiser's state are
    in float32, and bfloat16 has the range of float32, so nothing underflows and no loss needs scaling. Narrow nets (all
    with the default 32) would only gain conversions; a factorisation has no matrix product to speak of in training, it
    reads and writes rows of a float32 table. Scores are always computed in float32: rounding them would change ranks.
    """
    return device.type == "cuda" and width >= WIDE and torch.cuda.is_bf16_supported(including_emulation=False)


def describe(device: torch.device) -> str:
    """What to call a device on screen: ``cpu``, ``cuda:0 NVIDIA H200``, ``mps``."""
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def leave_a_core() -> int:
    """Let torch use all cores but one, which stays with the screen; says how many. For the app to call once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, cores - 1)
    torch.set_num_threads(threads)
    return threads
