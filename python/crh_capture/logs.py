"""Alignments of each capture for TensorBoard and Weights & Biases, where those are installed.

Capture(model, "captures/", 500, on_capture=tensorboard("runs/mine"))
"""

from __future__ import annotations

import math
from typing import Any, Callable

from .moments import Moments


def scalars(moments: Moments, convention: str = "paper") -> dict[str, float]:
    """Alignments by "crh/<layer>/<side>.<relation>"; those that are not defined are left out."""
    return {
        f"crh/{layer}/{side}.{relation}": value
        for layer, conventions in moments.alignments().items()
        for side, values in conventions[convention].items()
        for relation, value in values.items()
        if math.isfinite(value)
    }


def tensorboard(folder: Any, convention: str = "paper") -> Callable[[Moments], None]:
    """Writes alignments to a SummaryWriter, or to a new one in a folder. Raises ImportError without tensorboard."""
    if hasattr(folder, "add_scalar"):
        writer = folder
    else:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("crh_capture.logs: expected tensorboard, got none; pip install tensorboard") from error
        writer = SummaryWriter(str(folder))

    def log(moments: Moments) -> None:
        for name, value in scalars(moments, convention).items():
            writer.add_scalar(name, value, moments.step)
        writer.flush()

    return log


def wandb(run: Any = None, convention: str = "paper") -> Callable[[Moments], None]:
    """Logs alignments to a run of Weights & Biases, with the step as "crh/step". Default: the run that is active."""
    if run is None:
        try:
            import wandb as module
        except ImportError as error:
            raise ImportError("crh_capture.logs: expected wandb, got none; pip install wandb") from error
        run = module.run
        if run is None:
            raise RuntimeError("crh_capture.logs: expected an active run of wandb, got none; call wandb.init before")

    def log(moments: Moments) -> None:
        run.log({"crh/step": moments.step, **scalars(moments, convention)})

    return log
