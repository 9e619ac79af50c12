"""Sums over the rows of one map, part by part: float32 products on the device, totals in float64.

Rows are samples: h_a (n, dIn), h_b (n, dOut), g_b (n, dOut), g_a = g_b W (theory.md Eqs. 2, 3, 5, 8, 9). float32 would
lose a small covariance beside a large mean, so rows are centred on c, the mean of the first part, and put back in
float64 at the end (Eq. 10 with a centre that need not be the mean). With r = sum (v - c) and C = sum (v - c)(v - c)^T:

    sum v = r + n c,   sum v v^T = C + c r^T + r c^T + n c c^T.

Of a symmetric product the blocks on and above the diagonal are computed. Rows whose squares float32 cannot hold are
divided by a power of two first. Rows of float64 are summed in float64 throughout.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

TURNED = 2
"""Times by which a map's inputs are more than its outputs before g_a is summed in other coordinates. chosen: below, the
factors cost more than they save."""
BLOCKS, NARROWEST = 8, 64
"""Blocks of columns that a symmetric product is computed in: 9 of 16 of its entries. Narrower blocks cost more than the
entries below the diagonal (measured on a CPU)."""
ARENA = 2**20
"""Numbers that an arena grows by. chosen: two large pages."""
SAFE = (1e-12, 1e12)
"""Lengths of rows whose squares, and whose parts' squares, float32 holds with all digits that count."""


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


class Buffer:
    """Zeros in float64, or another dtype, that are handed out part by part.

    On the CPU they are memory of their own, in large pages where the system has them, which goes back as a whole: a
    heap keeps the holes between what captures hold and what comes and goes in a step, and costs a fault for each page.
    """

    def __init__(self, size: int, device: torch.device, dtype: torch.dtype = torch.float64) -> None:
        self.at = 0
        if device.type != "cpu" or size < 2**15 or not hasattr(mmap, "MAP_PRIVATE"):
            self.whole = torch.zeros(size, dtype=dtype, device=device)
            return
        memory = mmap.mmap(-1, size * torch.finfo(dtype).bits // 8, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with suppress(OSError):
                memory.madvise(mmap.MADV_HUGEPAGE)
        self.whole = torch.frombuffer(memory, dtype=dtype)

    def take(self, *shape: int) -> Tensor:
        """The next zeros, in a shape."""
        size = math.prod(shape)
        self.at += size
        return self.whole[self.at - size : self.at].view(shape)


class Arena:
    """Memory of a CPU for float32 numbers that are held together: pieces in the heap would leave holes there."""

    def __init__(self) -> None:
        self.buffer: Buffer | None = None

    def take(self, *shape: int) -> Tensor:
        """The next zeros, in a shape."""
        size = math.prod(shape)
        if self.buffer is None or self.buffer.at + size > len(self.buffer.whole):
            self.buffer = Buffer(max(size, ARENA), torch.device("cpu"), torch.float32)
        return self.buffer.take(*shape)


def _accumulate(total: Tensor, part: Tensor, factor: float, is_first: bool) -> None:
    """Adds factor * part to a total; the first part is written, since memory that is read first gets no large pages."""
    if not is_first:
        total.add_(part, alpha=factor)
        return
    total.copy_(part)
    if factor != 1:
        total.mul_(factor)


def _power_of_two(largest: float) -> float:
    """2^floor(log2 x) of the length x of the longest row where squares of x are not safe; 1 where they are."""
    if SAFE[0] <= largest <= SAFE[1] or largest == 0 or not math.isfinite(largest):
        return 1.0
    return math.ldexp(1.0, max(-100, min(100, math.frexp(largest)[1] - 1)))


class Lengths:
    """The lengths of rows, and rows that are safe to be divided by them.

    `lengths` (n) float64 |v|. `base` (n, d) and `inverse` (n) with v / |v| = base * inverse, 0 for rows of zeros. base
    is the rows themselves but where the square of a row's length is lost in float32: there it is v / max |v_i|.
    """

    def __init__(self, rows: Tensor, device: torch.device) -> None:
        self.base = rows
        short = (rows * rows).sum(1).sqrt_()
        self.lengths = short.to(device).double()
        least, most = torch.stack(torch.aminmax(short)).tolist()  # the one number that waits for the device
        if not (SAFE[0] <= least and most <= SAFE[1]):
            unsafe = ~((short >= SAFE[0]) & (short <= SAFE[1]))
            part = rows[unsafe]
            largest = part.abs().amax(1)
            part = part / torch.where(largest > 0, largest, torch.ones_like(largest)).unsqueeze(1)
            short[unsafe] = (part * part).sum(1).sqrt_()
            self.base = rows.clone()
            self.base[unsafe] = part
            self.lengths[unsafe.to(device)] = short[unsafe].to(device).double() * largest.to(device).double()
            most = float(self.lengths.amax())
        self.inverse = torch.where(short > 0, 1 / short, torch.zeros_like(short))
        self.longest = most
        self.scale = _power_of_two(most)
        """A power of two near the longest row where float32 cannot hold its square, else 1."""


def _blocks(d: int) -> list[tuple[int, int]]:
    width = max(NARROWEST, -(-d // BLOCKS))
    return [(i, min(i + width, d)) for i in range(0, d, width)]


def size_of_panels(d: int) -> int:
    """Numbers of the matrix of a RowSums."""
    return sum((j - i) * (d - i) for i, j in _blocks(d))


def size_of_rows(d: int, arena: Arena | None = None) -> int:
    """Numbers that a RowSums takes of its buffer."""
    return d + size_of_panels(d) if arena is None else d


class RowSums:
    """Sums of rows v (n, d) of one kind: `total` (d) sum v and the upper triangle of sum v v^T, float64 once settled.

    Of the matrix, panels (j - i, d - i) hold rows i to j from column i on, for `blocks` (i, j). With an arena the
    product of a first part in float32 stays there as it is until another part comes: most captures have one part, and
    half the memory. Its panels are settled one at a time as they are read.
    """

    def __init__(self, d: int, buffer: Buffer, arena: Arena | None = None) -> None:
        self.d, self.device, self.n = d, buffer.whole.device, 0
        self.blocks = _blocks(d)
        self.total = buffer.take(d)
        self.arena = arena
        self.panels = self._panels(buffer) if arena is None else []
        self.product: list[Tensor] = []
        """Panels of a first part in float32, to be multiplied by `factor`."""
        self.factor = 1.0
        self.centre: Tensor | None = None
        """c (d) in the rows' dtype, while there are sums of v - c: then total is r, and panels are of C."""
        self.shift: tuple[np.ndarray, np.ndarray] | None = None
        """c and half (d), with sum v v^T = C + c half^T + half c^T, of a settled product."""

    def _panels(self, memory: Buffer | Arena) -> list[Tensor]:
        return [memory.take(j - i, self.d - i) for i, j in self.blocks]

    def centred(self, rows: Tensor, scale: float = 1.0) -> Tensor:
        """(rows - c) / scale."""
        if self.centre is None:
            self.centre = rows.mean(0)
        v = rows - self.centre
        return v if scale == 1 else v.mul_(1 / scale)

    def centred_units(self, lengths: Lengths) -> Tensor:
        """v / |v| - c of each row v."""
        if self.centre is None:
            self.centre = torch.mv(lengths.base.T, lengths.inverse) / len(lengths.base)
        return torch.addcmul(-self.centre, lengths.base, lengths.inverse.unsqueeze(1))

    def add(self, v: Tensor, scale: float = 1.0) -> None:
        """Adds rows (n, d) that are centred and divided by `scale`."""
        is_first = self.n == 0
        self.n += v.shape[0]
        _accumulate(self.total, v.sum(0).to(self.device), scale, is_first)
        if is_first and self.arena is not None and v.dtype == torch.float32:
            self.factor = scale * scale
            self.product = self._panels(self.arena)
            for (i, j), panel in zip(self.blocks, self.product):
                torch.mm(v[:, i:j].T, v[:, i:], out=panel)
            return
        self._widen()
        for (i, j), panel in zip(self.blocks, self.panels):
            _accumulate(panel, (v[:, i:j].T @ v[:, i:]).to(self.device), scale * scale, is_first)

    def _widen(self) -> None:
        """Makes panels in float64, with what is in `product`."""
        if self.panels:
            return
        self.panels = self._panels(Buffer(size_of_panels(self.d), self.device))
        for panel, product in zip(self.panels, self.product):
            _accumulate(panel, product, self.factor, True)
        self.product = []

    def settle(self) -> None:
        """From sums of v - c to those of v."""
        if self.centre is None:
            return
        c, r = self.centre.to(self.device).double(), self.total
        half = r + (self.n / 2) * c  # c r^T + r c^T + n c c^T = c half^T + half c^T
        if self.product:
            self.shift = c.numpy(), half.numpy()
        for (i, j), panel in zip(self.blocks, self.panels):
            panel.addr_(c[i:j], half[i:]).addr_(half[i:j], c[i:])
        r.add_(c, alpha=self.n)
        self.centre = None

    def panel(self, k: int) -> np.ndarray:
        """Panel k of sum v v^T in float64, once settled. NumPy's alone: torch would start threads for a writer."""
        if not self.product:
            self._widen()  # of no rows there is nothing yet
            return self.panels[k].detach().cpu().numpy()
        found = self.product[k].numpy().astype(np.float64)
        if self.factor != 1:
            found *= self.factor
        if self.shift is not None:
            (i, j), (c, half) = self.blocks[k], self.shift
            found += np.multiply.outer(c[i:j], half[i:])
            found += np.multiply.outer(half[i:j], c[i:])
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of the matrix as it is held."""
        return sum(panel.numel() * panel.element_size() for panel in self.product or self.panels)

    def turned(self, Q: Tensor) -> RowSums:
        """The sums of v = y Q^T from those of y, settled; Q (d, k) float64."""
        G = torch.empty(self.d, self.d, dtype=torch.float64, device=self.device)
        for k, (i, j) in enumerate(self.blocks):
            panel = torch.from_numpy(self.panel(k)).to(self.device)
            G[i:j, i:] = panel
            G[j:, i:j] = panel[:, j - i :].T
        GQ = G @ Q.T
        d = Q.shape[0]
        sums = RowSums(d, Buffer(size_of_rows(d), self.device))
        sums.n = self.n
        sums.total.copy_(Q @ self.total)
        for (i, j), panel in zip(sums.blocks, sums.panels):
            torch.mm(Q[i:j], GQ[:, i:], out=panel)
        return sums


class Panels(Sequence[np.ndarray]):
    """The panels of settled sums in float64, each made when it is read."""

    def __init__(self, sums: RowSums) -> None:
        self.sums = sums

    def __len__(self) -> int:
        return len(self.sums.blocks)

    def __getitem__(self, k: Any) -> Any:
        if not -len(self) <= k < len(self):
            raise IndexError(k)
        return self.sums.panel(k)

    @property
    def nbytes(self) -> int:
        """Bytes that the sums hold."""
        return self.sums.nbytes


class VectorSums:
    """The sums of one of h and g on one side of a map, of plain rows and of rows divided by their norm (Eqs. 2, 3, 8).

    `numbers` (3) float64 holds the rows with |v| > 0, sum |v|^2 and sum |v|^4 over whole rows; of `coordinates`, where
    they are given, the matrices alone consist (Eq. 77).
    """

    def __init__(self, d: int, buffer: Buffer, coordinates: Tensor | None = None, arena: Arena | None = None) -> None:
        size = d if coordinates is None else len(coordinates)
        self.coordinates = coordinates
        self.plain = RowSums(size, buffer, arena)
        self.unit = RowSums(size, buffer, arena)
        self.numbers = buffer.take(3)
        self.longest = 0.0
        """|v| of the longest row."""

    def add(self, rows: Tensor) -> tuple[Tensor, float]:
        """Adds rows (n, d) in float32 or float64. Returns them centred and divided by a scale, and that scale."""
        lengths = Lengths(rows, self.numbers.device)
        self.longest = max(self.longest, lengths.longest)
        squares = lengths.lengths**2
        numbers = torch.stack([(squares > 0).double().sum(), squares.sum(), (squares * squares).sum()])
        _accumulate(self.numbers, numbers, 1, self.plain.n == 0)
        if self.coordinates is not None:
            rows, lengths.base = rows[:, self.coordinates], lengths.base[:, self.coordinates]
        self.unit.add(self.unit.centred_units(lengths))
        v = self.plain.centred(rows, lengths.scale)
        self.plain.add(v, lengths.scale)
        return v, lengths.scale

    def settle(self) -> None:
        self.plain.settle()
        self.unit.settle()


class LayerSums:
    """The sums of one map (sides a and b) or of one output alone (side b).

    With d_in far above d_out the gradients g_a = g_b W of side a span at most d_out dimensions. They are summed in the
    coordinates y = g_b R^T of W^T = Q R, which are as long, and turned by Q at the end.

    arena: where the products of a single part of rows are kept; None where more may come, or another process adds its
    own to `whole`.
    """

    def __init__(
        self,
        d_in: int | None,
        d_out: int,
        device: torch.device,
        coordinates: dict[str, Tensor] | None = None,
        crossed: bool = True,
        arena: Arena | None = None,
    ) -> None:
        self.d_in, self.d_out, self.device = d_in, d_out, device
        self.coordinates = coordinates or {}
        self.n = 0
        self.arena = arena if device.type == "cpu" else None
        a, b = self.coordinates.get("a"), self.coordinates.get("b")
        self.is_turned = d_in is not None and d_in > TURNED * d_out and a is None
        d_ga = d_out if self.is_turned else d_in
        sides = [(d_out, b), (d_out, b)] + ([] if d_in is None or d_ga is None else [(d_in, a), (d_ga, a)])
        size = sum(2 * size_of_rows(d if places is None else len(places), self.arena) + 3 for d, places in sides)
        buffer = Buffer(size + (d_out * (d_in or d_out) if crossed else 0), device)
        self.whole = buffer.whole
        """Every sum, to reduce them over processes in place."""
        made: list[VectorSums | None] = [VectorSums(d, buffer, places, self.arena) for d, places in sides]
        hb, gb, self.ha, self.ga = (*made, None, None)[:4]
        assert hb is not None and gb is not None
        self.hb, self.gb = hb, gb
        self.cross = buffer.take(d_out, d_in or d_out) if crossed else None
        self.is_crossed = False
        """Whether anything was added to `cross`."""
        zero = torch.zeros(1, dtype=torch.float64, device=device)
        self.crossed: tuple[int, Tensor, Tensor] = (0, zero, zero)
        """n, sum (g_b - c_g) and sum (h - c_h) of the rows whose centred product is in `cross`."""

    def sides(self) -> list[VectorSums]:
        return [side for side in (self.ha, self.ga, self.hb, self.gb) if side is not None]

    def add_activations(self, hb: Tensor, ha: Tensor | None) -> None:
        """Adds outputs h_b (n, d_out) and inputs h_a (n, d_in), None of an output alone."""
        self.n += hb.shape[0]
        if hb.shape[0] == 0:
            return
        self.hb.add(hb)
        if self.ha is not None:
            assert ha is not None
            self.ha.add(ha)

    def add_gradients(self, gb: Tensor, W: Weights | None) -> None:
        """Adds gradients g_b (n, d_out), and those behind the weights."""
        if gb.shape[0] == 0:
            return
        self.gb.add(gb)
        if self.ga is not None:
            assert W is not None
            self.ga.add(gb @ (W.R.T if self.is_turned else W.W).to(gb.dtype))

    def add_cross(self, gb: Tensor, h: Tensor) -> None:
        """Adds sum g_b h^T of rows that were added: h_a (n, d_in) of a map, or h_b of an output alone."""
        if gb.shape[0] == 0:
            return
        assert self.cross is not None
        side = self.hb if self.ha is None else self.ha
        scales = _power_of_two(self.gb.longest), _power_of_two(side.longest)
        g, v = self.gb.plain.centred(gb, scales[0]), side.plain.centred(h, scales[1])
        self._add_to_cross(g.T @ v, scales[0] * scales[1])
        sums = g.sum(0).to(self.device).double() * scales[0], v.sum(0).to(self.device).double() * scales[1]
        self.crossed = (self.crossed[0] + len(gb), self.crossed[1] + sums[0], self.crossed[2] + sums[1])

    def add_product(self, product: Tensor, factor: float) -> None:
        """Adds sum g_b h_a^T (d_out, d_in) of rows that were added, multiplied by a factor."""
        self._add_to_cross(product, factor)

    def _add_to_cross(self, product: Tensor, factor: float) -> None:
        assert self.cross is not None
        _accumulate(self.cross, product.to(self.device), factor, not self.is_crossed)
        self.is_crossed = True

    def settle(self) -> None:
        """From sums of centred rows to those of the rows, once every row is added."""
        if self.cross is not None and self.crossed[0] > 0:
            # sum g h^T = C + c_g r_h^T + r_g c_h^T + n c_g c_h^T
            n, rg, rh = self.crossed
            centres = self.gb.plain.centre, (self.hb if self.ha is None else self.ha).plain.centre
            cg, ch = (c.to(self.device).double() for c in centres if c is not None)
            self.cross.addr_(cg, rh + n * ch).addr_(rg, ch)
        for side in self.sides():
            side.settle()


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
