"""Edges between maps and the squared gradients of their weights, against those of test/pairs, one example at a time."""

import json

import numpy as np
import pytest
import torch
from conftest import ROOT, _load
from models import losses, mlp, mlp_batch
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture, Moments

CASES = ROOT / "test" / "pairs" / "cases"


class Mlp(nn.Module):
    def __init__(self, widths, act, bias=True):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=bias) for a, b in zip(widths, widths[1:]))
        self.act = act

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)


MODELS = {
    "relu": lambda: Mlp([7, 9, 8, 6, 3], F.relu),
    "linear": lambda: Mlp([7, 9, 8, 3], lambda x: x, False),
    "linear-bias": lambda: Mlp([7, 9, 3], lambda x: x),
}


def noise_of(moments, name, side):
    layer = moments[name]
    return layer.other[f"{side}.noise"][0] / layer.document["noise"]["examples"]


@pytest.mark.parametrize("name", MODELS)
def test_pairs_and_their_noise_are_those_of_single_examples(name, tmp_path):
    expected = json.loads((CASES / name / "expected.json").read_text())
    model = MODELS[name]()
    _load(model, CASES / name / "model.onnx")
    model.double()
    with np.load(CASES / name / "data.npz") as file:
        x, y = (torch.tensor(file[key]).double() for key in ("x", "target"))
    factor = 0.5 if expected["objective"] == "half-mse" else 1

    def loss(output, target):
        return factor * ((output - target) ** 2).mean(1)

    measured = Capture(model).measure([(x[:9], y[:9]), (x[9:], y[9:])], loss)
    capture = Capture(model, tmp_path, 1)
    with capture.step():
        loss(model(x), y).mean().backward()
    capture.close()
    for moments in (measured, Moments.load(tmp_path / "step-00000000.safetensors")):
        edges = moments.document["edges"]
        assert edges["broken"] == []
        keys = ("first", "second", "through", "width", "symmetry")
        assert [[pair[key] for key in keys] for pair in edges["pairs"]] == [
            [pair[key] for key in keys] for pair in expected["pairs"]
        ]
        for pair in expected["pairs"]:
            for side, layer, key in (("a", "second", "A"), ("b", "first", "B")):
                found, twin = noise_of(moments, pair[layer], side), np.array(pair[key])
                assert abs(found - twin).max() < 1e-9 * abs(twin).max(), (pair["first"], key)


def test_shards_add_their_noise():
    model, (x, y) = mlp().double(), mlp_batch()
    x = x.double()
    whole = Capture(model).measure((x, y), losses)
    one, two = (Capture(model).measure((x[i:j], y[i:j]), losses) for i, j in ((0, 8), (8, 20)))
    merged = one.merge(two)
    assert merged["2"].document["noise"]["examples"] == 20
    for side in ("a", "b"):
        assert np.allclose(noise_of(merged, "2", side), noise_of(whole, "2", side), rtol=1e-12)


class Branched(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.way, self.first, self.second = way, nn.Linear(5, 5), nn.Linear(5, 3)

    def forward(self, x):
        h = self.first(x)
        if self.way == "residual":
            return self.second(F.relu(h)) + h[:, :3]
        if self.way == "behind":
            r = F.relu(h)
            return self.second(r) + r.sum(1, keepdim=True)
        if self.way == "gelu":
            return self.second(F.gelu(h))
        if self.way == "twice":
            return self.second(F.relu(self.first(F.relu(h))))
        if self.way == "tied":
            return self.second(F.relu(h)) + (x @ self.first.weight).sum(1, keepdim=True)
        return self.second(torch.relu_(h))


@pytest.mark.parametrize(
    ("way", "pairs", "broken"),
    [
        ("in place", 1, []),
        ("residual", 0, ["its values are used elsewhere, too"]),
        ("behind", 0, ["its values are used elsewhere, too"]),
        ("gelu", 0, []),
        ("twice", 0, ["weights are used more than once"]),
        ("tied", 0, ["weights are used more than once"]),
    ],
)
def test_an_edge_is_one_whose_values_go_nowhere_else(way, pairs, broken):
    torch.manual_seed(0)
    x, y = mlp_batch()
    moments = Capture(Branched(way)).measure((x, y), losses)
    edges = moments.document["edges"]
    assert len(edges["pairs"]) == pairs
    assert [one["reason"] for one in edges["broken"] if one["second"] == "second"] == broken
    assert ("noise" in moments["second"].document) == (pairs > 0)


def test_tied_weights_are_no_pair():
    model, (x, y) = mlp(d=7), mlp_batch(d=7)
    model[2].weight = model[0].weight
    edges = Capture(model).measure((x, y), losses).document["edges"]
    assert edges["pairs"] == []
    assert {one["reason"] for one in edges["broken"]} == {"weights are used more than once"}


def test_tokens_in_rows_of_their_own_are_no_examples():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(0, 1), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    x, y = torch.randn(5, 7, 4), torch.randint(3, (35,))
    moments = Capture(model).measure((x, y), losses)
    assert [pair["first"] for pair in moments.document["edges"]["pairs"]] == ["1"]
    assert not any("noise" in layer.document for layer in moments.layers)


def test_rows_of_tokens_have_edges_without_noise():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    x, y = torch.randn(5, 7, 4), torch.randint(3, (5, 7))
    moments = Capture(model).measure((x, y), losses)
    assert [pair["second"] for pair in moments.document["edges"]["pairs"]] == ["2"]
    assert not any("noise" in layer.document for layer in moments.layers)
