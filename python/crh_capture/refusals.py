"""Models that cannot be captured as they are, and why: each a CaptureError of one line."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .errors import CaptureError

_WRAPPERS = ("_orig_mod.", "_checkpoint_wrapped_module.")


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside DistributedDataParallel and torch.compile."""
    while True:
        if isinstance(model, nn.parallel.DistributedDataParallel):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod  # type: ignore[assignment]
        else:
            return model


def names_of(model: nn.Module) -> dict[str, nn.Module]:
    """Every module by its own name: without the parts that torch.compile and checkpoint wrappers put in between.

    Raises CaptureError for what cannot be captured: DataParallel, FullyShardedDataParallel (FSDP1).
    """
    names: dict[str, nn.Module] = {}
    for name, module in _modules(model):
        if isinstance(module, nn.DataParallel):
            raise CaptureError(
                "Capture: expected a model on one device or in DistributedDataParallel, got DataParallel, whose copies "
                "are not the model; use DistributedDataParallel"
            )
        if type(module).__name__ == "FullyShardedDataParallel":
            raise CaptureError(
                "Capture: expected whole weights, got FullyShardedDataParallel, which flattens them; use fully_shard "
                "(FSDP2) or DistributedDataParallel"
            )
        names[name or "model"] = module
    return names


def _modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in model.named_modules():
        if hasattr(module, "_orig_mod") or hasattr(module, "_checkpoint_wrapped_module"):
            continue  # the module inside is met under the name of its wrapper
        for part in _WRAPPERS:
            name = name.replace(part, "")
        yield name, module


def is_compiled(model: nn.Module) -> bool:
    return any(
        hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
        for module in model.modules()
    )


def refuse_compiled() -> None:
    """Raises CaptureError where PyTorch cannot run compiled parts as they were written."""
    if not hasattr(getattr(torch, "compiler", None), "set_stance"):
        raise CaptureError(
            "Capture: expected PyTorch 2.6 or newer for a compiled model, whose hooks are compiled away, got "
            f"{torch.__version__}; capture the model that was given to torch.compile"
        )


def refuse_coupling(names: dict[str, nn.Module], how: str) -> None:
    """Raises CaptureError where a batch normalization works with the statistics of the batch, unless `how` says so."""
    if how == "training":
        return
    for name, module in names.items():
        if isinstance(module, _BatchNorm) and (module.training or module.running_mean is None):
            raise CaptureError(
                f"capture: expected gradients of each sample's own loss, got {name!r} in training mode, which couples "
                "the samples of a batch; use capture.measure(batches, loss_fn), or state batch_norm='training'"
            )
