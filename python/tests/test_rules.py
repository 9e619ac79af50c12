"""Each rule's rows against sums of per-sample gradients, which autograd gives one sample at a time."""

import pytest
import torch
from models import Net, losses, mlp, mlp_batch, net_batch
from torch import nn
from torch.nn import functional as F
from twin import expect_side

from crh_capture import Capture, CaptureError, Map, register
from crh_capture.rules import last_axis

TOLERANCE = 1e-10  # float64 throughout


def captured(model, batch, **options):
    return Capture(model, **options).measure(batch, losses)


def test_convolutions_are_maps_of_their_patches_group_by_group():
    torch.manual_seed(0)
    model = Net().double()
    x, y = net_batch()
    x = x.double()
    moments = captured(model, (x, y))
    names = [layer.name for layer in moments.layers]
    assert names == ["conv", "grouped.group0", "grouped.group1", "depthwise", "shared", "shared#2", "head"]
    seen = {}
    for name in ("conv", "grouped", "depthwise"):
        module = getattr(model, name)

        def keep(module, args, output, name=name):
            seen[name] = (args[0], output.clone())
            output = seen[name][1]
            output.retain_grad()
            return output.clone()

        module.register_forward_hook(keep)
    losses(model(x), y).sum().backward()
    for layer, module_name, g, groups in (
        ("conv", "conv", 0, 1),
        ("grouped.group0", "grouped", 0, 2),
        ("grouped.group1", "grouped", 1, 2),
    ):
        module = getattr(model, module_name)
        inputs, output = seen[module_name]
        c_in, c_out = inputs.shape[1] // groups, output.shape[1] // groups
        part = inputs[:, g * c_in : (g + 1) * c_in]
        pads = (2, 2, 2, 2) if module_name == "grouped" else (1, 1, 1, 1)
        ha = F.unfold(F.pad(part, pads), module.kernel_size, module.dilation, 0, module.stride).transpose(1, 2)
        rows = lambda t: t[:, g * c_out : (g + 1) * c_out].flatten(2).transpose(1, 2).reshape(-1, c_out)  # noqa: B023, E731
        W = module.weight[g * c_out : (g + 1) * c_out].flatten(1)
        gb = rows(output.grad)
        expect_side(moments[layer].a, ha.reshape(-1, ha.shape[-1]).detach(), (gb @ W).detach(), TOLERANCE)
        expect_side(moments[layer].b, rows(output).detach(), gb, TOLERANCE)
    inputs, output = seen["depthwise"]
    one = moments["depthwise"]
    assert (one.d_in, one.d_out) == (54, 6)
    rows = F.pad(inputs, (1, 1, 1, 1), mode="circular")
    ha = F.unfold(rows, 3).transpose(1, 2).reshape(-1, 54).detach()
    gb = output.grad.flatten(2).transpose(1, 2).reshape(-1, 6)
    W = torch.block_diag(*model.depthwise.weight.detach().flatten(1).unsqueeze(1))
    assert torch.allclose(ha @ W.T, output.detach().flatten(2).transpose(1, 2).reshape(-1, 6))
    expect_side(one.a, ha, gb @ W, TOLERANCE)


@pytest.mark.parametrize("rank", [1, 3])
def test_convolutions_of_one_and_three_axes(rank):
    torch.manual_seed(0)
    Conv = {1: nn.Conv1d, 3: nn.Conv3d}[rank]
    model = nn.Sequential(Conv(2, 3, 3, stride=2, padding=1), nn.Flatten(2), nn.Flatten(1)).double()
    x = torch.randn(4, 2, *[5] * rank, dtype=torch.float64)
    weights = torch.randn(10**6, dtype=torch.float64)
    moments = Capture(model).measure((x, x), lambda o, _: (o * weights[: o.shape[1]]).sum(1))
    layer = moments["0"]
    y = model[0](x).detach()
    hb = y.movedim(1, -1).reshape(-1, 3)
    gb = weights[: y[0].numel()].reshape(y[0].shape).expand(y.shape).movedim(1, -1).reshape(-1, 3)
    expect_side(layer.b, hb, gb, TOLERANCE)
    W, bias = torch.tensor(layer.W), torch.tensor(layer.bias)
    mean = torch.tensor(layer.a.blocks["h_sum"]) / layer.n
    assert torch.allclose(W @ mean + bias, hb.mean(0))  # the order of the patches' columns is that of W


def test_a_shared_map_is_two_layers_and_in_place_relus_do_not_change_them():
    torch.manual_seed(0)
    model = Net().double()
    x, y = net_batch()
    moments = captured(model, (x.double(), y))
    model.relu = nn.ReLU()
    plain = captured(model, (x.double(), y))
    for layer, other in zip(moments.layers, plain.layers):
        for key, side in layer.sides().items():
            for name, value in side.blocks.items():
                assert abs(value - other.sides()[key].blocks[name]).max() <= 1e-12 * abs(value).max()


def test_transformers_conv1d_by_its_shape():
    class Conv1D(nn.Module):
        def __init__(self, nf, nx):
            super().__init__()
            self.nf = nf
            self.weight, self.bias = nn.Parameter(torch.randn(nx, nf)), nn.Parameter(torch.randn(nf))

        def forward(self, x):
            return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(*x.shape[:-1], self.nf)

    torch.manual_seed(0)
    one, two = Conv1D(3, 5).double(), nn.Linear(5, 3).double()
    two.load_state_dict({"weight": one.weight.T, "bias": one.bias})
    x, y = torch.randn(4, 6, 5, dtype=torch.float64), torch.randint(3, (4, 6))
    first, second = (captured(m, (x, y)).layers[0] for m in (one, two))
    assert first.n == 24
    assert (first.W == second.W).all()
    assert abs(first.a.blocks["gngn"] - second.a.blocks["gngn"]).max() < 1e-12


class Block(nn.Module):
    def __init__(self, batch_first, need_weights, kdim=None):
        super().__init__()
        self.emb = nn.Embedding(11, 8)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=batch_first, kdim=kdim, vdim=kdim)
        self.out = nn.Linear(8, 11)
        self.batch_first, self.need_weights, self.kdim = batch_first, need_weights, kdim

    def forward(self, ids):
        x = self.emb(ids)
        x = x if self.batch_first else x.transpose(0, 1)
        k = x if self.kdim is None else x[..., : self.kdim]
        y = self.attn(x, k, k, need_weights=self.need_weights)[0]
        y = y if self.batch_first else y.transpose(0, 1)
        return self.out(y)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_maps_and_heads_inside_multihead_attention(batch_first, need_weights):
    torch.manual_seed(0)
    model = Block(batch_first, need_weights).double()
    ids, y = torch.randint(11, (3, 5)), torch.randint(11, (3, 5))
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1, 3:] = False
    moments = Capture(model, layers="*,!emb").measure([(ids, y)], lambda o, t: losses(o, t), tokens=lambda *_: mask)
    assert [layer.name for layer in moments.layers] == [
        "attn.in_proj",
        "attn.heads[0]",
        "attn.heads[1]",
        "attn.out_proj",
        "out",
    ]
    assert {layer.n for layer in moments.layers} == {13}
    # the same by hand: q, k, v of one product, heads by softmax
    m = model.attn
    x = model.emb(ids).detach()
    qkv = F.linear(x, m.in_proj_weight, m.in_proj_bias).detach().requires_grad_()
    q, k, v = (t.reshape(3, 5, 2, 4).transpose(1, 2) for t in qkv.chunk(3, -1))
    heads = (q @ k.transpose(-1, -2) / 2).softmax(-1) @ v
    heads.retain_grad()
    projected = F.linear(heads.transpose(1, 2).reshape(3, 5, 8), m.out_proj.weight, m.out_proj.bias)
    projected.retain_grad()
    losses(model.out(projected), y).sum().backward()
    expect_side(moments["attn.in_proj"].b, qkv.detach()[mask], qkv.grad[mask], 1e-9)
    expect_side(moments["attn.in_proj"].a, x[mask], (qkv.grad @ m.in_proj_weight).detach()[mask], 1e-9)
    expect_side(moments["attn.out_proj"].b, projected.detach()[mask], projected.grad[mask], 1e-9)
    for h in range(2):
        expect_side(moments[f"attn.heads[{h}]"].b, heads[:, h].detach()[mask], heads.grad[:, h][mask], 1e-9)


def test_attention_with_keys_of_another_width_has_a_map_each():
    torch.manual_seed(0)
    model = Block(True, False, kdim=6).double()
    names = [layer.name for layer in captured(model, (torch.randint(11, (3, 5)), torch.randint(11, (3, 5)))).layers]
    assert names[:4] == ["emb", "attn.q_proj", "attn.k_proj", "attn.v_proj"]


def test_the_fused_inference_of_an_encoder_layer_is_not_taken():
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    x = torch.randn(2, 4, 8)
    moments = Capture(model).measure((x, x), lambda o, t: ((o - t) ** 2).mean(-1))
    assert {"self_attn.in_proj", "self_attn.heads[1]", "linear1", "linear2"} <= {layer.name for layer in moments.layers}


def test_an_embedding_has_its_output():
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3)).double()
    x, y = torch.randint(9, (5, 6)), torch.randint(3, (5, 6))
    one = captured(model, (x, y))["0"]
    h = model[0].weight.detach()[x.flatten()]
    logits = model[1](h)
    g = (logits.softmax(-1) - F.one_hot(y.flatten(), 3)).detach() @ model[1].weight.detach()
    expect_side(one.b, h, g, TOLERANCE, names=("h_sum", "hh", "gg", "gngn", "g_sum"))
    assert one.a is None
    assert one.kind == "block"


def test_a_registered_rule_measures_modules_of_ones_own():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.randn(3, 5, dtype=torch.float64))

        def forward(self, x):
            return x @ (2 * self.w).T

    def rule(module):
        return [
            Map(
                "linear",
                3,
                last_axis,
                d_in=5,
                input_rows=last_axis,
                weight=lambda: 2 * module.w.detach(),
                parameter=module.w,
            )
        ]

    register(Scaled, rule)
    torch.manual_seed(0)
    model = Scaled()
    x, y = torch.randn(7, 5, dtype=torch.float64), torch.randint(3, (7,))
    layer = captured(model, (x, y))["model"]
    assert abs(layer.W @ layer.a.blocks["hh"] @ layer.W.T - layer.b.blocks["hh"]).max() < 1e-10


def test_large_batches_are_laid_out_in_parts(monkeypatch):
    torch.manual_seed(0)
    model = Net().double()
    x, y = net_batch()
    whole = captured(model, (x.double(), y))
    monkeypatch.setattr("crh_capture.recorder.CHUNK_ON_CPU", 500)
    parts = captured(model, (x.double(), y))
    for layer, other in zip(whole.layers, parts.layers):
        assert layer.n == other.n
        assert abs(layer.gb_ha - other.gb_ha).max() <= 1e-12 * abs(layer.gb_ha).max()
        assert abs(layer.a.blocks["gngn"] - other.a.blocks["gngn"]).max() <= 1e-12 * layer.n


def test_wide_sides_are_summed_on_a_sample_of_coordinates():
    torch.manual_seed(0)
    model = mlp(d=12, width=9).double()
    x, y = mlp_batch(d=12)
    batch = (x.double(), y)
    whole, part = captured(model, batch), captured(model, batch, largest=8)
    first, all_of = part["0"], whole["0"]
    for key in ("a", "b"):
        places = first.sides()[key].coordinates
        assert len(places) == 8 and (places[1:] > places[:-1]).all()
        grid = (places[:, None], places[None, :])
        for name in ("hh", "hnhn", "gg", "gngn"):
            expected = all_of.sides()[key].blocks[name][grid]
            assert abs(first.sides()[key].blocks[name] - expected).max() <= 1e-12 * abs(expected).max()
        Z = all_of.W.T @ all_of.W if key == "a" else all_of.W @ all_of.W.T
        assert abs(first.sides()[key].blocks["z"] - Z[grid]).max() < 1e-12
        assert first.sides()[key].numbers["g4"] == pytest.approx(all_of.sides()[key].numbers["g4"], rel=1e-12)
    assert first.W is None and first.gb_ha is None and "gh" not in first.a.blocks
    last = part["4"]
    assert last.b.coordinates is None and "z" in last.b.blocks  # side a has 9 values, more than 8
    assert (captured(model, batch, largest=8)["0"].a.coordinates == first.a.coordinates).all()


def test_layers_are_chosen_by_patterns():
    model = mlp()
    assert [layer.name for layer in captured(model, mlp_batch(), layers="*,!2").layers] == ["0", "4"]
    assert [layer.name for layer in captured(model, mlp_batch(), layers=["2", "4"]).layers] == ["2", "4"]
    with pytest.raises(CaptureError, match="expected layers to measure, got none"):
        captured(model, mlp_batch(), layers="nothing")


@pytest.mark.parametrize("axes", [1, 2])
def test_an_embedding_of_positions_is_left_out_aloud(axes):
    class Positions(nn.Module):
        def __init__(self):
            super().__init__()
            self.tok, self.pos, self.out = nn.Embedding(9, 4), nn.Embedding(6, 4), nn.Linear(4, 9)

        def forward(self, ids):
            places = torch.arange(ids.shape[1])
            return self.out(self.tok(ids) + self.pos(places if axes == 1 else places.unsqueeze(0)))

    for batch in (5, 6):  # as many sequences as positions, too
        ids = torch.randint(9, (batch, 6))
        with pytest.warns(UserWarning, match="layer 'pos' is left out: .* is the same for all samples"):
            moments = captured(Positions(), (ids, ids))
        assert [layer.name for layer in moments.layers] == ["tok", "out"]
        assert list(moments.skipped) == ["pos"]
