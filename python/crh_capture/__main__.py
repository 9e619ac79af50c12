"""python -m crh_capture model.py:build --data FILE: moments of a model on saved data.

python -m crh_capture model.py:build --data batch.npz --loss cross-entropy --out moments.safetensors
python -m crh_capture --rows rows.npz --out moments.safetensors
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .capture import Capture
from .errors import CaptureError
from .rows import from_rows


def _mse(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target) ** 2).flatten(1).mean(1)


def _cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.flatten(0, -2), target.flatten().long(), reduction="none")


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": _mse, "cross-entropy": _cross_entropy}


def built(place: str) -> nn.Module:
    """The model that `file.py:function` returns. Raises CaptureError if there is none."""
    path, _, name = place.rpartition(":")
    if not path or not Path(path).is_file():
        raise CaptureError(f"crh_capture: expected a model as file.py:function, got {place!r}")
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(Path(path).resolve().parent))
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        raise CaptureError(f"crh_capture: expected a function {name!r} in {path}, got none")
    model = getattr(module, name)()
    if not isinstance(model, nn.Module):
        raise CaptureError(f"crh_capture: expected {place} to return a torch.nn.Module, got {type(model).__name__}")
    return model


def batches(path: str, size: int, dtype: torch.dtype) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of the arrays `x` and `y` of an npz file; floating point in the model's dtype."""
    with np.load(path) as file:
        if not {"x", "y"} <= set(file.files):
            raise CaptureError(f"crh_capture: expected arrays x and y in {path}, got {', '.join(file.files) or 'none'}")
        x, y = (torch.from_numpy(file[name]) for name in ("x", "y"))
    if len(x) != len(y):
        raise CaptureError(f"crh_capture: expected as many targets as inputs in {path}, got {len(y)} and {len(x)}")
    x, y = (values.to(dtype) if values.is_floating_point() else values for values in (x, y))
    for i in range(0, len(x), size):
        yield x[i : i + size], y[i : i + size]


def main(words: Any = None) -> int:
    parser = argparse.ArgumentParser("python -m crh_capture", description="Second moments of a model on saved data.")
    parser.add_argument("model", nargs="?", help="file.py:function that returns the model")
    parser.add_argument("--data", help="npz file with x (samples, ..) and y (samples, ..)")
    parser.add_argument("--rows", help="npz file of saved activations and gradients, in place of a model")
    parser.add_argument("--loss", choices=sorted(LOSSES), default="cross-entropy")
    parser.add_argument("--out", required=True, help="capture file to write")
    parser.add_argument("--weights", help="state_dict to load, as torch.save writes it")
    parser.add_argument("--layers", default="*", help="patterns of names; !name leaves out")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--largest", type=int, default=4096, help="sides of more values are sampled")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--overwrite", action="store_true")
    asked = parser.parse_args(words)
    try:
        if asked.rows is not None:
            moments = from_rows(asked.rows)
        elif asked.model is None or asked.data is None:
            raise CaptureError("crh_capture: expected a model and --data, or --rows, got neither")
        else:
            model = built(asked.model)
            if asked.weights is not None:
                model.load_state_dict(torch.load(asked.weights, map_location="cpu", weights_only=True))
            model.to(asked.device)
            dtype = next((p.dtype for p in model.parameters()), torch.float32)
            capture = Capture(model, layers=asked.layers, largest=asked.largest)
            data = batches(asked.data, asked.batch, dtype)
            moments = capture.measure(data, LOSSES[asked.loss], objective=asked.loss)
        moments.save(asked.out, overwrite=asked.overwrite)
    except (CaptureError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, conventions in moments.alignments().items():
        for side, values in conventions["paper"].items():
            shown = "  ".join(f"{relation} {value:.3f}" for relation, value in values.items())
            print(f"{name}  {side}  {shown}")
    print(f"{asked.out}: {len(moments.layers)} layers; crh ingest {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
