"""Saved activations and gradients as moments: the rows that docs/formats.md, section Rows, describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from .errors import CaptureError
from .finish import finished
from .moments import LayerMoments, Moments
from .recorder import Layer
from .rules import Map, last_axis
from .sums import LayerSums, Weights

_PARTS = ("a.h", "b.h", "b.g", "W")


def from_rows(
    arrays: str | Path | Mapping[str, np.ndarray], *, step: int = 0, objective: str = "unknown", source: str = ""
) -> Moments:
    """Moments of rows.

    arrays: an npz file or its arrays: `<layer>.a.h` (samples, d_in), `<layer>.b.h` and `<layer>.b.g` (samples, d_out),
        `<layer>.W` (d_out, d_in); arrays of more axes have a row for each token. A layer without a.h and W, such as an
        attention head, has b.h and b.g alone.

    Sums in float64. Raises CaptureError naming the array that is missing, unknown, or of another shape than the others.
    """
    if isinstance(arrays, (str, Path)):
        source = source or Path(arrays).name
        with np.load(arrays) as file:
            arrays = dict(file)
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, values in arrays.items():
        part = next((part for part in _PARTS if name.endswith(f".{part}")), None)
        if part is None:
            raise CaptureError(f"rows: expected arrays <layer>.a.h, .b.h, .b.g and .W, got {name!r}")
        layers.setdefault(name[: -len(part) - 1], {})[part] = values
    if not layers:
        raise CaptureError("rows: expected arrays <layer>.a.h, .b.h, .b.g and .W, got none")
    found: list[LayerMoments] = [finished(_layer(name, parts)) for name, parts in layers.items()]
    return Moments(step, objective, source or "rows", found)


def _layer(name: str, parts: dict[str, np.ndarray]) -> Layer:
    for part in ("b.h", "b.g", *(("a.h", "W") if "a.h" in parts or "W" in parts else ())):
        if part not in parts:
            raise CaptureError(f"rows: expected {name}.{part}, got none; a.h and W go together, b.h and b.g always")
        if not np.isfinite(parts[part]).all():
            raise CaptureError(f"rows: expected finite numbers in {name}.{part}, got others")
    hb, gb = (_rows(parts[part]) for part in ("b.h", "b.g"))
    ha = _rows(parts["a.h"]) if "a.h" in parts else None
    W = torch.from_numpy(np.ascontiguousarray(parts["W"], dtype=np.float64)) if "W" in parts else None
    d_out, d_in = hb.shape[1], None if ha is None else ha.shape[1]
    if gb.shape != hb.shape or (ha is not None and (len(ha) != len(hb) or W is None or W.shape != (d_out, d_in))):
        raise CaptureError(
            f"rows: expected arrays of {name} over {len(hb)} rows of {d_out} outputs, got "
            + ", ".join(f"{part} {values.shape}" for part, values in sorted(parts.items()))
        )
    sums = LayerSums(d_in, d_out, torch.device("cpu"))
    weights = None if W is None else Weights(W, None)
    sums.add_activations(hb, ha)
    sums.add_gradients(gb, weights)
    sums.add_cross(gb, hb if ha is None else ha)
    sums.settle()
    if ha is not None:
        assert weights is not None and weights.W is not None
        weights.bias = hb.mean(0) - weights.W @ ha.mean(0)
    one = Map("head" if ha is None else "linear", d_out, last_axis, d_in=d_in)
    return Layer(name, one, sums, {}, weights=weights)


def _rows(values: np.ndarray) -> torch.Tensor:
    return last_axis(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64)))
