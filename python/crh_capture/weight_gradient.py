"""Where autograd computes sum g_b h_a^T anyway: as the gradient of a weight, in the node of the product that it is in.

The gradient is that node's alone, also where the weight is used elsewhere, and it is read before it is added to any.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_VIEWS = ("ViewBackward", "UnsafeViewBackward", "ReshapeAliasBackward")
_PRODUCTS = (("ConvolutionBackward", 1), ("AddmmBackward", 2), ("MmBackward", 1))
"""Nodes and the place of the weight among what they are computed of."""


class WeightGradient:
    """The place of a weight's gradient among those of a node, which is held by nothing that the node holds."""

    def __init__(self, place: int, is_folded: bool) -> None:
        self.place, self.is_folded = place, is_folded

    @staticmethod
    def of(y: Tensor, parameter: Tensor | None) -> tuple[Any, WeightGradient] | None:
        """The node of a product y in the parameter's own precision, and the place; None where the graph is another."""
        if parameter is None or parameter.dtype != y.dtype or y.dtype not in (torch.float32, torch.float64):
            return None
        node: Any = y.grad_fn
        if type(node).__name__.startswith(_VIEWS):
            node = node.next_functions[0][0]
        name = type(node).__name__
        for start, place in _PRODUCTS:
            if name.startswith(start) and len(node.next_functions) > place:
                source = node.next_functions[place][0]
                if type(source).__name__.startswith(("TBackward", "TransposeBackward")):
                    source = source.next_functions[0][0]
                if getattr(source, "variable", None) is parameter:
                    return node, WeightGradient(place, start.startswith("Convolution"))
        return None

    def matrix(self, gradients: Any) -> Tensor | None:
        """sum g_b h_a^T (d_out, d_in) among the node's gradients; None where it was not asked for."""
        found: Tensor | None = gradients[self.place]
        if found is None:
            return None
        return found.detach().flatten(1) if self.is_folded else found.detach().T
