"""The arrays of one side by their names in the file: symmetric sums as triangles, and such as follow from others."""

from __future__ import annotations

import math
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cached_property
from typing import Callable, Union

import numpy as np

SYMMETRIC = ("hh", "gg", "hnhn", "gngn")


class Triangle:
    """A symmetric matrix (d, d) by its upper triangle: panels (j - i, d - i) hold rows i to j from column i on."""

    def __init__(self, panels: Sequence[np.ndarray]) -> None:
        """panels: arrays, or what makes each anew whenever it is asked for."""
        self.panels = panels

    @staticmethod
    def of(matrix: np.ndarray) -> Triangle:
        """The mean of the two triangles of a matrix (d, d), or its upper one from d (d + 1) / 2 numbers row by row."""
        if matrix.ndim == 2:
            return Triangle([(matrix + matrix.T) / 2])
        d = (math.isqrt(8 * len(matrix) + 1) - 1) // 2
        starts = [i * d - i * (i - 1) // 2 for i in range(d + 1)]
        return Triangle([matrix[starts[i] : starts[i + 1]].reshape(1, -1) for i in range(d)])

    @cached_property
    def d(self) -> int:
        """Rows and columns."""
        width: int = self.panels[0].shape[1]
        return width

    @property
    def size(self) -> int:
        """d (d + 1) / 2, its numbers."""
        return self.d * (self.d + 1) // 2

    @property
    def nbytes(self) -> int:
        """Bytes that it holds."""
        held = getattr(self.panels, "nbytes", None)
        return sum(panel.nbytes for panel in self.panels) if held is None else int(held)

    def rows(self) -> Iterator[np.ndarray]:
        """Row i (d - i) from the diagonal on."""
        for panel in self.panels:
            for i, row in enumerate(panel):
                yield row[i:]

    def whole(self) -> np.ndarray:
        """(d, d)"""
        matrix = np.empty((self.d, self.d))
        i = 0
        for panel in self.panels:
            j = i + len(panel)
            square, rest = np.triu(panel[:, : j - i]), panel[:, j - i :]
            matrix[i:j, i:j] = square + np.triu(square, 1).T
            matrix[i:j, j:], matrix[j:, i:j] = rest, rest.T
            i = j
        return matrix

    def pack(self, values: np.ndarray) -> np.ndarray:
        """The rows from the diagonal on, one behind the other, written into values (d (d + 1) / 2 or more)."""
        at = 0
        for panel in self.panels:
            rows = [row[i:] for i, row in enumerate(panel)]
            end = at + sum(map(len, rows))
            np.concatenate(rows, out=values[at:end])
            at = end
        return values[:at]

    def __add__(self, other: Triangle) -> Triangle:
        return Triangle([(one + two).reshape(1, -1) for one, two in zip(self.rows(), other.rows())])


Stored = Union[np.ndarray, Triangle, Callable[[], np.ndarray]]


class Blocks(MutableMapping[str, np.ndarray]):
    """Arrays by name: `blocks["hh"]` is (d, d), made of its triangle, or of what it follows from, when it is read."""

    def __init__(self, stored: dict[str, Stored] | None = None) -> None:
        self.stored: dict[str, Stored] = dict(stored or {})
        """As they are held: a Triangle of symmetric sums, a function of what follows from other arrays."""

    def __getitem__(self, name: str) -> np.ndarray:
        found = self.stored[name]
        if isinstance(found, Triangle):
            return found.whole()
        return found if isinstance(found, np.ndarray) else found()

    def __setitem__(self, name: str, value: np.ndarray) -> None:
        self.stored[name] = Triangle.of(value) if name in SYMMETRIC else value

    def __delitem__(self, name: str) -> None:
        del self.stored[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)
