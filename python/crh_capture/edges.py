"""Which linear map feeds which, through nothing or ReLU, followed by the tensors that torch functions take and give.

An edge is one whose values go nowhere else: every function that takes them is watched for the time of the passes. Maps
of rows (n, d) are followed; through other layouts and other functions nothing is said (docs/theory.md Eqs. 105, 122).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_RELU = {F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu_}
_MARK = "_crh_origin"
ELSEWHERE, SHARED = "its values are used elsewhere, too", "weights are used more than once"


@dataclass
class Origin:
    """A tensor on its way from a map."""

    first: str
    through: str = "nothing"
    before: Origin | None = None
    uses: int = 0

    def is_alone(self) -> bool:
        """Whether this tensor, and those it was made of, went one way."""
        return self.uses == 1 and (self.before is None or self.before.is_alone())


@dataclass
class Edge:
    first: str
    second: str
    through: str
    width: int
    origins: list[Origin] = field(default_factory=list)
    """Of each pass."""

    def is_whole(self) -> bool:
        return all(origin.is_alone() for origin in self.origins)

    def document(self) -> dict[str, Any]:
        """As in the file (docs/formats.md)."""
        end = {"from": 0, "outer": 1, "inner": 1}
        return {
            "first": self.first,
            "second": self.second,
            "through": self.through,
            "symmetry": "rotation" if self.through == "nothing" else "rescaling",
            "width": self.width,
            "firstEnd": {"side": "b", **end},
            "secondEnd": {"side": "a", **end},
        }


class Edges:
    """Follows the values of maps from one to the next."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Edge] = {}
        self.repeated: set[str] = set()
        """Maps that are called twice, or share their weights: what one edge allows another forbids."""
        self.weights: dict[str, int] = {}
        self.calls: dict[int, int] = {}
        """Of each weight, functions that took it beyond calls of its map."""

    def start(self, y: Tensor, first: str, parameter: Tensor) -> None:
        """y is the output of a map with a weight."""
        setattr(y, _MARK, Origin(first))
        self.weights[first] = id(parameter)
        self.calls[id(parameter)] = self.calls.get(id(parameter), 0) - 1

    def arrive(self, x: Tensor, second: str) -> None:
        """x is the input of a map that was called."""
        origin: Origin | None = getattr(x, _MARK, None)
        if origin is None:
            return
        key = (origin.first, second)
        edge = self.known.setdefault(key, Edge(origin.first, second, origin.through, x.shape[-1]))
        edge.origins.append(origin)
        if edge.through != origin.through:
            origin.uses += 1  # two ways between the same maps in two passes

    def use(self, func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        """A torch function was called."""
        if getattr(func, "__name__", "") == "__get__":
            return  # of shape, device, ..
        for value in (*args, *kwargs.values()):
            for one in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(one, nn.Parameter) and isinstance(result, Tensor):
                    self.calls[id(one)] = self.calls.get(id(one), 0) + 1
                origin = getattr(one, _MARK, None) if isinstance(one, Tensor) else None
                if origin is not None:
                    self._follow(func, origin, result)

    def _follow(self, func: Any, origin: Origin, result: Any) -> None:
        if not isinstance(result, (Tensor, tuple, list)):
            return  # a size, a number of axes
        origin.uses += 1
        if func in _RELU and isinstance(result, Tensor):
            setattr(result, _MARK, Origin(origin.first, "ReLU", origin))

    def of(self, name: str) -> tuple[bool, bool]:
        """Whether a map is the first of an edge, and whether it is the second of one."""
        whole = [edge for edge in self.known.values() if edge.is_whole() and not self._is_repeated(edge)]
        return any(edge.first == name for edge in whole), any(edge.second == name for edge in whole)

    def _is_repeated(self, edge: Edge) -> bool:
        return any(
            name in self.repeated or self.calls.get(self.weights.get(name, 0), 0) != 0
            for name in (edge.first, edge.second)
        )

    def document(self, names: set[str]) -> dict[str, Any]:
        """`edges` of the file, among layers that are there."""
        known = [edge for edge in self.known.values() if edge.first in names and edge.second in names]
        pairs, broken = [], []
        for edge in known:
            reason = SHARED if self._is_repeated(edge) else None if edge.is_whole() else ELSEWHERE
            if reason is None:
                pairs.append(edge.document())
            else:
                broken.append({"first": edge.first, "second": edge.second, "reason": reason})
        return {"pairs": pairs, "broken": broken}
