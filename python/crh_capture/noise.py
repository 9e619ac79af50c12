"""Squared gradients of weights, on what a map shares with its neighbours (theory.md Eq. 122), one row an example:

A = sum |g_b|^2 h_a h_a^T of the map above,   B = sum (|h_a|^2 + 1) g_b g_b^T of the map below, 1 for its bias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .blocks import Triangle
from .sums import Arena, Buffer, Lengths, Panels, RowSums, size_of_rows


class NoiseSums:
    """Sums of one map over `n` examples: `sides` has those of a, of b, or both."""

    def __init__(self, d: dict[str, int], has_bias: bool, device: torch.device, arena: Arena | None = None) -> None:
        buffer = Buffer(sum(size_of_rows(size, arena) for size in d.values()), device)
        self.whole, self.has_bias, self.n = buffer.whole, has_bias, 0
        self.sides = {side: RowSums(size, buffer, arena) for side, size in d.items()}

    def add(self, ha: Tensor, gb: Tensor) -> None:
        """Adds rows (n, d_in) and (n, d_out)."""
        self.n += len(ha)
        if len(ha) == 0:
            return
        device = self.whole.device
        of = {"a": Lengths(ha, device), "b": Lengths(gb, device)}
        for side, sums in self.sides.items():
            # Rows times a length, divided by the longest of them: in float64, where none is lost.
            own, factor = of[side], of["b" if side == "a" else "a"].lengths
            if side == "b" and self.has_bias:
                factor = (factor**2 + 1).sqrt()
            long = own.lengths * factor
            most = max(float(long.max()), 1e-300)
            times = own.inverse * (long / most).to(own.inverse.device, own.inverse.dtype)
            sums.add(own.base * times.unsqueeze(1), most)

    def document(self) -> dict[str, Any]:
        """`noise` of the layer in the file."""
        blocks = {side: {"width": sums.d, "outer": 1, "inner": 1} for side, sums in self.sides.items()}
        return {"examples": self.n, "losses": 1, **blocks}

    def tensors(self) -> dict[str, np.ndarray]:
        """By their names in the file: (1, d, d)."""
        return {f"{side}.noise": Triangle(Panels(sums)).whole()[None] for side, sums in self.sides.items()}
