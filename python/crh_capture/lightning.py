"""Captures in Lightning's Trainer: probe batches in evaluation mode at the steps that are due.

capture = Capture(module, "captures/", every=500)
trainer = Trainer(callbacks=[CaptureCallback(capture, [(x, y)], loss_fn)])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from torch import Tensor

from .capture import Capture

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    try:
        from pytorch_lightning.callbacks import Callback  # type: ignore[no-redef]
    except ImportError as error:  # pragma: no cover
        raise ImportError("crh_capture.lightning: expected lightning, got none; pip install lightning") from error


class CaptureCallback(Callback):  # type: ignore[misc]
    """Measures probe batches before the first update and after each that is due, and closes the capture at the end."""

    def __init__(
        self,
        capture: Capture,
        batches: Iterable[Any],
        loss_fn: Callable[[Any, Any], Tensor],
        *,
        tokens: Callable[[Any, Any], Tensor] | None = None,
    ) -> None:
        """batches, loss_fn, tokens: as of Capture.measure; batches are gone through at every capture."""
        self.capture, self.batches, self.loss_fn, self.tokens = capture, list(batches), loss_fn, tokens
        self.measured = -1

    def _measure(self, step: int) -> None:
        if step != self.measured:  # of an accumulated step there are several batches
            self.measured = step
            self.capture.measure_if_due(self.batches, self.loss_fn, step=step, tokens=self.tokens)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._measure(trainer.global_step)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any, **__: Any) -> None:
        self._measure(trainer.global_step)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.capture.close()
