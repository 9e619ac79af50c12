"""Captures in the Trainer of Hugging Face transformers: probe batches in evaluation mode at the steps that are due.

    capture = Capture(model, "captures/", every=500)
    inputs = {"input_ids": ids, "attention_mask": mask}
    trainer.add_callback(CaptureCallback(capture, [(inputs, ids)], causal_lm_losses, tokens=causal_lm_tokens))

How Trainer divides the loss of a training batch depends on its version and arguments; probe batches do not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .probe_batches import ProbeBatches

try:
    from transformers import TrainerCallback
except ImportError as error:  # pragma: no cover
    raise ImportError("crh_capture.hugging_face: expected transformers, got none; pip install transformers") from error


class CaptureCallback(ProbeBatches, TrainerCallback):  # type: ignore[misc]
    """Measures probe batches before the first update and after each that is due, and closes the capture at the end."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.measure(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.measure(state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.capture.close()


def causal_lm_losses(output: Any, ids: Tensor) -> Tensor:
    """Losses (batch, tokens) of predicting each next token of ids; 0 at the last, and where ids = -100."""
    logits = output.logits if hasattr(output, "logits") else output
    losses = F.cross_entropy(logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
    return F.pad(losses.reshape(ids.shape[0], -1), (0, 1))


def causal_lm_tokens(inputs: Any, ids: Tensor) -> Tensor:
    """The tokens that have a next one: samples of causal_lm_losses. Those that attention_mask leaves out have none."""
    mask: Tensor | None = inputs.get("attention_mask") if hasattr(inputs, "get") else None
    seen = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
    return seen & F.pad(seen[:, 1:], (0, 1)) & F.pad(ids[:, 1:] != -100, (0, 1))
