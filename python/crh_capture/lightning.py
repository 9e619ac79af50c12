"""Captures in Lightning's Trainer: probe batches in evaluation mode at the steps that are due.

capture = Capture(module, "captures/", every=500)
trainer = Trainer(callbacks=[CaptureCallback(capture, [(x, y)], loss_fn)])
"""

from __future__ import annotations

from typing import Any

from .probe_batches import ProbeBatches

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    try:
        from pytorch_lightning.callbacks import Callback  # type: ignore[no-redef,assignment]
    except ImportError as error:  # pragma: no cover
        raise ImportError("crh_capture.lightning: expected lightning, got none; pip install lightning") from error


class CaptureCallback(ProbeBatches, Callback):  # type: ignore[misc]
    """Measures probe batches before the first update and after each that is due, and closes the capture at the end."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.measure(trainer.global_step)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any, **__: Any) -> None:
        self.measure(trainer.global_step)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.capture.close()
