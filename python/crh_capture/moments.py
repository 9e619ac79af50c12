"""Moments: the sums over samples from which every measure is computed, as NumPy arrays (theory.md Eqs. 2, 3, 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .alignment import CONVENTIONS, alignments_of
from .blocks import Blocks, Stored, Triangle
from .errors import CaptureError

SIDE_NUMBERS = ("keptH", "keptG", "h2", "h4", "g2", "g4")
VECTORS = ("h_sum", "g_sum", "hn_sum", "gn_sum")
MATRICES = ("hh", "gg", "hnhn", "gngn", "gh")


@dataclass
class SideMoments:
    """The sums of one side, float64. `blocks` has arrays by their names in the file (docs/formats.md)."""

    d: int
    """Values of a whole row."""
    blocks: Blocks = field(default_factory=Blocks)
    """h_sum, g_sum, hn_sum, gn_sum (k); hh, gg, hnhn, gngn, gh, z (k, k); k = d but where coordinates are sampled"""
    numbers: dict[str, float] = field(default_factory=dict)
    """keptH, keptG: rows with |h| > 0, |g| > 0; h2, h4, g2, g4: sums of |h|^2, |h|^4, |g|^2, |g|^4"""
    coordinates: np.ndarray | None = None
    """Ascending places of the sampled coordinates (Eq. 77); None where all are summed"""


@dataclass
class LayerMoments:
    """The sums of one map over n samples; a head or a block has side b alone."""

    name: str
    kind: str
    d_in: int
    d_out: int
    n: int
    b: SideMoments
    a: SideMoments | None = None
    gb_ha: np.ndarray | None = None
    """(d_out, d_in) sum g_b h_a^T"""
    W: np.ndarray | None = None
    """(d_out, d_in), float32 where the model is and it was not read from a file"""
    bias: np.ndarray | None = None
    """(d_out) h_b - W h_a"""
    other: dict[str, np.ndarray] = field(default_factory=dict)
    """Tensors that are only carried along, by their names behind the layer's: sums by class, noise"""
    document: dict[str, Any] = field(default_factory=dict)
    """Keys of the layer in the document that are only carried along"""

    def sides(self) -> dict[str, SideMoments]:
        return {"b": self.b} if self.a is None else {"a": self.a, "b": self.b}

    def derive(self) -> None:
        """Of a map, lets gh of both sides follow from gb_ha and W where it is not there (docs/formats.md)."""
        W, cross, a, b = self.W, self.gb_ha, self.a, self.b
        if W is None or cross is None or a is None:
            return
        if "gh" not in a.blocks:
            a.blocks.stored["gh"] = lambda: W.T @ cross
        if "gh" not in b.blocks and "g_sum" in b.blocks:
            bias, total = self.bias, b.blocks["g_sum"]
            b.blocks.stored["gh"] = lambda: cross @ W.T if bias is None else cross @ W.T + np.outer(total, bias)


@dataclass
class Moments:
    """The sums of all layers of a network at one step of its training."""

    step: int
    objective: str
    source: str
    layers: list[LayerMoments]
    losses: tuple[float, int] | None = None
    """Sum and number of the losses, where they are known: of `measure`, and of a step that called `log_loss`."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Layers that were called and are not measured, and why; not in the file."""
    document: dict[str, Any] = field(default_factory=dict)
    """Further keys of the document: edges"""

    @property
    def loss(self) -> float | None:
        """Mean loss."""
        return None if self.losses is None else self.losses[0] / self.losses[1]

    def __getitem__(self, name: str) -> LayerMoments:
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise KeyError(f"moments: expected one of {known}, got {name!r}")

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes a capture file (docs/formats.md), through a temporary file, so that there is all of it or nothing.

        Raises CaptureError if there is a file and `overwrite` is not set.
        """
        from .file_format import write

        write(self, Path(path), overwrite=overwrite)

    @staticmethod
    def load(path: str | Path) -> Moments:
        """The moments in a capture file, whichever program wrote it; float32 is widened."""
        from .file_format import read

        return read(Path(path))

    def alignments(self) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
        """Alignments by layer, convention ("paper", "covariance", "raw"), side and relation ("rga", "rwa", "gwa").

        Pearson's correlation of the entries of H, G and Z (theory.md Eq. 11); nan where it is not defined.
        """
        return {
            layer.name: {
                convention: {key: alignments_of(layer, key, convention) for key in layer.sides()}
                for convention in CONVENTIONS
            }
            for layer in self.layers
        }

    def table(self) -> Any:
        """The alignments as rows, one for each layer, convention and side: a pandas table, or dicts without pandas."""
        rows = [
            {"step": self.step, "layer": name, "convention": convention, "side": side, "n": self[name].n, **values}
            for name, conventions in self.alignments().items()
            for convention, sides in conventions.items()
            for side, values in sides.items()
        ]
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def merge(self, other: Moments) -> Moments:
        """The sum with moments of other samples at the same step. Raises CaptureError if the two do not fit."""
        if self.step != other.step or [x.name for x in self.layers] != [y.name for y in other.layers]:
            raise CaptureError(
                "moments: expected one step and the same layers, got others; merge shards of one capture"
            )
        layers = [_merged(x, y) for x, y in zip(self.layers, other.layers)]
        sources = sorted({*self.source.split(" + "), *other.source.split(" + ")})
        both = self.losses and other.losses and (self.losses[0] + other.losses[0], self.losses[1] + other.losses[1])
        return Moments(self.step, self.objective, " + ".join(sources), layers, both or None, document=self.document)


def _merged(x: LayerMoments, y: LayerMoments) -> LayerMoments:
    if (x.kind, x.d_in, x.d_out) != (y.kind, y.d_in, y.d_out):
        raise CaptureError(f"moments: expected one kind and shape of layer {x.name!r}, got two")
    if (x.W is None) != (y.W is None) or (x.W is not None and not np.array_equal(x.W, y.W)):  # type: ignore[arg-type]
        raise CaptureError(
            f"moments: expected the same weights in layer {x.name!r}, got two; merge shards of one model"
        )

    def side(u: SideMoments, v: SideMoments) -> SideMoments:
        same = (u.coordinates is None) == (v.coordinates is None) and (
            u.coordinates is None or np.array_equal(u.coordinates, v.coordinates)  # type: ignore[arg-type]
        )
        if not same:
            raise CaptureError(f"moments: expected one sample of coordinates in layer {x.name!r}, got two")
        blocks: dict[str, Stored] = {}
        for key, one in u.blocks.stored.items():
            two = v.blocks.stored.get(key)
            if key == "z" or (isinstance(one, Triangle) and isinstance(two, Triangle)):
                blocks[key] = one if key == "z" else one + two  # type: ignore[operator]
            elif isinstance(one, np.ndarray) and two is not None:
                blocks[key] = one + v.blocks[key]
        return SideMoments(
            u.d, Blocks(blocks), {key: u.numbers[key] + v.numbers[key] for key in u.numbers}, u.coordinates
        )

    merged = LayerMoments(
        name=x.name,
        kind=x.kind,
        d_in=x.d_in,
        d_out=x.d_out,
        n=x.n + y.n,
        b=side(x.b, y.b),
        a=None if x.a is None or y.a is None else side(x.a, y.a),
        gb_ha=None if x.gb_ha is None or y.gb_ha is None else x.gb_ha + y.gb_ha,
        W=x.W,
        bias=x.bias,
        other={key: value + y.other[key] for key, value in x.other.items() if key in y.other},
        document=_merged_document(x.document, y.document),
    )
    merged.derive()
    return merged


def _merged_document(x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in x.items() if y.get(key) == value}
    if "noise" in x and "noise" in y:
        merged["noise"] = {**x["noise"], "examples": x["noise"]["examples"] + y["noise"]["examples"]}
    return merged
