"""When captures are due."""

from __future__ import annotations

from collections.abc import Collection
from typing import Callable, Union

Schedule = Union[None, int, str, Collection[int], Callable[[int], bool]]


def log_spaced(per_decade: int = 8) -> Callable[[int], bool]:
    """Step 0, and `per_decade` steps in each factor of 10, rounded to whole steps: 1, 2, 3, 4, 6, 7, 10, 13, 18, .."""
    if per_decade < 1:
        raise ValueError(f"log_spaced: expected at least 1 a decade, got {per_decade}")
    chosen = {0}
    state = {"k": 0}

    def due(step: int) -> bool:
        while (latest := round(10 ** (state["k"] / per_decade))) <= step:
            chosen.add(latest)
            state["k"] += 1
        return step in chosen

    return due


def schedule(every: Schedule) -> Callable[[int], bool]:
    """A function from a step to whether a capture is due.

    every: a number of steps; "log" for log_spaced(); a collection of steps; a function; None for never.
    Raises ValueError for anything else.
    """
    if every is None:
        return lambda step: False
    if every == "log":
        return log_spaced()
    if isinstance(every, bool) or isinstance(every, str):
        raise ValueError(f"Capture: expected every to be a number of steps, 'log' or a function, got {every!r}")
    if isinstance(every, int):
        if every < 1:
            raise ValueError(f"Capture: expected every to be at least 1 step, got {every}")
        return lambda step: step % every == 0
    if callable(every):
        return every
    steps: set[int] | None = set(every)
    return lambda step: step in steps  # type: ignore[operator]
