"""From the sums of a capture to moments: turned back, and copied out of the device once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .blocks import Blocks, Stored, Triangle
from .moments import LayerMoments, SideMoments
from .recorder import Layer
from .sums import Panels, RowSums, VectorSums


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()


def finished(layer: Layer) -> LayerMoments:
    """The moments of one layer in float64, in the memory of the host."""
    sums, one, weights = layer.sums, layer.map, layer.weights
    with torch.no_grad():
        device = sums.device
        W = None if weights is None else weights.W.to(device)
        bias = None if weights is None or weights.bias is None else weights.bias.to(device).double()
        Q = weights.Q.to(device) if weights is not None and sums.is_turned else None
        b = _side(sums.hb, sums.gb, one.d_out, None)
        a = None if sums.ha is None or sums.ga is None else _side(sums.ha, sums.ga, one.d_in or 0, Q)
        cross = sums.cross
        if cross is not None and a is None:
            b.blocks["gh"] = _array(cross)
        if layer.coordinates and W is not None:
            for key, side in (("a", a), ("b", b)):
                assert side is not None
                side.blocks["z"] = _array(_gram_on(W.double(), key, layer.coordinates.get(key)))
        is_map = a is not None and not layer.coordinates
        moments = LayerMoments(
            name=layer.name,
            kind=one.kind,
            d_in=one.d_in or one.d_out,
            d_out=one.d_out,
            n=sums.n,
            b=b,
            a=a,
            gb_ha=_array(cross) if is_map and cross is not None else None,
            W=W.detach().cpu().numpy() if is_map and W is not None else None,
            bias=_array(bias) if is_map and bias is not None else None,
        )
        moments.derive()
        if layer.labelled is not None:
            moments.document["classes"] = layer.labelled.classes
            moments.other = {name: _array(values) for name, values in layer.labelled.tensors().items()}
        if layer.noise is not None and layer.noise.n > 0:
            moments.document["noise"] = layer.noise.document()
            moments.other.update(layer.noise.tensors())
        return moments


def _side(h: VectorSums, g: VectorSums, d: int, Q: Tensor | None) -> SideMoments:
    """One side's sums; gradients were summed in the coordinates y with g = y Q^T where Q (d, k) is given."""

    def turned(sums: RowSums) -> RowSums:
        return sums if Q is None else sums.turned(Q)

    numbers: dict[str, float] = {}
    for letter, sums in (("H", h), ("G", g)):
        kept, squares, fourths = (float(value) for value in sums.numbers.cpu())
        numbers[f"kept{letter}"] = int(kept) if np.isfinite(kept) else kept
        numbers[f"{letter.lower()}2"], numbers[f"{letter.lower()}4"] = squares, fourths
    blocks: dict[str, Stored] = {}
    for v, one in (("h", h.plain), ("hn", h.unit), ("g", turned(g.plain)), ("gn", turned(g.unit))):
        blocks[f"{v}_sum"] = _array(one.total)
        blocks[v + v] = Triangle(Panels(one))
    places = None if h.coordinates is None else h.coordinates.cpu().numpy()
    return SideMoments(d, Blocks(blocks), numbers, places)


def _gram_on(W: Tensor, key: str, coordinates: Tensor | None) -> Tensor:
    """W^T W (a) or W W^T (b) on the given coordinates."""
    part = W if key == "b" else W.T
    if coordinates is not None:
        part = part[coordinates.to(part.device)]
    return part @ part.T
