"""Sums over the processes of torch.distributed: one all-reduce for each layer."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import torch
import torch.distributed as dist
from torch import Tensor

from .errors import CaptureError
from .recorder import Layer


def is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def rank() -> int:
    return dist.get_rank() if is_distributed() else 0


def sum_over_ranks(layers: list[Layer], problem: BaseException | None, losses: Tensor) -> None:
    """Adds up the sums of every rank in place, on every rank, and `losses` (2), their sum and number.

    A few bytes first tell whether all ranks have the same layers, so that no rank waits for one that has failed; then
    the sums of each layer are one float64 buffer and one all-reduce, in place where that works on their device.

    Raises problem where this rank has one, and CaptureError where another has, or has other layers, or is gone.
    """
    if not is_distributed():
        if problem is not None:
            raise problem
        return
    spec = ";".join(
        f"{layer.name} {layer.map.d_in} {layer.map.d_out} {len(layer.sums.whole)} "
        f"{layer.labelled is not None} {None if layer.noise is None else list(layer.noise.sides)}"
        for layer in layers
    )
    number = int.from_bytes(hashlib.sha256(spec.encode()).digest()[:6], "big")
    failed, most, least = _told(problem is not None, number)
    if problem is not None:
        raise problem
    if failed:
        raise CaptureError("capture: expected sums of every rank, got an error on another one; see its output")
    if most != -least:
        raise CaptureError(
            "capture: expected the same layers on every rank, got others; capture the same calls on each"
        )
    device = _device()
    counts = torch.tensor([*losses.tolist(), *(layer.sums.n for layer in layers)], dtype=torch.float64, device=device)
    _reduce(counts, dist.ReduceOp.SUM)
    losses.copy_(counts[:2])
    counts = counts[2:]
    for layer, n in zip(layers, counts.tolist()):
        layer.sums.n = int(n)
        for part in (layer.sums, layer.labelled, layer.noise):
            if part is not None:
                sums = part.whole.to(device)
                _reduce(sums, dist.ReduceOp.SUM)
                part.whole.copy_(sums)
        if layer.noise is not None:
            layer.noise.n = layer.sums.n


def tell_ranks() -> None:
    """Tells the ranks that wait in `sum_over_ranks` of an error on this one, whose way to them may be gone, too."""
    if is_distributed():
        with suppress(Exception):
            _told(True, 0)


def _told(has_failed: bool, number: int) -> tuple[float, float, float]:
    """Over all ranks whether one has failed, and the largest and the negative smallest number."""
    said = torch.tensor([float(has_failed), number, -number], dtype=torch.float64, device=_device())
    _reduce(said, dist.ReduceOp.MAX)
    failed, most, least = said.tolist()
    return failed, most, least


def _device() -> torch.device:
    return torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")


def _reduce(values: Tensor, operation: dist.ReduceOp.RedOpType) -> None:
    try:
        dist.all_reduce(values, op=operation)
    except RuntimeError as error:
        line = str(error).strip().splitlines()[0]
        raise CaptureError(
            f"capture: expected an answer of each of {dist.get_world_size()} ranks, got none of one ({line}); captures "
            "written before are whole, this one is not written"
        ) from error
