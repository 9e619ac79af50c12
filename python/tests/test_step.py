"""Capture.step: gradients of each sample's own loss from the batch loss, and what is refused."""

import copy
import os
import shutil

import pytest
import torch
from models import Net, losses, mlp, mlp_batch, net_batch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from crh_capture import Capture, CaptureError, Moments, log_spaced


def expect_same(moments, other, tolerance=1e-10):
    assert [layer.name for layer in moments.layers] == [layer.name for layer in other.layers]
    for one, two in zip(moments.layers, other.layers):
        assert one.n == two.n
        for key, side in one.sides().items():
            twin = two.sides()[key]
            for name, value in side.blocks.items():
                scale = abs(twin.blocks[name]).max()
                assert abs(value - twin.blocks[name]).max() <= tolerance * scale, (one.name, key, name)
            for name, number in side.numbers.items():
                assert number == pytest.approx(twin.numbers[name], rel=tolerance), (one.name, key, name)


def stepped(model, batch, tmp_path, *, reduction="mean", factor=1.0, body=None, capture=None, wrapped=None, **options):
    """The capture of one step whose loss is multiplied by `factor`."""
    statement = {key: options.pop(key) for key in ("samples", "tokens", "accumulation") if key in options}
    capture = capture or Capture(model, tmp_path / "out", 1, loss_reduction=reduction, **options)
    run = model if wrapped is None else wrapped
    x, y = batch
    with capture.step(**statement) as captured:
        assert captured
        if body is not None:
            body()
        else:
            loss = losses(run(x), y)
            ((loss.mean() if reduction == "mean" else loss.sum()) * factor).backward()
    capture.close()
    return capture.last


@pytest.fixture
def net():
    torch.manual_seed(0)
    model = Net().double()
    x, y = net_batch()
    batch = (x.double(), y)
    return model, batch, Capture(model).measure(batch, losses)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_step_gives_the_moments_that_measure_gives(net, tmp_path, reduction):
    model, batch, expected = net
    moments = stepped(model, batch, tmp_path, reduction=reduction)
    expect_same(moments, expected)
    expect_same(Moments.load(tmp_path / "out" / "step-00000000.safetensors"), expected)


def test_the_loss_curve_is_the_same_to_the_bit_and_nothing_is_left(tmp_path):
    def train(every):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(inplace=True), nn.Dropout(0.2), nn.Linear(16, 3))
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        capture = Capture(model, tmp_path / str(every), every) if every else None
        curve = []
        for step in range(12):
            x, y = mlp_batch(seed=step)
            optimizer.zero_grad()
            if capture is None:
                loss = F.cross_entropy(model(x), y)
                loss.backward()
            else:
                with capture.step():
                    loss = F.cross_entropy(model(x), y)
                    loss.backward()
            optimizer.step()
            curve.append(loss.item())
        if capture is not None:
            capture.close()
        return curve, model

    (plain, _), (often, model) = train(None), train(3)
    assert plain == often
    assert sorted(path.name for path in (tmp_path / "3").glob("step-*")) == [
        f"step-{step:08d}.safetensors" for step in (0, 3, 6, 9)
    ]
    fresh = set(nn.Linear(1, 1).__dict__)
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks and not module._backward_hooks
        if isinstance(module, nn.Linear):
            assert set(module.__dict__) == fresh
    for parameter in model.parameters():
        assert not parameter._backward_hooks


def test_measure_leaves_the_model_as_it_was():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(8, 3))
    model[1].eval()
    model[4].bias.requires_grad_(False)
    x, y = mlp_batch()
    F.cross_entropy(model(x), y).backward()
    before = [(p.grad if p.grad is None else p.grad.clone(), p.requires_grad) for p in model.parameters()]
    state = copy.deepcopy(model.state_dict())
    modes = [module.training for module in model.modules()]
    random = torch.get_rng_state()
    one, two = (Capture(model).measure((x, y), losses) for _ in range(2))
    expect_same(one, two, 0)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    for p, (grad, requires) in zip(model.parameters(), before):
        assert p.requires_grad == requires
        assert (p.grad is None) == (grad is None) and (grad is None or torch.equal(p.grad, grad))


# --- what changes gradients


def test_gradients_are_accumulated_over_passes_whose_divisor_is_stated(net, tmp_path):
    model, (x, y), expected = net

    def body():
        for i in range(0, 12, 4):
            (F.cross_entropy(model(x[i : i + 4]), y[i : i + 4]) / 3).backward()

    expect_same(stepped(model, (x, y), tmp_path, body=body, accumulation=3), expected)
    with pytest.raises(CaptureError, match="expected one forward pass in a step, got 3; state accumulation"):
        model.zero_grad()
        stepped(model, (x, y), tmp_path, body=body, overwrite=True)


def test_gradients_from_before_the_step_are_refused(net, tmp_path):
    model, (x, y), _ = net
    F.cross_entropy(model(x), y).backward()
    with pytest.raises(CaptureError, match="expected no gradients from before the step"):
        stepped(model, (x, y), tmp_path)
    model.zero_grad(set_to_none=False)
    stepped(model, (x, y), tmp_path)


@pytest.mark.skipif(not hasattr(torch.amp, "GradScaler"), reason="no torch.amp.GradScaler before PyTorch 2.3")
def test_the_scale_of_a_grad_scaler_is_taken_out(net, tmp_path):
    model, (x, y), expected = net
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    capture = Capture(model, tmp_path / "out", 1, scaler=scaler)
    with capture.step():
        scaler.scale(F.cross_entropy(model(x), y)).backward()
    capture.close()
    expect_same(capture.last, expected)
    model.zero_grad()
    with pytest.warns(UserWarning, match="gradients of step 1 overflowed"), capture.step():
        (F.cross_entropy(model(x), y) * float("inf")).backward()
    capture.close()
    assert len(list((tmp_path / "out").glob("step-*"))) == 1


def test_activations_of_autocast_are_summed_in_float32(tmp_path):
    model, (x, y) = mlp(), mlp_batch(200)
    expected = Capture(model).measure((x, y), losses)

    def body():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(x)
        F.cross_entropy(output.float(), y).backward()

    found, twin = stepped(model, (x, y), tmp_path, body=body).alignments(), expected.alignments()
    for layer, conventions in twin.items():
        for side, values in conventions["paper"].items():
            assert found[layer]["paper"][side] == pytest.approx(values, abs=0.02)


@pytest.mark.skipif(int(torch.__version__.split(".")[0]) < 2, reason="no products of float16 on the CPU")
def test_float16_without_a_statement_on_its_scaler_is_refused(tmp_path):
    model = mlp()
    x, y = mlp_batch()
    capture = Capture(model.half(), tmp_path, 1)
    with pytest.raises(CaptureError, match="expected to know the GradScaler"), capture.step():
        losses(model(x.half()).float(), y).mean().backward()


@pytest.mark.parametrize("reentrant", [True, False])
def test_gradient_checkpointing_changes_nothing(tmp_path, reentrant):
    model = mlp(depth=3).double()
    x, y = mlp_batch()
    x = x.double()
    expected = Capture(model).measure((x, y), losses)

    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = model

        def forward(self, x):
            x = self.net[:2](x)
            x = checkpoint(self.net[2:4], x, use_reentrant=reentrant)
            return checkpoint(self.net[4:], x, use_reentrant=reentrant)

    outer = Checkpointed()
    moments = stepped(outer, (x, y), tmp_path)
    for layer in moments.layers:
        layer.name = layer.name.replace("net.", "")
    moments.layers.sort(key=lambda layer: layer.name)  # reentrant checkpointing computes the last part first
    expect_same(moments, expected)
    expect_same(Capture(model).measure((x, y), losses), expected)


def test_frozen_parameters_are_measured_as_trained_ones(net, tmp_path):
    model, batch, expected = net
    model.conv.requires_grad_(False)
    model.grouped.requires_grad_(False)
    moments = stepped(model, batch, tmp_path)
    expect_same(moments, expected)
    assert model.conv.weight.grad is None and model.head.weight.grad is not None


def test_a_mask_of_tokens_leaves_padding_out(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4)).double()
    ids, y = torch.randint(9, (5, 7)), torch.randint(4, (5, 7))
    mask = torch.rand(5, 7) < 0.6
    rows = Capture(model).measure((ids[mask], y[mask]), losses)

    def masked(output, target):
        return losses(output, target) * mask.flatten()

    expect_same(Capture(model).measure([(ids, y)], masked, tokens=lambda *_: mask), rows)

    def body():
        (masked(model(ids), y).sum() / mask.sum()).backward()

    expect_same(stepped(model, (ids, y), tmp_path, body=body, tokens=mask), rows)


def test_a_mask_leaves_out_padding_that_has_gradients(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4)).double()
    ids, y = torch.randint(9, (5, 7)), torch.randint(4, (5, 7))
    mask = torch.rand(5, 7) < 0.6
    expected = Capture(model).measure([(ids, y)], losses, tokens=lambda *_: mask)
    expect_same(expected, Capture(model).measure([(ids[mask], y[mask])], losses))
    found = stepped(model, (ids, y), tmp_path, reduction="sum", tokens=mask)
    expect_same(found, expected)


def test_gradients_of_inputs_alone_bring_the_same_sums(net, tmp_path):
    model, (x, y), expected = net
    x = x.clone().requires_grad_()

    def body():
        torch.autograd.grad(F.cross_entropy(model(x), y), [x])

    expect_same(stepped(model, (x, y), tmp_path, body=body), expected)
    assert model.head.weight.grad is None


def test_gradients_that_stop_at_a_map_are_an_error(tmp_path):
    model, (x, y) = nn.Linear(5, 3), mlp_batch()

    def body():
        output = model(x)
        torch.autograd.grad(F.cross_entropy(output, y), [output])

    with pytest.raises(CaptureError, match="expected a gradient for each of 1 calls of 'model', got 0; call loss"):
        stepped(model, (x, y), tmp_path, body=body)


def test_how_many_samples_the_mean_runs_over_is_stated_where_it_is_not_known(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 4)).double()
    batch = torch.randint(9, (5, 7)), torch.randint(4, (5, 7))
    expected = Capture(model).measure(batch, losses)
    with pytest.raises(CaptureError, match=r"got an output \(5, 7, 4\); state samples='batch', 'tokens'"):
        stepped(model, batch, tmp_path / "1")
    model.zero_grad()
    expect_same(stepped(model, batch, tmp_path / "2", samples="tokens"), expected)
    model.zero_grad()
    expect_same(stepped(model, batch, tmp_path / "3", samples=35), expected)


HAS_STANCE = hasattr(getattr(torch, "compiler", None), "set_stance")
COMPILERS = [os.environ.get("CXX", ""), "g++", "clang++"]


@pytest.mark.skipif(not HAS_STANCE, reason="no torch.compiler.set_stance")
@pytest.mark.parametrize("backend", ["eager", "inductor"])
def test_a_compiled_model_is_captured_as_it_was_written(net, tmp_path, monkeypatch, backend):
    model, (x, y), expected = net
    if backend == "inductor" and not any(name and shutil.which(name) for name in COMPILERS):
        pytest.skip("no C++ compiler for inductor")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "compiled"))
    torch.compiler.reset()
    if backend == "inductor":  # few kernels, which take seconds each to compile
        model, (x, y) = mlp(depth=1).double(), mlp_batch()
        x = x.double()
        expected = Capture(model).measure((x, y), losses)
    batch = (x, y)
    compiled = torch.compile(model, backend=backend)
    compiled(x)
    assert any((tmp_path / "compiled").rglob("*.so")) == (backend == "inductor")
    moments = stepped(compiled, batch, tmp_path / "1", wrapped=compiled)
    expect_same(moments, expected)
    # training goes on compiled, forward and backward, and a later step is captured too
    model.zero_grad()
    losses(compiled(x), y).mean().backward()
    ours = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    losses(model(x), y).mean().backward()
    for parameter, gradient in zip(model.parameters(), ours):
        assert torch.allclose(gradient, parameter.grad, rtol=1e-10, atol=1e-12)
    model.zero_grad()
    expect_same(stepped(compiled, batch, tmp_path / "2", wrapped=compiled), expected)


# --- what is refused


def test_batch_normalization_in_training_mode_is_refused_unless_stated(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Linear(8, 3))
    with pytest.raises(CaptureError, match=r"got '1' in training mode, .*use capture.measure"):
        stepped(model, mlp_batch(), tmp_path / "1")
    assert not (tmp_path / "1").exists()
    assert stepped(model, mlp_batch(), tmp_path / "2", batch_norm="training").layers[0].n == 20


def test_data_parallel_is_refused():
    with pytest.raises(CaptureError, match="got DataParallel, whose copies are not the model"):
        Capture(nn.DataParallel(mlp()))


def test_a_layer_without_a_call_or_a_gradient_is_an_error(tmp_path):
    class Partial(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.dead, self.unused = nn.Linear(5, 3), nn.Linear(5, 3), nn.Linear(5, 3)

        def forward(self, x):
            self.dead(x)
            return self.used(x)

    model, batch = Partial(), mlp_batch()
    with pytest.raises(CaptureError, match="got 'unused' not called in pass 1 of 1; leave it out with layers="):
        stepped(model, batch, tmp_path / "1")
    model.zero_grad()
    with pytest.raises(CaptureError, match="expected a gradient for each of 1 calls of 'dead', got 0"):
        stepped(model, batch, tmp_path / "2", layers="*,!unused")
    model.zero_grad()
    assert len(stepped(model, batch, tmp_path / "3", layers="*,!unused,!dead").layers) == 1
    for module in model.modules():
        assert not module._forward_hooks


def test_two_backward_passes_over_one_graph_are_an_error(tmp_path):
    model, (x, y) = mlp(), mlp_batch()

    def body():
        loss = losses(model(x), y)
        loss.mean().backward(retain_graph=True)
        loss.mean().backward()

    with pytest.raises(CaptureError, match="got 2; more: sum the losses and call backward"):
        stepped(model, (x, y), tmp_path, body=body)


def test_an_input_changed_in_place_is_an_error():
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(5, 5), nn.Linear(5, 5)

        def forward(self, x):
            x = self.first(x)
            y = self.second(x)
            x += 1
            return x + y

    x = torch.randn(4, 5)
    with pytest.raises(CaptureError, match="expected the input of 'second' unchanged"):
        Capture(InPlace()).measure((x, x), lambda o, t: ((o - t) ** 2).mean(1))


def test_a_diverged_loss_is_an_error(tmp_path):
    model, (x, y) = mlp(), mlp_batch()
    with pytest.raises(CaptureError, match="expected finite activations and gradients"):
        stepped(model, (x, y), tmp_path, factor=float("nan"))


def test_an_error_in_the_step_is_the_one_that_is_seen(tmp_path):
    model = mlp()
    capture = Capture(model, tmp_path, 1)
    with pytest.raises(RuntimeError, match="mine"), capture.step():
        raise RuntimeError("mine")
    assert not any(module._forward_hooks for module in model.modules())


def test_captures_that_are_there_are_not_replaced(tmp_path):
    model = mlp()
    stepped(model, mlp_batch(), tmp_path)
    with pytest.raises(CaptureError, match="expected no captures from step 0 on"):
        Capture(model, tmp_path / "out", 1)
    capture = Capture(model, tmp_path / "out", 1, first_step=1)
    model.zero_grad()
    stepped(model, mlp_batch(), tmp_path, capture=capture)
    assert len(list((tmp_path / "out").glob("step-*"))) == 2


def test_what_goes_wrong_in_the_background_is_raised(tmp_path):
    (tmp_path / "file").write_text("")
    model = mlp()
    with pytest.raises(OSError):
        stepped(model, mlp_batch(), tmp_path, capture=Capture(model, tmp_path / "file" / "out", 1))


def test_schedules():
    due = log_spaced(4)
    assert [step for step in range(101) if due(step)] == [0, 1, 2, 3, 6, 10, 18, 32, 56, 100]
    with pytest.raises(ValueError, match="expected every to be"):
        Capture(mlp(), "x", "often")


def test_a_closed_folder_is_marked_and_one_that_is_gone_on_with_is_not(tmp_path):
    model, (x, y) = mlp(), mlp_batch()
    stepped(model, (x, y), tmp_path)
    mark = tmp_path / "out" / "finished"
    assert mark.read_bytes() == b""
    model.zero_grad()
    capture = Capture(model, tmp_path / "out", 1, first_step=1)
    with capture.step():
        losses(model(x), y).mean().backward()
    capture.writer.close()
    assert not mark.exists()
    capture.close()
    assert mark.exists()
