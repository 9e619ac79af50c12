"""Sums over rows in float64, one sample at a time: what captures are compared with."""

import numpy as np
import torch

SIDE = ("h_sum", "hh", "g_sum", "gg", "hn_sum", "hnhn", "gn_sum", "gngn", "gh")


def side_sums(h, g):
    """All sums of one side from rows h, g (n, d), by their names in the file."""

    def unit(v):
        norm = v.norm(dim=1, keepdim=True)
        return torch.where(norm > 0, v / norm, torch.zeros_like(v))

    hn, gn = unit(h), unit(g)
    blocks = {
        "h_sum": h.sum(0),
        "hh": h.T @ h,
        "g_sum": g.sum(0),
        "gg": g.T @ g,
        "hn_sum": hn.sum(0),
        "hnhn": hn.T @ hn,
        "gn_sum": gn.sum(0),
        "gngn": gn.T @ gn,
        "gh": g.T @ h,
    }
    numbers = {"keptH": int((h.norm(dim=1) > 0).sum()), "keptG": int((g.norm(dim=1) > 0).sum())}
    for letter, v in (("h", h), ("g", g)):
        squares = (v * v).sum(1)
        numbers[f"{letter}2"], numbers[f"{letter}4"] = float(squares.sum()), float((squares**2).sum())
    return {name: value.numpy() for name, value in blocks.items()}, numbers


def expect_side(side, h, g, tolerance=1e-10, names=SIDE):
    blocks, numbers = side_sums(h.double(), g.double())
    for name in names:
        scale = np.abs(blocks[name]).max() + 1e-300
        assert np.abs(side.blocks[name] - blocks[name]).max() <= tolerance * scale, name
    for name, value in numbers.items():
        assert abs(side.numbers[name] - value) <= tolerance * abs(value), name
