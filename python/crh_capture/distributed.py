"""Sums over the processes of torch.distributed: one all-reduce of all moments."""

from __future__ import annotations

import hashlib

import torch
import torch.distributed as dist
from torch import Tensor

from .errors import CaptureError
from .recorder import Layer


def is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def rank() -> int:
    return dist.get_rank() if is_distributed() else 0


def sum_over_ranks(layers: list[Layer], problem: BaseException | None) -> None:
    """Adds up the sums of every rank in place, on every rank.

    A few bytes first tell whether all ranks have the same layers, so that no rank waits for one that has failed; then
    all sums are one float64 buffer and one all-reduce.

    Raises problem where this rank has one, and CaptureError where another has, or has other layers, or is gone.
    """
    if not is_distributed():
        if problem is not None:
            raise problem
        return
    device = _device()
    spec = ";".join(f"{layer.name} {[tuple(t.shape) for t in layer.sums.tensors()]}" for layer in layers)
    number = int.from_bytes(hashlib.sha256(spec.encode()).digest()[:6], "big")
    said = torch.tensor([float(problem is not None), number, -number], dtype=torch.float64, device=device)
    _reduce(said, dist.ReduceOp.MAX)
    failed, most, least = (float(value) for value in said.cpu())
    if problem is not None:
        raise problem
    if failed:
        raise CaptureError("capture: expected sums of every rank, got an error on another one; see its output")
    if most != -least:
        raise CaptureError(
            "capture: expected the same layers on every rank, got others; capture the same calls on each"
        )
    tensors = [tensor for layer in layers for tensor in layer.sums.tensors()]
    counts = torch.tensor([layer.sums.n for layer in layers], dtype=torch.float64)
    whole = torch.cat([counts.to(device), *(tensor.reshape(-1).to(device) for tensor in tensors)])
    _reduce(whole, dist.ReduceOp.SUM)
    for layer, n in zip(layers, whole[: len(layers)].cpu()):
        layer.sums.n = int(n)
    at = len(layers)
    for tensor in tensors:
        tensor.copy_(whole[at : at + tensor.numel()].reshape(tensor.shape))
        at += tensor.numel()


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
