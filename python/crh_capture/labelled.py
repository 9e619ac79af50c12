"""Sums by class over the two sides of a classifier's last map (theory.md Eq. 66), and the losses of a capture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MOST_CLASSES = 1024
"""chosen: as crh analyze has it; a language model's vocabulary is not what classes are."""


class ClassSums:
    """Of the rows of each class: their number, sum h_a and sum h_b, sum |h_a|^2 and sum |h_b|^2, in float64."""

    def __init__(self, d_in: int, classes: int, device: torch.device) -> None:
        self.sizes = [classes, classes * d_in, classes, classes * classes, classes]
        self.d_in, self.classes = d_in, classes
        self.whole = torch.zeros(sum(self.sizes), dtype=torch.float64, device=device)

    def add(self, ha: Tensor, hb: Tensor, labels: Tensor) -> None:
        """Adds rows (n, d_in) and (n, classes) with labels (n); those outside 0 to classes - 1 are in no class."""
        counts, a, a_squares, b, b_squares = self.whole.split(self.sizes)
        kept = (labels >= 0) & (labels < self.classes)
        at = labels[kept].to(self.whole.device).long()
        counts.index_add_(0, at, torch.ones(len(at), dtype=torch.float64, device=at.device))
        for h, sums, squares in ((ha, a, a_squares), (hb, b, b_squares)):
            rows = h[kept.to(h.device)].to(self.whole.device).double()
            sums.view(self.classes, -1).index_add_(0, at, rows)
            squares.index_add_(0, at, (rows * rows).sum(1))

    def tensors(self) -> dict[str, Tensor]:
        """By their names in the file."""
        counts, a, a_squares, b, b_squares = self.whole.split(self.sizes)
        return {
            "class_counts": counts,
            "a.class_sum": a.view(self.classes, self.d_in),
            "a.class_squares": a_squares,
            "b.class_sum": b.view(self.classes, self.classes),
            "b.class_squares": b_squares,
        }


def labels_of(target: Any, y: Tensor) -> Tensor | None:
    """Class indices (n) of the rows of a network's output y (.., classes); None where the target has none for each."""
    if not isinstance(target, Tensor) or target.is_floating_point() or target.dtype == torch.bool or y.dim() < 2:
        return None
    if tuple(target.shape) != tuple(y.shape[:-1]) or not 2 <= y.shape[-1] <= MOST_CLASSES:
        return None
    return target.reshape(-1)
