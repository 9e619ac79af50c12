"""Hooks on a model for the time of one capture: what passes through its maps forward and backward becomes sums.

Activations are summed as they pass, gradients as they come back; of a layer's values its input alone is held between,
which autograd holds for the gradient of the weights anyway. Calls and gradients are counted: a layer that was not
called in a forward pass, or of one of whose calls no gradient came, is an error and never a hole in the sums.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

import torch
from torch import Tensor, nn

from .attention import AttentionMode
from .backward import in_backward
from .edges import Edges
from .errors import CaptureError
from .labelled import ClassSums, labels_of
from .noise import NoiseSums
from .rules import Map, rule_of
from .sums import Arena, LayerSums, Weights, as_rows_dtype, exact_products, total_device
from .weight_gradient import WeightGradient

CHUNK, CHUNK_ON_CPU = 2**24, 2**20
"""Numbers of one side's rows that are laid out at a time: 64 MiB in float32; on a CPU 4 MiB, for its cache. chosen."""

HAS_KWARGS = "with_kwargs" in nn.Module.register_forward_hook.__code__.co_varnames


class Selection:
    """Which layers are measured: patterns as of a shell, `!` before one leaves out ("*,!head")."""

    def __init__(self, patterns: str | Sequence[str]) -> None:
        parts = patterns.split(",") if isinstance(patterns, str) else list(patterns)
        parts = [part.strip() for part in parts if part.strip()]
        self.wanted = [part for part in parts if not part.startswith("!")] or ["*"]
        self.unwanted = [part[1:] for part in parts if part.startswith("!")]

    def __contains__(self, name: str) -> bool:
        def matches(patterns: list[str]) -> bool:
            return any(name == pattern or fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

        return matches(self.wanted) and not matches(self.unwanted)


class _Anchor(torch.autograd.Function):
    """Values that need no gradient, with a history: so that gradients reach what frozen parameters computed."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, anchor: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None]:
        return None, None


@dataclass
class Pass:
    """One forward pass of the model."""

    calls: dict[str, int] = field(default_factory=dict)
    """With gradients, by site."""
    recomputed: dict[str, int] = field(default_factory=dict)
    without_gradient: dict[str, int] = field(default_factory=dict)
    axes: tuple[int, ...] = ()
    """The first two axes of the model's first input, among them that of samples; none where it is not known."""
    samples: int | None = None
    problem: str | None = None
    """Why the number of samples is not known."""


@dataclass
class Layer:
    """One measured map and its sums."""

    name: str
    map: Map
    sums: LayerSums
    coordinates: dict[str, Tensor]
    opened: int = 0
    fired: int = 0
    pending: int = 0
    """Calls whose gradient came, and whose sum g_b h_a^T that of the weight is to bring."""
    labelled: ClassSums | None = None
    """Sums by class, of a classifier's last map."""
    noise: NoiseSums | None = None
    """Squared gradients of the weights, of a map with a neighbour."""
    weights: Weights | None = None
    version: int | None = None


class Recorder:
    """Hooks for one capture. Enter it, run passes forward and backward, exit, then `check` and read `layers`."""

    def __init__(
        self,
        root: nn.Module,
        names: Mapping[str, nn.Module],
        selection: Selection,
        *,
        factor: Callable[[Pass], float],
        tokens: Callable[[], Tensor | None],
        on_output: Callable[[Pass, Any], None],
        before_gradients: Callable[[Tensor], None],
        choose: Callable[[str, Map], dict[str, Tensor]],
        targets: Callable[[], Any] = lambda: None,
        is_alone: bool = False,
    ) -> None:
        """
        names: every submodule by the name that it is known by.
        factor: what the gradients of a pass are multiplied by to be those of each sample's own loss.
        tokens: mask of the rows that are samples, or None where all are.
        on_output: told what the model returned.
        before_gradients: told of one trained weight before this capture's gradients are added to its own.
        choose: coordinates of each side to be sampled, by side (Eq. 77); none for sides measured whole.
        targets: class indices of the batch at hand, for the sums by class of the last map, or anything else.
        is_alone: whether there is one pass, and no other process adds to its sums.
        """
        self.root, self.names, self.selection = root, names, selection
        self.factor, self.tokens, self.on_output, self.choose = factor, tokens, on_output, choose
        self.targets = targets
        self.arena = Arena() if is_alone else None
        self.latest: tuple[Layer, Tensor, Tensor] | None = None
        """The map that was called last, its input and its output."""
        self.before_gradients: Callable[[Tensor], None] | None = before_gradients
        self.layers: dict[str, Layer] = {}
        self.passes: list[Pass] = []
        self.problem: BaseException | None = None
        self.skipped: dict[str, str] = {}
        """Why a layer that was called is not measured."""
        self.stack: list[str] = []
        self.ignoring = False
        self.is_half = False
        """Whether a layer's output was in float16."""
        self.edges = Edges()
        self.sites: dict[int, str] = {}
        """Where each parameter of a linear map was met first."""
        self.handles: list[Any] = []
        self.mode = AttentionMode(self)
        self.anchor = torch.zeros((), requires_grad=True)
        inside = {
            id(child) for m in names.values() if isinstance(m, nn.MultiheadAttention) for child in m.modules()
        } - {id(m) for m in names.values() if isinstance(m, nn.MultiheadAttention)}
        self.measured = {
            name: rule_of(module)
            for name, module in names.items()
            if name in selection and id(module) not in inside and rule_of(module) is not None
        }
        self.attentions = {
            name
            for name, module in names.items()
            if isinstance(module, nn.MultiheadAttention) and f"{name}.in_proj" in selection
        }

    # --- hooks

    def __enter__(self) -> Recorder:
        try:
            for name, module in self.names.items():
                self._hook(name, module)
            self.mode.__enter__()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.mode.__exit__(kind, error, trace)
        self.latest = None
        self._remove()

    def _remove(self) -> None:
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _hook(self, name: str, module: nn.Module) -> None:
        def before(_: nn.Module, args: Any, kwargs: Any = None) -> None:
            if module is self.root and not in_backward():
                self.ignoring = not torch.is_grad_enabled()  # a pass for something else
                if not self.ignoring:
                    self.passes.append(Pass(axes=_axes((*args, *(kwargs or {}).values()))))
                self.stack.clear()
            self.stack.append(name)

        def after(_: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
            while self.stack and self.stack.pop() != name:
                pass  # names that an exception left behind
            changed = None
            with self.mode.paused():
                if name in self.measured:
                    changed = self._call(name, module, args, kwargs, output)
                if module is self.root and not in_backward():
                    if not self.ignoring:
                        self.on_output(self.passes[-1], output)
                        self._add_classes(output)
                    self.ignoring = False
            return changed

        if HAS_KWARGS:
            self.handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            self.handles.append(module.register_forward_hook(after, with_kwargs=True))
        else:
            self.handles.append(module.register_forward_pre_hook(before))
            self.handles.append(module.register_forward_hook(lambda m, args, output: after(m, args, {}, output)))

    def _call(self, name: str, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        inputs = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        if not inputs or not isinstance(output, Tensor):
            raise CaptureError(
                f"capture: expected layer {name!r} to take and give a tensor, got {type(output).__name__}; "
                f"leave it out with layers='*,!{name}'"
            )
        rule = self.measured[name]
        assert rule is not None
        changed = self.record(name, rule(module), inputs[0], output)
        return None if changed is output else changed

    # --- values

    @property
    def current(self) -> Pass:
        if not self.passes:  # a part of the model that is called by itself
            self.passes.append(Pass())
        return self.passes[-1]

    def record(self, site: str, maps: Sequence[Map], x: Tensor, y: Tensor) -> Tensor:
        """Sums one call's activations, and its gradient when it comes. Returns what stands for y from here on."""
        if self.ignoring:
            return y
        with self.mode.paused():
            return self._record(site, maps, x, y)

    def _record(self, site: str, maps: Sequence[Map], x: Tensor, y: Tensor) -> Tensor:
        passed = self.current
        if not torch.is_grad_enabled():
            passed.without_gradient[site] = passed.without_gradient.get(site, 0) + 1
            return y
        if in_backward():
            if site in passed.calls and site not in passed.recomputed:
                return y  # checkpointing that keeps the first pass's history: its gradient comes there
            passed.recomputed[site] = passed.recomputed.get(site, 0) + 1
            if passed.recomputed[site] > 1 or passed.without_gradient.get(site, 1) > 1:
                raise CaptureError(
                    f"capture: expected one call of {site!r} in each pass under reentrant checkpointing, got more; "
                    "pass use_reentrant=False to torch.utils.checkpoint"
                )
        passed.calls[site] = call = passed.calls.get(site, 0) + 1
        if _is_shared(y, x, passed.axes, is_lookup=maps[0].kind == "block"):
            self.skipped[site] = (
                f"its output {tuple(y.shape)} is the same for all samples, so it has no gradient of each"
            )
            return y
        if not y.requires_grad:
            y = _Anchor.apply(y, self.anchor)  # type: ignore[no-untyped-call]
        self.is_half = self.is_half or y.dtype == torch.float16
        stem = site if call == 1 else f"{site}#{call}"
        layers = [self._layer(stem, one, y) for one in maps]
        with exact_products():
            for one in layers:
                self._add_activations(one, x.detach(), y.detach())
        is_row = len(layers) == 1 and self._follow(site, layers[0], x, y)
        self.latest = (layers[0], x.detach(), y) if len(layers) == 1 and maps[0].input_rows else None
        # Of an output alone nothing is held but a head's: what follows may write into it.
        held = x if any(one.input_rows for one in maps) else y if maps[0].kind == "head" else None
        kept, version = (None, 0) if held is None else (held.detach(), held._version)
        is_held = True
        [layer] = layers if len(layers) == 1 else [None]
        node, source = None, None
        # Half precision would be summed in half precision, and padding would count.
        if layer is not None and layer.sums.cross is not None and maps[0].is_product and self.tokens() is None:
            node, source = WeightGradient.of(y, maps[0].parameter) or (None, None)

        def on_gradient(gradient: Tensor) -> None:
            nonlocal kept, is_held
            if not is_held:
                for one in layers:
                    one.fired += 1  # a second gradient, which `check` refuses
                return
            try:
                if kept is not None and kept._version != version:
                    raise CaptureError(
                        f"capture: expected the input of {site!r} unchanged until its gradient comes, got one that "
                        "was changed in place; write x = x + y in place of x += y"
                    )
                with self.mode.paused(), exact_products():
                    for one in layers:
                        self._add_gradients(one, None if source else kept, gradient.detach(), passed)
                    if is_row and kept is not None:
                        self._add_noise(layers[0], kept, gradient.detach(), passed)
            except Exception as error:
                self.problem = self.problem or error
            is_held = False
            if source is None:
                kept = None  # the graph may live on
            else:
                layers[0].pending += 1

        def on_product(gradients: Any, outputs: Any) -> None:
            nonlocal kept
            if kept is None or is_held:
                return
            assert layer is not None and source is not None
            try:
                with self.mode.paused(), exact_products():
                    product = source.matrix(gradients)
                    if product is not None:
                        layer.sums.add_product(product, self.factor(passed))
                    else:
                        self._add_cross(layer, kept, outputs[0].detach().reshape(y_shape), passed)
                layer.pending -= 1
            except Exception as error:
                self.problem = self.problem or error
            kept = None

        y_shape = y.shape
        _on_gradient_of(y, on_gradient)
        if node is not None:
            node.register_hook(on_product)
        return y

    def _follow(self, site: str, layer: Layer, x: Tensor, y: Tensor) -> bool:
        """Follows the values of a linear map. Returns whether its rows are examples, of which noise is summed."""
        one = layer.map
        if one.kind != "linear" or not one.is_product or one.parameter is None or not one.parameter.is_leaf:
            return False
        if self.sites.setdefault(id(one.parameter), site) != site or layer.name != site:
            self.edges.repeated |= {site, self.sites[id(one.parameter)]}
        if layer.coordinates:
            return False
        self.edges.arrive(x, site)
        self.edges.start(y, site, one.parameter)
        axes = self.current.axes
        return x.dim() == 2 and y.dim() == 2 and len(axes) > 0 and axes[0] == len(x)

    def _add_noise(self, layer: Layer, x: Tensor, gradient: Tensor, passed: Pass) -> None:
        one = layer.map
        is_first, is_second = self.edges.of(layer.name)
        assert one.input_rows is not None and one.d_in is not None
        if layer.noise is None:
            d = {**({"a": one.d_in} if is_second else {}), **({"b": one.d_out} if is_first else {})}
            if not d:
                return
            has_bias = one.bias is not None and one.bias() is not None
            layer.noise = NoiseSums(d, has_bias, layer.sums.device, layer.sums.arena)
        factor = self.factor(passed)
        for part in self._parts(one, gradient):
            layer.noise.add(part.rows(one.input_rows, x), part.rows(one.output_rows, gradient) * factor)

    def _add_classes(self, output: Any) -> None:
        """Sums by class where the network's output is that of its last map, and the targets are class indices."""
        latest, self.latest = self.latest, None
        if latest is None:
            return
        layer, x, y = latest
        values = getattr(output, "logits", output)
        labels = labels_of(self.targets(), y) if values is y else None
        one = layer.map
        if labels is None or one.kind != "linear" or one.input_rows is None or one.d_in is None or layer.coordinates:
            return
        with torch.no_grad():
            mask = self._mask(one, one.rows_shape(y))
            part = _Part(None, None, mask)
            hb, ha = part.rows(one.output_rows, y.detach()), part.rows(one.input_rows, x)
            if layer.labelled is None:
                layer.labelled = ClassSums(one.d_in, one.d_out, layer.sums.device)
            layer.labelled.add(ha, hb, labels if mask is None else labels[mask.to(labels.device)])

    def _layer(self, stem: str, one: Map, y: Tensor) -> Layer:
        name = stem + one.suffix
        layer = self.layers.get(name)
        if layer is None:
            coordinates = {side: places.to(y.device) for side, places in self.choose(name, one).items()}
            crossed = one.kind != "block" and not coordinates
            arena = self.arena if y.device.type == "cpu" and len(self._parts(one, y)) == 1 else None
            sums = LayerSums(one.d_in, one.d_out, total_device(y.device), coordinates, crossed, arena)
            layer = self.layers[name] = Layer(name, one, sums, coordinates)
        layer.opened += 1
        return layer

    def _add_activations(self, layer: Layer, x: Tensor, y: Tensor) -> None:
        one, sums = layer.map, layer.sums
        for part in self._parts(one, y):
            ha = None if one.input_rows is None else part.rows(one.input_rows, x)
            sums.add_activations(part.rows(one.output_rows, y), ha)

    def _add_gradients(self, layer: Layer, kept: Tensor | None, gradient: Tensor, passed: Pass) -> None:
        layer.fired += 1
        one, sums = layer.map, layer.sums
        if one.weight is not None:
            version = one.parameter._version if one.parameter is not None else None
            if self.before_gradients is not None and one.parameter is not None:
                self.before_gradients(one.parameter)
                self.before_gradients = None
            if layer.weights is None:
                bias = one.bias() if one.bias is not None else None
                layer.weights = Weights(
                    as_rows_dtype(one.weight()).clone(), None if bias is None else as_rows_dtype(bias).clone()
                )
                layer.version = version
            elif layer.version != version:
                raise CaptureError(
                    f"capture: expected one value of the weights of {layer.name!r} in a capture, got two; "
                    "call optimizer.step() behind the last backward pass"
                )
        factor = self.factor(passed)
        for part in self._parts(one, gradient):
            sums.add_gradients(part.rows(one.output_rows, gradient) * factor, layer.weights)
        if kept is not None:
            self._add_cross(layer, kept, gradient, passed)

    def _add_cross(self, layer: Layer, kept: Tensor, gradient: Tensor, passed: Pass) -> None:
        one, factor = layer.map, self.factor(passed)
        if layer.sums.cross is None:
            return
        for part in self._parts(one, gradient):
            gb = part.rows(one.output_rows, gradient) * factor
            layer.sums.add_cross(gb, part.rows(one.input_rows or one.output_rows, kept))

    def _parts(self, one: Map, y: Tensor) -> list[_Part]:
        """The samples of a call in parts that are laid out at a time."""
        shape = one.rows_shape(y)
        mask = self._mask(one, shape)
        n = 1
        for extent in shape:
            n *= extent
        first = y.shape[0] if y.dim() > 0 else 1
        if n == 0 or n % first != 0 or y.dim() < 2 or (shape and shape[0] != first):
            return [_Part(None, None, mask)]
        each = n // first
        d = max(one.d_in or 1, one.d_out)
        # Below d rows the float64 totals (d, d) cost more than the products.
        numbers = CHUNK if y.device.type != "cpu" else max(CHUNK_ON_CPU, d * d)
        parts = -(-n * d // numbers)
        step = -(-first // parts)
        return [
            _Part(i, min(i + step, first), None if mask is None else mask[i * each : (i + step) * each])
            for i in range(0, first, step)
        ]

    def _mask(self, one: Map, shape: tuple[int, ...]) -> Tensor | None:
        """Which rows are samples (n), of rows over axes `shape`; None where all are."""
        tokens = self.tokens()
        if tokens is None:
            return None
        tokens = tokens.bool()
        given = tuple(tokens.shape)
        if one.is_transposed is None and shape == given and given == given[::-1]:
            raise CaptureError(
                f"capture: expected a mask whose axes can be told apart, got {given}, in an attention with "
                "batch_first=False; pass another number of sequences than of tokens"
            )
        if shape == given[::-1] and (one.is_transposed or shape != given):
            return tokens.t().reshape(-1)
        if shape == given or shape == (tokens.numel(),):
            return tokens.reshape(-1)
        if shape == given[:1]:
            return None  # one row for each sequence
        raise CaptureError(
            f"capture: expected rows over tokens {given} as the mask has them, got {shape}; "
            "leave these layers out with layers='*,!NAME', or measure without tokens"
        )

    # --- counts

    def check(self) -> None:
        """Raises the first problem, or CaptureError where a layer was not called or a gradient did not come."""
        if self.problem is not None:
            raise self.problem
        if not self.passes:
            raise CaptureError("capture: expected a forward pass of the model, got none; call the model in the block")
        self._check_calls()
        if not self.layers and self.skipped:
            site, why = next(iter(self.skipped.items()))
            raise CaptureError(f"capture: expected layers to measure, got {site!r} alone: {why}")
        known = {*self.layers, *self.measured}
        for pattern in self.selection.wanted:
            if not any(pattern in (name, "*") or fnmatch.fnmatchcase(name, pattern) for name in known) or not known:
                raise CaptureError(
                    f"capture: expected layers to measure, got none named {pattern!r}; there are "
                    f"{', '.join(sorted(name for name, m in self.names.items() if rule_of(m))) or 'none with a rule'}"
                )
        for layer in self.layers.values():
            if layer.fired == layer.opened and layer.pending == 0:
                continue
            words = (
                "more: sum the losses and call backward() once"
                if layer.fired > layer.opened
                else (f"call loss.backward() in the block, or leave the layer out with layers='*,!{layer.name}'")
            )
            raise CaptureError(
                f"capture: expected a gradient for each of {layer.opened} calls of {layer.name!r}, got "
                f"{layer.fired - layer.pending}; "
                f"{words}"
            )

    def _check_calls(self) -> None:
        wanted: set[str] = set(self.measured) | {f"{name}.in_proj" for name in self.attentions}
        for i, passed in enumerate(self.passes):
            called = set(passed.calls)
            missing = sorted(site for site in wanted if site not in called)
            missing = [site for site in missing if site.replace(".in_proj", ".q_proj") not in called]
            if missing:
                why = "called without gradients alone" if missing[0] in passed.without_gradient else "not called"
                raise CaptureError(
                    f"capture: expected every layer to be called in each forward pass, got {missing[0]!r} "
                    f"{why} in pass {i + 1} of {len(self.passes)}; leave it out with layers='*,!{missing[0]}'"
                )


def _axes(inputs: Sequence[Any]) -> tuple[int, ...]:
    first = next((value for value in inputs if isinstance(value, Tensor) and value.dim() > 0), None)
    return () if first is None else tuple(first.shape[:2])


def _is_shared(y: Tensor, x: Tensor, axes: tuple[int, ...], *, is_lookup: bool) -> bool:
    """Whether an output (.., d) is one for all samples of a batch, as that of an embedding of positions."""
    if not axes or axes[0] <= 1:
        return False
    if y.dim() >= 3:
        return y.shape[0] == 1 and (is_lookup or y.shape[1] != axes[0])
    if not is_lookup or y.dim() < 2:
        return False
    places = torch.arange(len(x), device=x.device, dtype=x.dtype)
    return len(x) not in axes or (len(x) > 1 and torch.equal(x, places))


@dataclass(frozen=True)
class _Part:
    """Samples first to last of a call, and which of their rows count."""

    first: int | None
    last: int | None
    mask: Tensor | None

    def rows(self, lay_out: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
        part = values if self.first is None else values[self.first : self.last]
        rows = as_rows_dtype(lay_out(part))
        return rows if self.mask is None else rows[self.mask.to(rows.device)]


def _on_gradient_of(y: Tensor, hook: Callable[[Tensor], None]) -> None:
    """Calls hook with the gradient at y as it is now, whatever is written into y later."""
    if int(torch.__version__.split(".")[0]) >= 2:
        y.register_hook(hook)  # a hook on the tensor keeps to the value that it was given since PyTorch 2.0
        return
    place = y.output_nr

    def on_node(_: Any, gradients: Sequence[Tensor | None]) -> None:
        if gradients[place] is not None:
            hook(gradients[place])  # type: ignore[arg-type]

    assert y.grad_fn is not None
    y.grad_fn.register_hook(on_node)
