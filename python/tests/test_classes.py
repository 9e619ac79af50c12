"""Losses of a capture, and sums by class of a classifier's last map."""

import numpy as np
import pytest
import torch
from models import losses, mlp, mlp_batch
from test_step import stepped
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture, CaptureError, Moments


def expect_classes(layer, ha, hb, labels):
    classes = hb.shape[1]
    assert layer.document["classes"] == classes
    for k in range(classes):
        mine = labels == k
        assert layer.other["class_counts"][k] == mine.sum()
        for side, h in (("a", ha[mine]), ("b", hb[mine])):
            assert np.allclose(layer.other[f"{side}.class_sum"][k], h.sum(0), atol=1e-10)
            assert layer.other[f"{side}.class_squares"][k] == pytest.approx(float((h * h).sum()), rel=1e-10)


def test_sums_by_class_of_the_last_map(tmp_path):
    model = mlp().double()
    x, y = mlp_batch()
    x, y = x.double(), y.clone()
    ha = model[:-1](x).detach()
    hb = model(x).detach()
    moments = Capture(model).measure([(x[:7], y[:7]), (x[7:], y[7:])], losses)
    assert [layer.name for layer in moments.layers if "classes" in layer.document] == ["4"]
    expect_classes(moments["4"], ha, hb, y)
    y[3] = -1

    def body():
        F.cross_entropy(model(x), y.clamp(min=0)).backward()

    capture = Capture(model, tmp_path / "out", 1)
    with capture.step(targets=y):
        body()
    capture.close()
    expect_classes(Moments.load(tmp_path / "out" / "step-00000000.safetensors")["4"], ha, hb, y)
    half = [Capture(model).measure((x[i:j], y[i:j].clamp(min=0)), losses) for i, j in ((0, 8), (8, 20))]
    expect_classes(half[0].merge(half[1])["4"], ha, hb, y.clamp(min=0))


def test_no_classes_where_the_output_is_not_that_of_the_last_map_or_targets_are_none():
    model = nn.Sequential(nn.Linear(5, 3), nn.Softmax(-1))
    x, y = mlp_batch()
    assert "classes" not in Capture(model).measure((x, y), losses)["0"].document
    moments = Capture(mlp()).measure((x, torch.randn(20, 3)), lambda o, t: ((o - t) ** 2).mean(1))
    assert not any("classes" in layer.document for layer in moments.layers)


def test_masked_tokens_are_in_no_class():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 4)).double()
    ids, y = torch.randint(9, (5, 7)), torch.randint(4, (5, 7))
    mask = torch.rand(5, 7) < 0.6
    moments = Capture(model).measure([(ids, y)], lambda o, t: losses(o, t) * mask.flatten(), tokens=lambda *_: mask)
    h = model[0](ids).detach()
    expect_classes(moments["1"], h[mask], model[1](h).detach()[mask], y[mask])
    assert moments.losses[1] == mask.sum()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses_are_kept(tmp_path, reduction):
    model, (x, y) = mlp().double(), mlp_batch()
    x = x.double()
    expected = float(losses(model(x), y).sum().detach())
    assert Capture(model).measure((x, y), losses).losses == (pytest.approx(expected), 20)
    capture = Capture(model, tmp_path, lambda step: step == 1, loss_reduction=reduction)
    for _ in range(2):
        model.zero_grad()
        with capture.step(accumulation=1):
            for i, j in ((0, 8), (8, 20)):
                loss = F.cross_entropy(model(x[i:j]), y[i:j], reduction=reduction)
                loss.backward()
                if reduction == "sum" and capture.statement is not None:
                    with pytest.raises(CaptureError, match="pass samples="):
                        capture.log_loss(loss)
                capture.log_loss(loss, samples=None if reduction == "mean" else j - i)
    capture.close()
    read = Moments.load(tmp_path / "step-00000001.safetensors")
    assert read.losses == (pytest.approx(expected), 20)
    assert read.loss == pytest.approx(expected / 20)
    assert stepped(mlp(), mlp_batch(), tmp_path / "none").loss is None
