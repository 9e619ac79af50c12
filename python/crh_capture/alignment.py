"""Alignments of one side of a layer from its sums, as crh computes them (theory.md Eqs. 2, 3, 8, 11, 77, 83)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .moments import LayerMoments, SideMoments

CONVENTIONS = ("paper", "covariance", "raw")
ROUNDING_TRACE = 1e-12
"""Trace of a centred second moment, relative to the uncentred one, below which it is rounding; as in crh."""


def second_moment(side: SideMoments, which: str, convention: str, n: int) -> np.ndarray | None:
    """H or G of one side (d, d) float64; None where a sum is missing or no row was kept.

    "raw": (1/n) sum v v^T. "covariance": that minus m m^T with m the mean. "paper": the covariance of rows divided by
    their norm, rows of zeros dropped.
    """
    letter = which.lower()
    unit = "n" if convention == "paper" else ""
    v = letter + unit
    count = side.numbers[f"kept{which}"] if convention == "paper" else n
    gram, total = side.blocks.get(v + v), side.blocks.get(f"{v}_sum")
    if gram is None or count <= 0 or (convention != "raw" and total is None):
        return None
    C: np.ndarray = gram / count
    if convention == "raw":
        return C
    whole = np.trace(C)
    mean = total / count  # type: ignore[operator]
    C = C - np.outer(mean, mean)
    return np.zeros_like(C) if np.trace(C) < ROUNDING_TRACE * whole else C


def weight_gram(layer: LayerMoments, key: str) -> np.ndarray | None:
    """Z_a = W^T W or Z_b = W W^T, on the coordinates that were sampled."""
    side = layer.sides()[key]
    if "z" in side.blocks:
        return side.blocks["z"]
    if layer.W is None:
        return None
    W = layer.W.astype(np.float64)
    Z: np.ndarray = W.T @ W if key == "a" else W @ W.T
    return Z


def alignment(A: np.ndarray | None, B: np.ndarray | None, of: int | None = None) -> float:
    """Pearson's correlation of the entries of two symmetric matrices (Eq. 11); nan where one has no spread.

    of: rows of the whole matrices where A and B are on a sample of their coordinates: diagonal and other entries then
    count as often as in the whole (Eq. 77).
    """
    if A is None or B is None or A.size <= 1:
        return float("nan")
    k = A.shape[0]
    weight = np.ones_like(A)
    if of is not None and of != k:
        weight[:] = of * (of - 1) / (k * (k - 1))
        np.fill_diagonal(weight, of / k)
    weight /= weight.sum()
    a, b = A - (weight * A).sum(), B - (weight * B).sum()
    aa, bb = (weight * a * a).sum(), (weight * b * b).sum()
    norms = (weight * A * A).sum(), (weight * B * B).sum()
    if aa <= 1e-26 * norms[0] or bb <= 1e-26 * norms[1]:
        return float("nan")
    return float((weight * a * b).sum() / np.sqrt(aa * bb))


def alignments_of(layer: LayerMoments, key: str, convention: str) -> dict[str, float]:
    """rga, rwa and gwa of one side; of an output without weights rga alone."""
    side = layer.sides()[key]
    H, G = (second_moment(side, which, convention, layer.n) for which in ("H", "G"))
    found = {"rga": alignment(H, G, side.d)}
    Z = weight_gram(layer, key)
    if Z is not None:
        found["rwa"], found["gwa"] = alignment(H, Z, side.d), alignment(G, Z, side.d)
    return found
