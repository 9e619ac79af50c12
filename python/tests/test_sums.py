"""Sums of float32 rows of any size against float64, where their squares leave float32."""

import pytest
import torch
from twin import side_sums

from crh_capture.finish import _side
from crh_capture.noise import NoiseSums
from crh_capture.sums import LayerSums, Weights

SIZES = {
    "plain": lambda n: torch.ones(n, 1),
    "tiny": lambda n: torch.full((n, 1), 1e-25),
    "huge": lambda n: torch.full((n, 1), 1e20),
    "tiny beside large": lambda n: torch.where(torch.arange(n)[:, None] % 3 == 0, 1e-24, 1.0),
    "denormal beside large": lambda n: torch.where(torch.arange(n)[:, None] % 3 == 0, 1e-41, 1.0),
    "huge activations": lambda n: torch.ones(n, 1),
    "some of zeros": lambda n: (torch.arange(n)[:, None] % 3 > 0).float(),
}


@pytest.mark.parametrize("size", SIZES)
def test_rows_of_any_size_are_summed_to_rounding(size):
    torch.manual_seed(0)
    n, d_in, d_out = 60, 70, 5
    ha, hb = torch.randn(n, d_in) + 3, torch.randn(n, d_out) - 2
    if "activations" in size:
        ha *= 1e15
    gb = (torch.randn(n, d_out) + 0.5) * SIZES[size](n)
    W = torch.randn(d_out, d_in)
    sums = LayerSums(d_in, d_out, torch.device("cpu"))
    weights = Weights(W, None)
    for i, j in ((0, 25), (25, n)):
        sums.add_activations(hb[i:j], ha[i:j])
        sums.add_gradients(gb[i:j], weights)
        sums.add_cross(gb[i:j], ha[i:j])
    sums.settle()
    exact = gb.double()
    expected = exact.T @ ha.double()
    assert (sums.cross - expected).abs().max() <= 1e-5 * expected.abs().max()
    side = _side(sums.hb, sums.gb, d_out, None)
    blocks, numbers = side_sums(hb.double(), exact)
    # Of a denormal number float32 has a few digits.
    tolerance = 1e-3 if "denormal" in size else 2e-6
    for name in ("hh", "hnhn", "gg", "gngn", "g_sum", "gn_sum"):
        assert abs(side.blocks[name] - blocks[name]).max() <= tolerance * abs(blocks[name]).max(), name
    for name, value in numbers.items():
        assert side.numbers[name] == pytest.approx(value, rel=1e-5), name
    a = _side(sums.ha, sums.ga, d_in, weights.Q)
    blocks, numbers = side_sums(ha.double(), exact @ W.double())
    for name in ("gg", "gngn", "gn_sum"):
        assert abs(a.blocks[name] - blocks[name]).max() <= tolerance * abs(blocks[name]).max(), name
    assert a.numbers["keptG"] == numbers["keptG"]


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_noise_of_any_size(size, has_bias):
    torch.manual_seed(1)
    n = 40
    ha, gb = torch.randn(n, 6) + 1, torch.randn(n, 4) * SIZES[size](n)
    noise = NoiseSums({"a": 6, "b": 4}, has_bias, torch.device("cpu"))
    noise.add(ha[:15], gb[:15])
    noise.add(ha[15:], gb[15:])
    h, g = ha.double(), gb.double()
    A = (h * (g * g).sum(1, keepdim=True)).T @ h
    B = (g * ((h * h).sum(1, keepdim=True) + has_bias)).T @ g
    for name, expected in (("a.noise", A), ("b.noise", B)):
        found = torch.tensor(noise.tensors()[name][0])
        assert (found - expected).abs().max() <= 2e-6 * expected.abs().max()
    assert noise.n == n
