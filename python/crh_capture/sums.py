"""Sums over the rows of one map, batch by batch: float32 products on the device, totals in float64.

Rows are samples: h_a (n, dIn), h_b (n, dOut), g_b (n, dOut), g_a = g_b W (theory.md Eqs. 2, 3, 5, 8, 9). float32 would
lose a small covariance beside a large mean, so every Gram matrix is centred on the batch's own mean m and put back in
float64 (Eq. 10):

    sum v v^T = C + n m m^T,   C = sum (v - m)(v - m)^T.

Rows are divided by a power of two near their largest entry first, so that the square of a gradient of 1e-20 is not
lost. Rows of float64 are summed in float64 throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

TURNED = 2
"""Times by which a map's inputs are more than its outputs before g_a is summed in other coordinates. chosen: below, the
factors cost more than they save."""


@contextmanager
def exact_products() -> Iterator[None]:
    """Products in the precision of their operands: no autocast, no TensorFloat-32, no gradient."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for device in ("cuda", "cpu"):
            if torch.is_autocast_enabled() or device == "cpu":
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.cuda.is_available() and torch.backends.cuda.matmul.allow_tf32:
            torch.backends.cuda.matmul.allow_tf32 = False
            stack.callback(setattr, torch.backends.cuda.matmul, "allow_tf32", True)
        yield


def as_rows_dtype(values: Tensor) -> Tensor:
    """float64 stays; everything else is widened to float32."""
    return values if values.dtype == torch.float64 else values.to(torch.float32)


def total_device(device: torch.device) -> torch.device:
    """Where float64 totals of rows on `device` live: there, or on the CPU where the device has no float64."""
    return torch.device("cpu") if device.type == "mps" else device


def _power_of_two(largest: Tensor) -> Tensor:
    """2^floor(log2 x) of a largest absolute entry x; 1 where it is 0 or not finite."""
    exponent = torch.frexp(torch.where(torch.isfinite(largest) & (largest > 0), largest, torch.ones_like(largest)))[1]
    return torch.ldexp(torch.ones_like(largest), exponent - 1)


@dataclass
class RowSums:
    """Sums of rows v of one kind: sum v (d) and sum v v^T (d, d), float64."""

    d: int
    device: torch.device
    total: Tensor = field(init=False)
    gram: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.total = torch.zeros(self.d, dtype=torch.float64, device=self.device)
        self.gram = torch.zeros(self.d, self.d, dtype=torch.float64, device=self.device)

    def add(self, rows: Tensor, scale: Tensor | None = None) -> None:
        """Adds rows (n, d), which were divided by `scale`; 1 where it is left out."""
        n = rows.shape[0]
        rough = rows.mean(0)
        centred = rows - rough
        # With m = rough + r / n the sum is C + n m m^T - r r^T / n, whose last part is the square of a rounding error.
        m = rough.to(self.device).double() + centred.sum(0).to(self.device).double() / n
        C = (centred.T @ centred).to(self.device)
        if scale is not None:
            s = scale.to(self.device).double()
            m = m * s
            C = C.double().mul_(s * s)
        self.gram += C
        self.gram.addr_(m, m, alpha=n)
        self.total.add_(m, alpha=n)

    def merge(self, other: RowSums) -> None:
        self.total += other.total
        self.gram += other.gram

    def turned(self, Q: Tensor) -> RowSums:
        """The sums of v = y Q^T from those of y; Q (d, k) float64."""
        sums = RowSums.__new__(RowSums)
        sums.d, sums.device = Q.shape[0], self.device
        sums.total = Q @ self.total
        sums.gram = Q @ self.gram @ Q.T
        return sums


class VectorSums:
    """The sums of one of h and g on one side of a map, of plain rows and of rows divided by their norm (Eqs. 2, 3, 8).

    `numbers` (3) float64 holds the rows with |v| > 0, sum |v|^2 and sum |v|^4 over whole rows; of `coordinates`, where
    they are given, the matrices alone consist (Eq. 77).
    """

    def __init__(self, d: int, device: torch.device, coordinates: Tensor | None = None) -> None:
        size = d if coordinates is None else len(coordinates)
        self.coordinates = coordinates
        self.plain = RowSums(size, device)
        self.unit = RowSums(size, device)
        self.numbers = torch.zeros(3, dtype=torch.float64, device=device)

    def add(self, rows: Tensor) -> None:
        """Adds rows (n, d) in float32 or float64."""
        if rows.shape[0] == 0:
            return
        largest = rows.abs().amax(1)
        scale = _power_of_two(largest.amax())
        kept = largest > 0
        # Each row is divided by its own largest entry before its norm is taken: squares of small rows would be lost.
        own = torch.where(kept, largest, torch.ones_like(largest))
        unit = rows / own.unsqueeze(1)
        length = (unit * unit).sum(1)
        unit /= torch.where(kept, length, torch.ones_like(length)).sqrt().unsqueeze(1)
        v = rows / scale
        if self.coordinates is not None:
            v, unit = v[:, self.coordinates], unit[:, self.coordinates]
        self.plain.add(v, scale)
        self.unit.add(unit)
        device = self.numbers.device
        squares = length.to(device).double() * (own / scale).to(device).double() ** 2
        s = scale.to(device).double()
        self.numbers += torch.stack(
            [kept.to(device).double().sum(), squares.sum() * s**2, (squares * squares).sum() * s**4]
        )

    def merge(self, other: VectorSums) -> None:
        self.plain.merge(other.plain)
        self.unit.merge(other.unit)
        self.numbers += other.numbers

    def tensors(self) -> list[Tensor]:
        """Every array of the sums, to reduce them over processes in place."""
        return [self.plain.total, self.plain.gram, self.unit.total, self.unit.gram, self.numbers]


class LayerSums:
    """The sums of one map (sides a and b) or of one output alone (side b).

    With d_in far above d_out the gradients g_a = g_b W of side a span at most d_out dimensions. They are summed in the
    coordinates y = g_b R^T of W^T = Q R, which are as long, and turned by Q at the end.
    """

    def __init__(
        self,
        d_in: int | None,
        d_out: int,
        device: torch.device,
        coordinates: dict[str, Tensor] | None = None,
        crossed: bool = True,
    ) -> None:
        self.d_in, self.d_out, self.device = d_in, d_out, device
        self.coordinates = coordinates or {}
        self.n = 0
        a, b = self.coordinates.get("a"), self.coordinates.get("b")
        self.hb, self.gb = VectorSums(d_out, device, b), VectorSums(d_out, device, b)
        self.ha = self.ga = self.cross = None
        self.is_turned = d_in is not None and d_in > TURNED * d_out and a is None
        if d_in is not None:
            self.ha = VectorSums(d_in, device, a)
            self.ga = VectorSums(d_out if self.is_turned else d_in, device, a)
        if crossed:
            self.cross = torch.zeros(d_out, d_in or d_out, dtype=torch.float64, device=device)

    def sides(self) -> list[VectorSums]:
        return [side for side in (self.ha, self.ga, self.hb, self.gb) if side is not None]

    def tensors(self) -> list[Tensor]:
        return [t for side in self.sides() for t in side.tensors()] + ([] if self.cross is None else [self.cross])

    def add_gradients(self, gb: Tensor, W: Weights | None) -> None:
        """Adds gradients g_b (n, d_out), and those behind the weights."""
        self.gb.add(gb)
        if self.ga is not None:
            assert W is not None
            self.ga.add(gb @ (W.R.T if self.is_turned else W.W).to(gb.dtype))

    def add_cross(self, gb: Tensor, h: Tensor) -> None:
        """Adds sum g_b h^T of the rows h_a of a map, or h_b of an output alone."""
        assert self.cross is not None
        if gb.shape[0] == 0:
            return
        sg, sh = _power_of_two(gb.abs().amax()), _power_of_two(h.abs().amax())
        g, v = gb / sg, h / sh
        mg, mh = g.mean(0), v.mean(0)
        C = (g - mg).T @ (v - mh)
        # sum g h^T = C + n m_g m_h^T + r_g m_h^T + m_g r_h^T with r = sum v - n m
        n = g.shape[0]
        rg, rh = (g - mg).sum(0), (v - mh).sum(0)
        C, mg, mh, rg, rh, sg, sh = (x.to(self.device).double() for x in (C, mg, mh, rg, rh, sg, sh))
        self.cross += sg * sh * (C + torch.outer(n * mg + rg, mh) + torch.outer(mg, rh))


class Weights:
    """W (d_out, d_in) of a map at one step, and its factors.

    `R` (k, d_out) float64 and `Q` (d_in, k): W^T = Q R with orthonormal columns of Q, made when they are asked for.
    """

    def __init__(self, W: Tensor, bias: Tensor | None) -> None:
        self.W = W
        self.bias = bias
        self._QR: tuple[Tensor, Tensor] | None = None

    def _factors(self) -> tuple[Tensor, Tensor]:
        if self._QR is None:
            W = self.W.to(total_device(self.W.device)).double()
            Q, R = torch.linalg.qr(W.T)
            self._QR = (Q, R.to(self.W.device) if self.W.device.type != "mps" else R.float().to(self.W.device))
        return self._QR

    @property
    def Q(self) -> Tensor:
        return self._factors()[0]

    @property
    def R(self) -> Tensor:
        return self._factors()[1]
