"""Capture: the moments of a model where it trains."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor, nn

from .distributed import is_distributed, rank, sum_over_ranks, tell_ranks
from .errors import CaptureError
from .finish import finished
from .moments import LayerMoments, Moments
from .recorder import Layer, Pass, Recorder, Selection
from .refusals import is_compiled, names_of, refuse_compiled, refuse_coupling, unwrapped
from .rules import Map
from .schedule import Schedule, schedule
from .writer import Writer

_UNSTATED: Any = object()
FINISHED = "finished"
"""The mark of a folder to which no capture will be added."""


class Capture:
    """Captures second moments of a model.

        capture = Capture(model, out="captures/", every=500)
        for x, y in loader:
            with capture.step():
                loss = loss_fn(model(x), y)
                loss.backward()
            optimizer.step()
        capture.close()

    g is the gradient of each sample's own loss with the sign of +dl/dh, h an activation, both of the batch at hand
    (theory.md Eqs. 2, 3, 5, 8, 9). Between captures nothing is on the model.
    """

    def __init__(
        self,
        model: nn.Module,
        out: str | Path | None = None,
        every: Schedule = None,
        *,
        loss_reduction: str = "mean",
        layers: str | Sequence[str] = "*",
        samples: int | str | None = None,
        batch_norm: str = "evaluation",
        scaler: Any = _UNSTATED,
        largest: int | None = 4096,
        seed: int = 0,
        first_step: int = 0,
        objective: str = "training loss",
        source: str | None = None,
        overwrite: bool = False,
        on_capture: Callable[[Moments], None] | Sequence[Callable[[Moments], None]] = (),
    ) -> None:
        """
        out: folder of captures `step-%08d.safetensors`; it may be left out where only `measure` is used.
        every: a number of steps, "log" for steps spaced evenly on a logarithmic scale, steps, or step -> bool.
        loss_reduction: "mean" or "sum", how the loss of a batch is made of those of its samples.
        layers: patterns of names, "*,!head" for all but one.
        samples: samples that the mean runs over: a number; "batch", the length of the first axis of the model's
            output; "tokens", the product of all axes of it but the last. Default: "batch" of an output (n, d); of more
            axes it must be stated.
        batch_norm: "training" states that samples coupled by batch normalization are wanted.
        scaler: the torch.amp.GradScaler that scales the loss; None states that there is none under float16.
        largest: sides of more values are summed on so many of their coordinates, drawn with `seed` (theory.md Eq. 77).
            None: all are summed.
        first_step: number of the first step, where training goes on.
        objective, source: words for the file.
        overwrite: whether captures that are in `out` may be replaced.
        on_capture: told of each capture on rank 0, in the background.

        Raises CaptureError for models that cannot be captured, or captures that are there already.
        """
        if loss_reduction not in ("mean", "sum"):
            raise ValueError(f"Capture: expected loss_reduction 'mean' or 'sum', got {loss_reduction!r}")
        if batch_norm not in ("evaluation", "training"):
            raise ValueError(f"Capture: expected batch_norm 'evaluation' or 'training', got {batch_norm!r}")
        if not (samples is None or samples in ("batch", "tokens") or isinstance(samples, int)):
            raise ValueError(f"Capture: expected samples to be a number, 'batch' or 'tokens', got {samples!r}")
        self.model = unwrapped(model)
        self.names = names_of(self.model)
        self.is_parallel = isinstance(model, nn.parallel.DistributedDataParallel) or any(
            hasattr(parameter, "full_tensor") for parameter in self.model.parameters()
        )
        """Whether the model waits for other ranks by itself."""
        self.is_compiled = is_compiled(model)
        if self.is_compiled:
            refuse_compiled()
        self.out = None if out is None else Path(out)
        self.due = schedule(every)
        self.loss_reduction, self.samples, self.batch_norm = loss_reduction, samples, batch_norm
        self.selection = Selection(layers)
        self.scaler, self.largest, self.seed = scaler, largest, seed
        self.step_number = first_step
        self.objective = objective
        self.source = source or f"PyTorch {type(self.model).__name__}"
        self.overwrite = overwrite
        self.on_capture = [on_capture] if callable(on_capture) else list(on_capture)
        self._last: Moments | _Written | None = None
        self.statement: _Statement | None = None
        """Of the step that is captured now."""
        self.told: set[str] = set()
        self.writer = Writer()
        if every is not None and self.out is None:
            raise ValueError("Capture: expected out, the folder of captures that `every` asks for, got none")
        if self.out is not None and not overwrite:
            self._refuse_present(self.out, first_step)

    @staticmethod
    def _refuse_present(out: Path, first_step: int) -> None:
        for path in sorted(out.glob("step-*.safetensors")):
            number = path.stem[len("step-") :]
            if number.isdigit() and int(number) >= first_step:
                raise CaptureError(
                    f"Capture: expected no captures from step {first_step} on in {out}, got {path.name}; pass another "
                    "folder, first_step where training goes on, or overwrite=True"
                )

    @property
    def last(self) -> Moments | None:
        """The latest capture, on every rank; None while the next one is made.

        Once it is written it is read from its file at each call, and is not held in memory. Raises CaptureError where
        that file is gone.
        """
        found = self._last
        return found.load() if isinstance(found, _Written) else found

    # --- training

    @contextmanager
    def step(
        self,
        *,
        samples: int | str | None = None,
        tokens: Tensor | None = None,
        accumulation: int | None = None,
        targets: Tensor | None = None,
        step: int | None = None,
    ) -> Iterator[bool]:
        """Around forward and backward pass of one step of training. Gives whether it is captured.

        samples: as in Capture, of this step.
        tokens: (batch, tokens) true where a token is a sample; the others, padding, count in no sum. With
            loss_reduction "mean" they are what the mean runs over unless `samples` is stated.
        accumulation: what the loss of each pass is divided by, where gradients of several passes are accumulated; 1 if
            by nothing.
        targets: class indices in the shape of the output without its last axis, for sums by class of the last map
            (neural collapse); of one pass. Below 0: in no class.
        step: number of the step. Default: one more than the last.

        Raises CaptureError in one line where the sums would not be those of each sample's own loss.
        """
        self.writer.check()
        number = self.step_number if step is None else step
        refuse_coupling(self.names, self.batch_norm)
        if not self.due(number):
            yield False
            self.step_number = number + 1
            return
        self._last = None  # two captures at a time would take twice the memory
        statement = _Statement(self, samples, tokens, accumulation)
        recorder = self._recorder(
            statement.factor,
            lambda: tokens,
            statement.see,
            statement.before_gradients,
            lambda: targets,
            is_single=accumulation in (None, 1),
        )
        statement.recorder = recorder
        self.statement = statement
        with ExitStack() as stack:
            if self.is_compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(recorder)
            stack.callback(setattr, self, "statement", None)
            stack.enter_context(self._telling())
            yield True
        moments = self._reduced(recorder, number, self.objective, statement.check, statement.losses)
        if moments is not None and self.out is not None:
            self._write(moments, self.out / f"step-{number:08d}.safetensors")
        self.step_number = number + 1

    def log_loss(self, loss: Tensor | float, samples: int | None = None) -> None:
        """Keeps the loss of a pass in the capture of this step, for its curve; between captures it does nothing.

        loss: as loss_reduction says, of the pass before it, not divided and not scaled.
        samples: how many losses that are. Default: what the mean runs over; with loss_reduction "sum" it must be given.
        """
        statement = self.statement
        if statement is None:
            return
        count = samples
        if count is None and self.loss_reduction == "mean" and statement.recorder is not None:
            count = statement.recorder.passes[-1].samples if statement.recorder.passes else None
        if count is None:
            raise CaptureError("log_loss: expected to know how many samples the loss is of; pass samples=")
        value = float(loss.detach()) if isinstance(loss, Tensor) else float(loss)
        statement.losses += torch.tensor([value * count if self.loss_reduction == "mean" else value, count]).double()

    # --- measuring

    def measure(
        self,
        batches: Iterable[Any],
        loss_fn: Callable[[Any, Any], Tensor],
        *,
        tokens: Callable[[Any, Any], Tensor] | None = None,
        objective: str | None = None,
    ) -> Moments:
        """Moments over batches (input, target) in evaluation mode: no dropout, batch normalization of its running mean.

        batches: pairs, or one pair of tensors. An input that is a tuple is the model's arguments, a dict its keywords.
        loss_fn: (output, target) -> losses of samples or tokens in any shape, which are summed.
        tokens: (input, target) -> (batch, tokens) true where a token is a sample.

        Parameters, their gradients, buffers and modes are left as they were. With torch.distributed every rank has
        batches of its own, and every rank gets the sums over all. Raises CaptureError as `step`.
        """
        if isinstance(batches, tuple) and len(batches) == 2 and isinstance(batches[0], (Tensor, dict)):
            batches = [batches]
        device = next((p.device for p in self.model.parameters()), torch.device("cpu"))
        mask: list[Tensor | None] = [None]
        target: list[Any] = [None]
        recorder = self._recorder(lambda _: 1.0, lambda: mask[0], lambda *_: None, targets=lambda: target[0])
        seen, problem = torch.zeros(2, dtype=torch.float64), None
        with ExitStack() as stack:
            stack.enter_context(self._telling())
            stack.enter_context(_evaluation(self.model))
            refuse_coupling(self.names, self.batch_norm)
            if self.is_compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(torch.enable_grad())
            stack.enter_context(_without_fast_path())
            stack.enter_context(recorder)
            for batch in batches:
                if not isinstance(batch, (tuple, list)) or len(batch) != 2:
                    raise CaptureError(
                        f"measure: expected batches of (input, target), got {type(batch).__name__}; pass pairs"
                    )
                x, y = _moved(batch[0], device), _moved(batch[1], device)
                mask[0] = None if tokens is None else tokens(x, y).to(device).bool()
                target[0] = y
                losses = loss_fn(_called(self.model, x), y)
                if not losses.requires_grad:
                    recorder.check()
                    raise CaptureError(
                        "measure: expected losses that depend on a measured layer, got losses without a gradient"
                    )
                loss = losses.sum()
                number = losses.numel() if mask[0] is None else int(mask[0].sum())
                seen += torch.tensor([float(loss.detach()), number], dtype=torch.float64)
                loss.backward()
                if recorder.problem is not None:
                    break
        if seen[1] == 0:
            problem = CaptureError("measure: expected at least one batch, got none")
        name = objective or str(getattr(loss_fn, "__name__", "loss"))

        def check() -> None:
            if problem is not None:
                raise problem

        moments = self._reduced(recorder, self.step_number, name if name != "<lambda>" else "loss", check, seen)
        assert moments is not None
        return moments

    def measure_if_due(
        self,
        batches: Iterable[Any],
        loss_fn: Callable[[Any, Any], Tensor],
        *,
        step: int | None = None,
        tokens: Callable[[Any, Any], Tensor] | None = None,
        objective: str | None = None,
    ) -> Moments | None:
        """`measure` over probe batches at the steps that `every` says, written to `out`: a call between two steps.

        step: number of updates so far. Default: one more than at the last call.
        """
        self.writer.check()
        if step is not None:
            self.step_number = step
        moments = None
        if self.due(self.step_number):
            moments = self.measure(batches, loss_fn, tokens=tokens, objective=objective)
            if self.out is not None:
                self._write(moments, self.out / f"step-{moments.step:08d}.safetensors")
        self.step_number += 1
        return moments

    def close(self) -> None:
        """Waits until every capture is written, and marks the folder: no more will come (docs/formats.md).

        Raises what went wrong while writing; the folder then has no mark.
        """
        self.writer.close()
        if self.out is not None and self.out.is_dir() and rank() == 0:
            (self.out / FINISHED).touch()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.close()

    # --- parts

    def _recorder(
        self,
        factor: Callable[[Pass], float],
        tokens: Callable[[], Tensor | None],
        on_output: Callable[[Pass, Any], None],
        before_gradients: Callable[[Tensor], None] = lambda _: None,
        targets: Callable[[], Any] = lambda: None,
        is_single: bool = False,
    ) -> Recorder:
        return Recorder(
            self.model,
            self.names,
            self.selection,
            factor=factor,
            tokens=tokens,
            on_output=on_output,
            before_gradients=before_gradients,
            choose=self._coordinates,
            targets=targets,
            is_alone=is_single and not is_distributed(),
        )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tells the other ranks of an error in here, which would wait for this one's sums.

        Not under DistributedDataParallel and fully_shard: there the others wait for parts of gradients or weights.
        """
        try:
            yield
        except BaseException:
            if not self.is_parallel:
                tell_ranks()
            raise

    def _coordinates(self, name: str, one: Map) -> dict[str, Tensor]:
        """The sampled coordinates of each side that is too wide (Eq. 77), the same at every capture and rank."""
        found: dict[str, Tensor] = {}
        if self.largest is None:
            return found
        for key, d in (("a", one.d_in), ("b", one.d_out)):
            if d is not None and d > self.largest:
                seed = [self.seed, *f"{name}.{key}".encode()]
                chosen = np.random.default_rng(seed).choice(d, self.largest, replace=False)
                found[key] = torch.from_numpy(np.sort(chosen))
        return found

    def _reduced(
        self, recorder: Recorder, step: int, objective: str, check: Callable[[], None], losses: Tensor
    ) -> Moments | None:
        """The moments over all ranks, with the sum and number of losses (2); None where gradients overflowed under a
        GradScaler, which then skips the step."""
        problem: BaseException | None = None
        try:
            recorder.check()
            check()
        except Exception as error:
            problem = error
        layers = list(recorder.layers.values())
        with torch.no_grad():
            for layer in layers:
                layer.sums.settle()
        sum_over_ranks(layers, problem, losses)
        if self._has_scaler() and not all(bool(torch.isfinite(layer.sums.gb.numbers).all()) for layer in layers):
            warnings.warn(
                f"crh_capture: gradients of step {step} overflowed; it is not captured",
                stacklevel=4,
            )
            return None
        for layer in layers:
            for side in layer.sums.sides():
                if not bool(torch.isfinite(side.numbers).all()):
                    raise CaptureError(
                        f"capture: expected finite activations and gradients in {layer.name!r}, got others; the loss "
                        "has diverged"
                    )
        moments = Moments(step, objective, self.source, [_taken(layer) for layer in layers])
        recorder.layers.clear()
        moments.document["edges"] = recorder.edges.document({layer.name for layer in moments.layers if layer.a})
        if losses[1] > 0 and bool(torch.isfinite(losses).all()):
            moments.losses = (float(losses[0]), int(losses[1]))
        moments.skipped = dict(recorder.skipped)
        for name in set(moments.skipped) - self.told:
            warnings.warn(f"crh_capture: layer {name!r} is left out: {moments.skipped[name]}", stacklevel=4)
            self.told.add(name)
        self._last = moments
        return moments

    def _has_scaler(self) -> bool:
        return self.scaler is not _UNSTATED and self.scaler is not None

    def _write(self, moments: Moments, path: Path) -> None:
        if rank() != 0:
            return

        def job() -> None:
            (path.parent / FINISHED).unlink(missing_ok=True)
            moments.save(path, overwrite=self.overwrite)
            for told in self.on_capture:
                told(moments)
            if self._last is moments:  # its sums would lie beside those of the steps that follow
                self._last = _Written(path, moments.skipped)

        self.writer.submit(job)


@dataclass(frozen=True)
class _Written:
    """A capture that is in its file, and what the file does not say."""

    path: Path
    skipped: dict[str, str]

    def load(self) -> Moments:
        if not self.path.exists():
            raise CaptureError(f"capture: expected the latest capture in {self.path}, got no file; leave it there")
        moments = Moments.load(self.path)
        moments.skipped = dict(self.skipped)
        return moments


def _taken(layer: Layer) -> LayerMoments:
    """The moments of a layer, whose sums are let go: hooks hold it as long as the graph of the loss is there."""
    moments = finished(layer)
    del layer.sums
    return moments


class _Statement:
    """What is stated of one step: how its gradients become those of each sample's own loss."""

    def __init__(
        self, capture: Capture, samples: int | str | None, tokens: Tensor | None, accumulation: int | None
    ) -> None:
        self.capture, self.tokens, self.accumulation = capture, tokens, accumulation
        self.samples = capture.samples if samples is None else samples
        self.recorder: Recorder | None = None
        scaler = capture.scaler
        self.losses = torch.zeros(2, dtype=torch.float64)
        """Sum and number of those that were logged."""
        self.scale = float(scaler.get_scale()) if scaler is not _UNSTATED and scaler is not None else 1.0

    def see(self, passed: Pass, output: Any) -> None:
        """Finds the samples of a pass from what the model returned."""
        if self.capture.loss_reduction == "sum":
            return
        if isinstance(self.samples, int):
            passed.samples = self.samples
        elif self.tokens is not None and self.samples is None:
            passed.samples = int(self.tokens.sum())
        else:
            values = _first_tensor(output)
            if values is None or values.dim() == 0:
                passed.problem = "an output without axes"
            elif self.samples == "batch" or (self.samples is None and values.dim() <= 2):
                passed.samples = values.shape[0]
            elif self.samples == "tokens":
                passed.samples = values[..., 0].numel()
            else:
                passed.problem = f"an output {tuple(values.shape)}"

    def factor(self, passed: Pass) -> float:
        """What the gradients of a pass are multiplied by."""
        factor = (self.accumulation or 1) / self.scale
        if self.capture.loss_reduction == "sum":
            return factor
        if passed.samples is None and isinstance(self.samples, int):
            passed.samples = self.samples
        if passed.samples is None:
            raise CaptureError(
                "capture: expected to know how many samples the mean of the loss runs over, got "
                f"{passed.problem or 'parts of the model called by themselves'}; state samples='batch', 'tokens' or a "
                "number, or loss_reduction='sum'"
            )
        return factor * passed.samples

    def before_gradients(self, parameter: Tensor) -> None:
        """Refuses a weight that holds the gradient of an earlier pass, when this step's first one arrives."""
        if self.accumulation is None and parameter.grad is not None and bool((parameter.grad != 0).any()):
            raise CaptureError(
                "capture: expected no gradients from before the step, got some; call optimizer.zero_grad() before, or "
                "state accumulation, what the loss of each pass is divided by (1 if by nothing)"
            )

    def check(self) -> None:
        assert self.recorder is not None
        passes = len(self.recorder.passes)
        if self.accumulation is None and passes > 1:
            raise CaptureError(
                f"capture: expected one forward pass in a step, got {passes}; state accumulation, what the loss of "
                "each is divided by (1 if by nothing)"
            )
        if self.capture.scaler is _UNSTATED and self.recorder.is_half:
            raise CaptureError(
                "capture: expected to know the GradScaler of a model in float16, got none; pass scaler=scaler, or "
                "scaler=None if the loss is not scaled"
            )


def _first_tensor(output: Any) -> Tensor | None:
    """The output, or of several the logits, or the first that has axes."""
    if isinstance(output, Tensor):
        return output
    logits = output.get("logits") if isinstance(output, dict) else getattr(output, "logits", None)
    if isinstance(logits, Tensor):
        return logits
    values = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    return next((value for value in values if isinstance(value, Tensor) and value.dim() > 0), None)


def _called(model: nn.Module, x: Any) -> Any:
    if isinstance(x, dict) or hasattr(x, "keys"):
        return model(**x)
    return model(*x) if isinstance(x, (tuple, list)) else model(x)


def _moved(values: Any, device: torch.device) -> Any:
    if isinstance(values, Tensor):
        return values.to(device)
    if hasattr(values, "keys"):
        return {key: _moved(value, device) for key, value in values.items()}
    return type(values)(_moved(value, device) for value in values) if type(values) in (tuple, list) else values


@contextmanager
def _evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and parameters without gradients of their own; modes and parameters come back as they were."""
    modes = [(module, module.training) for module in model.modules()]
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    try:
        model.eval()
        for parameter in trained:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
        for module, training in modes:
            module.training = training


@contextmanager
def _without_fast_path() -> Iterator[None]:
    """Attention as it is trained: the fused inference of nn.TransformerEncoderLayer calls none of its modules."""
    mha = getattr(torch.backends, "mha", None)
    if mha is None:
        yield
        return
    before = mha.get_fastpath_enabled()
    mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        mha.set_fastpath_enabled(before)
