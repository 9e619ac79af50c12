"""What bounds the cost of a capture: products, the numbers that sums hold, and nothing that stays."""

import gc

import pytest
import torch
from models import losses
from torch import nn

from crh_capture import Capture
from crh_capture.recorder import Layer
from crh_capture.sums import Buffer, LayerSums, RowSums

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


def test_nothing_is_held_of_a_capture_but_the_latest(tmp_path):
    model, x, y = network()
    model = nn.Sequential(nn.Unflatten(1, (1, 16, 16)), nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(784, 10))
    gc.collect()
    held = alive(Layer, LayerSums, RowSums, Buffer)  # by errors that earlier tests raised
    before = set(map(id, held))
    capture = Capture(model, tmp_path, 1)
    for _ in range(3):
        model.zero_grad()
        with capture.step():
            loss = losses(model(x[:8]), y[:8]).mean()
            loss.backward()
    capture.close()
    # the graph of the last loss is there, and its hooks with it
    assert not [one for one in alive(Layer) if id(one) not in before and hasattr(one, "sums")]
    del loss
    gc.collect()
    assert not [one for one in alive(Layer, LayerSums, RowSums, Buffer) if id(one) not in before]


def alive(*kinds):
    return [one for one in gc.get_objects() if type(one) in kinds]
