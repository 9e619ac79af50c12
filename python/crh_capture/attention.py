"""Attention in a capture: the maps inside nn.MultiheadAttention, and the output of each head.

They are no modules of their own, so torch functions are watched while a capture is made: scaled_dot_product_attention,
and a product whose left factor is a softmax, written out by hand. A head's output (batch, heads, tokens, d) has no
weights; its rows are tokens. Heads written as einsum, or with heads and batch in one axis, are not seen.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from .backward import in_backward
from .rules import Map, last_axis, linear_map

if TYPE_CHECKING:
    from .recorder import Recorder

_sdpa = [
    found
    for found in (getattr(F, "scaled_dot_product_attention", None), getattr(F, "_scaled_dot_product_attention", None))
    if found is not None
]
_softmax = {torch.softmax, F.softmax, Tensor.softmax}
_products = {torch.matmul, torch.bmm, Tensor.matmul, Tensor.__matmul__, Tensor.bmm}
_transparent = {
    *(F.dropout, torch.dropout, Tensor.to, Tensor.type_as, Tensor.float, Tensor.half, Tensor.bfloat16),
    *(Tensor.contiguous, Tensor.masked_fill, torch.masked_fill, Tensor.nan_to_num, torch.nan_to_num),
}
_MARK = "_crh_softmax"


class _InAttention:
    """The nn.MultiheadAttention whose forward pass is running."""

    def __init__(self, name: str, module: nn.MultiheadAttention) -> None:
        self.name, self.module = name, module
        self.tokens: tuple[int, int] | None = None

    def part(self, W: Tensor) -> str:
        m = self.module
        if W is m.out_proj.weight:
            return f"{self.name}.out_proj"
        for part in ("q_proj", "k_proj", "v_proj"):
            if W is getattr(m, f"{part}_weight", None):
                return f"{self.name}.{part}"
        return f"{self.name}.in_proj"


class AttentionMode(TorchFunctionMode):
    """Hands the maps inside an attention and the outputs of heads to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.inside: list[_InAttention] = []
        self.is_paused = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Calls in here are the recorder's own."""
        before, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = before

    def __torch_function__(
        self, func: Callable[..., Any], kinds: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.is_paused:
            return func(*args, **kwargs)
        if func is F.multi_head_attention_forward:
            return self._multi_head(args, kwargs)
        result = func(*args, **kwargs)
        if not in_backward():  # what is computed anew goes where it went
            self.recorder.edges.use(func, args, kwargs, result)
        if not isinstance(result, Tensor):
            return result
        if func is F.linear and self.inside:
            return self._linear(result, *args, **kwargs)
        if func in _softmax:
            setattr(result, _MARK, True)
        elif func in _transparent:
            if args and getattr(args[0], _MARK, False):
                setattr(result, _MARK, True)
        elif func in _sdpa or (func in _products and args and getattr(args[0], _MARK, False)):
            return self._heads(result)
        return result

    def _multi_head(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        name = self.recorder.stack[-1] if self.recorder.stack else "attention"
        module = self.recorder.names.get(name)
        if not isinstance(module, nn.MultiheadAttention):
            return F.multi_head_attention_forward(*args, **kwargs)
        self.recorder.edges.use(F.multi_head_attention_forward, args, kwargs, args[0])
        self.inside.append(_InAttention(name, module))
        try:
            with self:
                return _watched_forward(*args, **kwargs)
        finally:
            self.inside.pop()

    def _linear(self, y: Tensor, x: Tensor, W: Tensor, bias: Tensor | None = None) -> Tensor:
        attention = self.inside[-1]
        site = attention.part(W)
        if site not in self.recorder.selection:
            return y
        transposed = True if attention.module.batch_first else None  # the rows in here are (tokens, batch)
        if y.dim() == 3:
            attention.tokens = (y.shape[0], y.shape[1])
        tokens = attention.tokens
        whole = linear_map(W, bias)
        shaped = Map(
            **{
                **whole.__dict__,
                "rows_shape": lambda y: tuple(y.shape[:-1]) if y.dim() == 3 or tokens is None else tokens,
                "is_transposed": transposed,
            }
        )
        return self.recorder.record(site, [shaped], x, y)

    def _heads(self, y: Tensor) -> Tensor:
        """y (batch, heads, tokens, d); inside nn.MultiheadAttention also (batch heads, tokens, d)."""
        attention = self.inside[-1] if self.inside else None
        if attention is not None:
            heads = attention.module.num_heads
        elif y.dim() == 4:
            heads = y.shape[1]
        else:
            return y
        name = attention.name if attention else (self.recorder.stack[-1] if self.recorder.stack else "")
        site = f"{name}.heads" if name else "heads"
        chosen = [h for h in range(heads) if f"{site}[{h}]" in self.recorder.selection]
        maps = [_head(h, heads, y.shape[-1]) for h in chosen]
        return self.recorder.record(site, maps, y, y) if maps else y


def _head(head: int, heads: int, d: int) -> Map:
    def split(y: Tensor) -> Tensor:
        return y if y.dim() == 4 else y.reshape(-1, heads, *y.shape[1:])

    return Map(
        kind="head",
        d_out=d,
        output_rows=lambda y: last_axis(split(y)[:, head]),
        suffix=f"[{head}]",
        rows_shape=lambda y: (split(y).shape[0], y.shape[-2]),
    )


# The body of multi_head_attention_forward without its question whether a torch function mode wants to see it, so that
# the mode sees what it calls.
_watched_forward = types.FunctionType(
    F.multi_head_attention_forward.__code__,
    {**F.multi_head_attention_forward.__globals__, "has_torch_function": lambda *_: False},
    "multi_head_attention_forward",
    F.multi_head_attention_forward.__defaults__,
    F.multi_head_attention_forward.__closure__,
)
_watched_forward.__kwdefaults__ = F.multi_head_attention_forward.__kwdefaults__
