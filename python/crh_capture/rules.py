"""Which modules are measured, and how their values are laid out as rows: one rule for each type of module.

A rule gives the maps h_b = W h_a + bias of a module (theory.md Eq. 1), one sample a row: tokens and output positions
are samples. A convolution is the linear map of its patches: h_a is the patch under an output position in PyTorch's
order (C, k...), padding included, W the kernel as (C_out, C k...). A grouped convolution is one map a group; a
depthwise one, or one of more than 32 groups, is one map whose W has the groups as blocks on its diagonal.

`register` adds a rule for modules of one's own. Not read: recurrent layers, nn.Bilinear, transposed convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MAX_GROUPS = 32
"""chosen: more groups are too many maps to look at, each with very few neurons."""


@dataclass(frozen=True)
class Map:
    """A linear map of a module, or with `input_rows` None an output without weights of its own (side b alone).

    All functions take and give tensors without history. `weight` and `bias` read the module's parameters as they are
    when called; input and output are those of one call.
    """

    kind: str
    """"linear", "conv", "head" or "block"; the last two have side b alone."""
    d_out: int
    output_rows: Callable[[Tensor], Tensor]
    """(values of an output) -> (n, d_out), for the gradient there too"""
    d_in: int | None = None
    input_rows: Callable[[Tensor], Tensor] | None = None
    """(values of an input) -> (n, d_in) in the order of output_rows"""
    weight: Callable[[], Tensor] | None = None
    """W (d_out, d_in)"""
    bias: Callable[[], Tensor | None] | None = None
    """(d_out) h_b - W h_a, or None"""
    suffix: str = ""
    """Behind the module's name."""
    parameter: Tensor | None = None
    """The parameter that W is read from: what is trained."""
    is_product: bool = False
    """Whether the module is one product of its input with the parameter, W as it is, turned or folded: then its
    gradient is sum g_b h_a^T."""
    rows_shape: Callable[[Tensor], tuple[int, ...]] = lambda y: tuple(y.shape[:-1])
    """(values of an output) -> the axes that its rows run over, in their order; their product is n"""
    is_transposed: bool | None = False
    """Whether the axes of rows_shape are (tokens, batch) where the model has (batch, tokens); None: not known."""


Rule = Callable[[Any], Sequence[Map]]

_rules: dict[type[nn.Module], Rule] = {}


def register(module_type: type[nn.Module], rule: Rule) -> None:
    """Measures modules of a type, and of types derived from it, by `rule`: a function from a module to its maps."""
    _rules[module_type] = rule


def rule_of(module: nn.Module) -> Rule | None:
    """The rule of the module's nearest type that has one, or None."""
    for base in type(module).__mro__:
        if base in _rules:
            return _rules[base]
    if type(module).__name__ == "Conv1D" and hasattr(module, "nf"):  # transformers.pytorch_utils.Conv1D
        return _hf_conv1d
    return None


def last_axis(values: Tensor) -> Tensor:
    """(..., d) -> (n, d)"""
    return values.reshape(-1, values.shape[-1])


def _linear(module: Any) -> Sequence[Map]:
    W = module.weight
    return [linear_map(W, module.bias)]


def linear_map(W: Tensor, bias: Tensor | None, suffix: str = "", parameter: Tensor | None = None) -> Map:
    """The map of nn.functional.linear: W (d_out, d_in)."""
    return Map(
        kind="linear",
        d_out=W.shape[0],
        output_rows=last_axis,
        d_in=W.shape[1],
        input_rows=last_axis,
        weight=lambda: whole(W),
        bias=lambda: None if bias is None else whole(bias),
        suffix=suffix,
        parameter=W if parameter is None else parameter,
        is_product=parameter is None,
    )


def _hf_conv1d(module: Any) -> Sequence[Map]:
    """h_b = h_a w + b with w (d_in, d_out), the layer of GPT-2."""
    w, bias = module.weight, module.bias
    return [
        Map(
            kind="linear",
            d_out=w.shape[1],
            output_rows=last_axis,
            d_in=w.shape[0],
            input_rows=last_axis,
            weight=lambda: whole(w).T,
            bias=lambda: whole(bias),
            parameter=w,
            is_product=True,
        )
    ]


def _embedding(module: Any) -> Sequence[Map]:
    """The output alone: the input is an index."""
    return [Map(kind="block", d_out=module.embedding_dim, output_rows=last_axis)]


def _convolution(module: Any) -> Sequence[Map]:
    groups, kernel = module.groups, tuple(module.kernel_size)
    outputs, channels = module.out_channels, module.in_channels
    positions = 1
    for extent in kernel:
        positions *= extent
    is_one_map = groups > 1 and (channels == groups or outputs == groups or groups > MAX_GROUPS)
    parts = 1 if is_one_map else groups
    c_in, c_out = channels // parts, outputs // parts
    blocks = groups if is_one_map else 1

    def part(g: int) -> Map:
        def weight() -> Tensor:
            W = whole(module.weight)[g * c_out : (g + 1) * c_out].flatten(1)
            return W if blocks == 1 else _block_diagonal(W, blocks)

        def bias() -> Tensor | None:
            return None if module.bias is None else whole(module.bias)[g * c_out : (g + 1) * c_out]

        def input_rows(x: Tensor) -> Tensor:
            x = x if x.dim() == len(kernel) + 2 else x.unsqueeze(0)
            return patches(module, x[:, g * c_in : (g + 1) * c_in])

        def output_rows(y: Tensor) -> Tensor:
            y = y if y.dim() == len(kernel) + 2 else y.unsqueeze(0)
            return y[:, g * c_out : (g + 1) * c_out].transpose(0, 1).reshape(c_out, -1).T

        return Map(
            kind="conv",
            d_out=c_out,
            output_rows=output_rows,
            d_in=c_in * positions,
            input_rows=input_rows,
            weight=weight,
            bias=bias,
            suffix=f".group{g}" if parts > 1 else "",
            parameter=module.weight,
            is_product=groups == 1,
            rows_shape=lambda y: (y.shape[0] if y.dim() == len(kernel) + 2 else 1, *y.shape[-len(kernel) :]),
        )

    return [part(g) for g in range(parts)]


def patches(module: Any, x: Tensor) -> Tensor:
    """x (N, C, spatial...) -> (N * positions, C * k...): what each output position of the convolution sees."""
    rank = x.dim() - 2
    pads = list(module._reversed_padding_repeated_twice)
    if any(pads):
        mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
        x = F.pad(x, pads, mode=mode)
    for axis in range(rank):
        size, step, dilation = module.kernel_size[axis], module.stride[axis], module.dilation[axis]
        span = dilation * (size - 1) + 1
        x = x.unfold(axis + 2, span, step)  # (N, C, out..., .., span) with one axis more behind
        if dilation > 1:
            x = x[..., ::dilation]
    # (N, C, out..., k...) -> (C, k..., N, out...), which is copied along whole lines of the image
    order = [1, *range(2 + rank, 2 + 2 * rank), 0, *range(2, 2 + rank)]
    d = x.shape[1] * math.prod(x.shape[2 + rank :])
    return x.permute(order).reshape(d, -1).T


def _block_diagonal(W: Tensor, blocks: int) -> Tensor:
    """(c_out, w) with equal blocks of rows -> (c_out, blocks * w), zeros beside each block."""
    whole: Tensor = torch.block_diag(*W.chunk(blocks))
    return whole


def whole(parameter: Tensor) -> Tensor:
    """The parameter without history; of a DTensor all of it, which every rank asks for at once."""
    values = parameter.detach()
    return values.full_tensor() if hasattr(values, "full_tensor") else values


register(nn.Linear, _linear)
register(nn.Embedding, _embedding)
for _type in (nn.Conv1d, nn.Conv2d, nn.Conv3d):
    register(_type, _convolution)
