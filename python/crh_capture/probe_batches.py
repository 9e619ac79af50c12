"""Probe batches that a trainer's callback measures at the steps that are due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from torch import Tensor

from .capture import Capture


class ProbeBatches:
    """What the callbacks of Trainers share: `measure` at each step once, `capture.close` at the end."""

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

    def measure(self, step: int) -> None:
        if step != self.measured:  # of an accumulated step there are several batches
            self.measured = step
            self.capture.measure_if_due(self.batches, self.loss_fn, step=step, tokens=self.tokens)
