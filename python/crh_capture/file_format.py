"""The capture file: moments as safetensors, version 1 of the format "crh-moments" (docs/formats.md)."""

from __future__ import annotations

import json
import math
import os
import struct
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import safe_open

from .blocks import Blocks, Triangle
from .errors import CaptureError
from .moments import SIDE_NUMBERS, LayerMoments, Moments, SideMoments

MOST_BYTES = 2**31 - 2**20
FORMAT, VERSION = "crh-moments", 1
_SIDE_TENSORS = ("h_sum", "hh", "hn_sum", "hnhn", "g_sum", "gg", "gn_sum", "gngn", "gh", "z")


def _tensors(moments: Moments) -> dict[str, np.ndarray | Triangle]:
    """The arrays of a capture file by name. Raises CaptureError if a vector has a number that is not finite."""
    tensors: dict[str, np.ndarray | Triangle] = {}
    for layer in moments.layers:
        for key, side in layer.sides().items():
            for name, stored in side.blocks.stored.items():
                if not callable(stored):  # what follows from others is not written
                    tensors[f"{layer.name}.{key}.{name}"] = stored
        own = {"gb_ha": layer.gb_ha, "W": layer.W, "bias": layer.bias, **layer.other}
        tensors.update({f"{layer.name}.{name}": array for name, array in own.items() if array is not None})
    for name, array in tensors.items():
        if isinstance(array, np.ndarray) and array.ndim == 1 and not np.isfinite(array).all():
            raise CaptureError(f"capture: expected finite sums, got others in {name!r}; the loss has diverged")
    return tensors


def _write_container(file: IO[bytes], tensors: dict[str, np.ndarray | Triangle], document: str) -> None:
    """A safetensors file of float64, one array after another: the library's writer holds two copies of all of them."""
    header: dict[str, Any] = {"__metadata__": {"crh": document}}
    at = 0
    for name, array in tensors.items():
        shape = (array.size,) if isinstance(array, Triangle) else array.shape
        length = 8 * math.prod(shape)
        header[name] = {"dtype": "F64", "shape": list(shape), "data_offsets": [at, at + length]}
        at += length
    if at > MOST_BYTES:
        warnings.warn(
            f"crh_capture: a capture of {at / 2**30:.1f} GiB is more than the 2 GiB that crh ingest reads; leave "
            "layers out with layers=, or take a smaller largest=",
            stacklevel=2,
        )
    text = json.dumps(header, allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    # One place for all triangles: memory of its own for each would cost a fault a page.
    place = np.empty(max((array.size for array in tensors.values() if isinstance(array, Triangle)), default=0), "<f8")
    for array in tensors.values():
        whole = array.pack(place) if isinstance(array, Triangle) else np.ascontiguousarray(array, dtype="<f8")
        file.write(whole.data)


def _document(moments: Moments) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "step": moments.step,
        "objective": moments.objective,
        "source": moments.source,
        **({} if moments.losses is None else {"losses": {"count": moments.losses[1], "sum": moments.losses[0]}}),
        **moments.document,
        "layers": [_describe(layer) for layer in moments.layers],
    }


def _describe(layer: LayerMoments) -> dict[str, Any]:
    def numbers(side: SideMoments) -> dict[str, Any]:
        found: dict[str, Any] = {
            key: int(side.numbers[key]) if key.startswith("kept") else side.numbers[key] for key in SIDE_NUMBERS
        }
        if not all(math.isfinite(value) for value in found.values()):
            raise CaptureError(f"capture: expected finite sums of layer {layer.name!r}, got others; the loss diverged")
        if side.coordinates is not None:
            found["coordinates"] = [int(place) for place in side.coordinates]
        return found

    return {
        **{"name": layer.name, "kind": layer.kind, "dIn": layer.d_in, "dOut": layer.d_out, "n": layer.n},
        **layer.document,
        **{key: numbers(side) for key, side in layer.sides().items()},
    }


def write(moments: Moments, path: Path, *, overwrite: bool = False) -> None:
    """Writes a capture file under a temporary name and renames it, so that a reader finds all of it or nothing."""
    if path.exists() and not overwrite:
        raise CaptureError(f"capture: expected no file at {path}, got one; pass another path, or overwrite=True")
    tensors, document = _tensors(moments), json.dumps(_document(moments), allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            _write_container(file, tensors, document)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        if temporary.exists():
            temporary.unlink()


def read(path: Path) -> Moments:
    """The moments in a capture file. Raises CaptureError if it is none, or a tensor belongs to no layer."""
    with safe_open(str(path), framework="numpy") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
    if "crh" not in metadata:
        raise CaptureError(f"capture: expected a capture of moments in {path}, got a file without the key 'crh'")
    document = json.loads(metadata["crh"])
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise CaptureError(
            f"capture: expected format {FORMAT} version {VERSION} in {path}, got {document.get('format')!r} version "
            f"{document.get('version')!r}"
        )
    layers = [_layer(entry, tensors) for entry in document["layers"]]
    if tensors:
        raise CaptureError(f"capture: expected tensors named after a layer and a sum, got {next(iter(tensors))!r}")
    known = ("format", "version", "step", "objective", "source", "losses", "layers")
    said = document.get("losses")
    losses = None if said is None else (said["sum"], said["count"])
    rest = {key: value for key, value in document.items() if key not in known}
    return Moments(document["step"], document["objective"], document["source"], layers, losses, document=rest)


def _layer(entry: dict[str, Any], tensors: dict[str, np.ndarray]) -> LayerMoments:
    """A layer of the document with its tensors, which are taken away."""
    name = entry["name"]

    def side(key: str, d: int) -> SideMoments:
        found = entry[key]
        blocks = Blocks()
        for block in _SIDE_TENSORS:
            if f"{name}.{key}.{block}" in tensors:
                blocks[block] = tensors.pop(f"{name}.{key}.{block}")
        places = np.array(found["coordinates"]) if "coordinates" in found else None
        return SideMoments(d, blocks, {number: found[number] for number in SIDE_NUMBERS}, places)

    layer = LayerMoments(
        name=name,
        kind=entry["kind"],
        d_in=entry["dIn"],
        d_out=entry["dOut"],
        n=entry["n"],
        a=side("a", entry["dIn"]) if "a" in entry else None,
        b=side("b", entry["dOut"]),
        gb_ha=tensors.pop(f"{name}.gb_ha", None),
        W=tensors.pop(f"{name}.W", None),
        bias=tensors.pop(f"{name}.bias", None),
        document={key: value for key, value in entry.items() if key in ("classes", "exactOutputs", "noise")},
    )
    carried = ("class_counts", "a.class_sum", "a.class_squares", "b.class_sum", "b.class_squares")
    for block in (*carried, "b.output_gg", "a.noise", "b.noise"):
        if f"{name}.{block}" in tensors:
            layer.other[block] = tensors.pop(f"{name}.{block}")
    layer.derive()
    return layer
