"""What bounds the cost of a capture: products, the numbers that sums hold, and nothing that stays."""

import gc

import numpy as np
import pytest
import torch
from models import losses
from torch import nn

from crh_capture import Capture, CaptureError, Moments
from crh_capture.blocks import Triangle
from crh_capture.recorder import Layer
from crh_capture.sums import Arena, Buffer, LayerSums, Panels, RowSums, _blocks, size_of_rows

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:
    TorchDispatchMode = None


def network():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, torch.randn(1024, 256), torch.randint(10, (1024,))


@pytest.mark.skipif(TorchDispatchMode is None, reason="no TorchDispatchMode in this PyTorch")
def test_the_products_of_a_captured_step_are_few(tmp_path):
    class Products(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func, kinds, args=(), kwargs=None):
            if func.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm):
                A, B = args[-2:]
                Products.count += A.shape[0] * A.shape[1] * B.shape[1]
            return func(*args, **(kwargs or {}))

    def products(every):
        model, x, y = network()
        Products.count = 0
        with Capture(model, tmp_path / str(every), lambda _: every) as capture, Products(), capture.step():
            losses(model(x), y).mean().backward()
        return Products.count

    plain = products(False)
    # of a hidden layer: forward 1, backward 2, 10 Gram matrices of 10 / 16 each with those of noise, and g_a = g_b W
    assert products(True) < 4.2 * plain


def test_sums_take_the_numbers_of_their_triangles():
    sums = LayerSums(512, 512, torch.device("cpu"))
    assert len(sums.whole) < 512**2 * (1 + 8 * 9 / 16 + 0.05)


@pytest.mark.parametrize("scale", [1.0, 2.0**-40])
def test_a_single_part_is_held_in_float32_and_parts_are_added_in_float64(scale):
    rows = scale * (torch.randn(300, 70) + 3)

    def sums(parts, arena):
        one = RowSums(70, Buffer(size_of_rows(70, arena), torch.device("cpu")), arena)
        for part in parts:
            one.add(one.centred(part, scale), scale)
        one.settle()
        return one

    exact = (rows.double().T @ rows.double()).numpy()
    assert (Triangle(Panels(sums([], Arena()))).whole() == 0).all()
    for parts in ([rows], [rows[:100], rows[100:]]):
        plain, alone = sums(parts, None), sums(parts, Arena())
        assert (alone.total == plain.total).all()
        for one, other in zip(Panels(alone), Panels(plain)):
            assert np.abs(one - other).max() <= 1e-15 * np.abs(exact).max()
        whole = Triangle(Panels(alone)).whole()
        assert np.abs(whole - exact).max() < 1e-6 * np.abs(exact).max()
        assert plain.nbytes == (2 * alone.nbytes if len(parts) == 1 else alone.nbytes)


def test_nothing_is_held_of_a_capture_that_is_written(tmp_path):
    model, x, y = network()
    model = nn.Sequential(nn.Unflatten(1, (1, 16, 16)), nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(784, 10))
    gc.collect()
    held = alive(Layer, LayerSums, RowSums, Buffer, Moments, Triangle)  # by errors that earlier tests raised
    before = set(map(id, held))
    capture = Capture(model, tmp_path, 1)
    for _ in range(3):
        model.zero_grad()
        with capture.step():
            loss = losses(model(x[:8]), y[:8]).mean()
            loss.backward()
    capture.close()
    # what is written is read from its file
    assert not [one for one in alive(Moments, Triangle) if id(one) not in before]
    assert capture.last.step == 2 and capture.last.alignments()
    # the graph of the last loss is there, and its hooks with it
    assert not [one for one in alive(Layer) if id(one) not in before and hasattr(one, "sums")]
    del loss
    gc.collect()
    assert not [one for one in alive(Layer, LayerSums, RowSums, Buffer) if id(one) not in before]


def test_the_latest_capture_is_read_from_its_file_or_missed_in_one_line(tmp_path):
    model, x, y = network()
    held, kept = [], Capture(model)
    batches = [(x[:8], y[:8])]
    assert kept.measure(batches, losses) is kept.last
    with Capture(model, tmp_path, 1, on_capture=held.append) as capture:
        capture.measure_if_due(batches, losses)
    [own], last = held, capture.last
    assert last is not own and last.skipped == own.skipped and last.loss == own.loss
    for layer, twin in zip(last.layers, own.layers):
        assert (layer.W == twin.W).all() and (layer.b.blocks["gg"] == twin.b.blocks["gg"]).all()
    (tmp_path / "step-00000000.safetensors").unlink()
    with pytest.raises(CaptureError, match=r"expected the latest capture in .*, got no file"):
        _ = capture.last


@pytest.mark.parametrize("d", [1, 5, 64, 130, 700])
def test_triangles_are_whole_and_packed_as_their_upper_parts(d):
    panels = [torch.randn(j - i, d - i).double().numpy() for i, j in _blocks(d)]
    triangle = Triangle(panels)
    upper = np.zeros((d, d))
    for (i, j), panel in zip(_blocks(d), panels):
        upper[i:j, i:] = panel
    upper = np.triu(upper)
    assert (triangle.whole() == upper + np.triu(upper, 1).T).all()
    packed = triangle.pack(np.full(d * d + 1, np.nan))
    assert (packed == upper[np.triu_indices(d)]).all() and triangle.size == len(packed)


def alive(*kinds):
    return [one for one in gc.get_objects() if type(one) in kinds]
