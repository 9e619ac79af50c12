"""Writes cases/: small models as PyTorch exports them, a batch, and what their symmetric pairs are: charges from the state_dict, and the two
squared moments of the weights' gradients, E[G_U^T G_U] and E[G_W G_W^T], from gradients of single examples in float64. No formula of
the project is used: a gradient is what autograd gives for a parameter and one example.

Run: python3 generate.py [CASE ...]   (torch, onnxscript, onnx, numpy; written with torch 2.15)
"""
import copy, io, json, pathlib, sys

import numpy as np, onnx, torch, torch.nn as nn, torch.nn.functional as F

OUT = pathlib.Path(__file__).parent / "cases"


class Mlp(nn.Module):
    def __init__(self, widths, act, bias=True):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=bias) for a, b in zip(widths, widths[1:]))
        self.act = act

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.c3 = nn.Conv2d(2, 5, 3, padding=1), nn.Conv2d(5, 4, 3, stride=2, bias=False), nn.Conv2d(4, 6, 1)
        self.fc1, self.fc2 = nn.Linear(6 * 9, 7), nn.Linear(7, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)  # (n, 5, 8, 8)
        x = self.c3(self.c2(x))  # a rotation between c2 and c3
        return self.fc2(F.leaky_relu(self.fc1(F.relu(x).flatten(1)), .1))


class Gpt(nn.Module):
    """One block, packed projections, a gated feed-forward network behind it; tokens in, a class for each token out."""

    def __init__(self, vocabulary=11, d=12, heads=3, hidden=10):
        super().__init__()
        self.heads = heads
        self.embed, self.ln = nn.Embedding(vocabulary, d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.gate, self.up, self.down = nn.Linear(d, hidden, bias=False), nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.head = nn.Linear(d, vocabulary)

    def forward(self, x):
        n, T = x.shape
        h = self.embed(x)
        q, k, v = self.qkv(self.ln(h)).view(n, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mask = torch.ones(T, T, dtype=torch.bool).tril()
        p = (q @ k.transpose(-2, -1) / 2).masked_fill(~mask, -1e9).softmax(-1)
        h = h + self.proj((p @ v).transpose(1, 2).reshape(n, T, -1))
        h = h + self.down(F.silu(self.gate(h)) * self.up(h))
        return self.head(h)


class Encoder(nn.Module):
    """PyTorch's own layer, whose attention has its tokens first."""

    def __init__(self):
        super().__init__()
        self.inp, self.layer, self.out = nn.Linear(6, 8), nn.TransformerEncoderLayer(8, 2, 14, 0., batch_first=True, norm_first=True), nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.layer(self.inp(x)).mean(1))


def rows(name, start, width):
    """Part of a map as the lower one: gradients (width, columns), the bias's as a further column."""
    return lambda g: torch.cat([g[name + ".weight"].flatten(1)[start:start + width]] + ([g[name + ".bias"][start:start + width, None]] if name + ".bias" in g else []), 1)


def columns(name, start, width, layout=None):
    """Part of a map as the upper one: gradients (everything else, width). layout: (channels, places) of columns made flat."""
    def take(g):
        w = g[name + ".weight"]
        if layout:
            w = w.view(len(w), *layout)
        return w.movedim(1, -1).reshape(-1, w.shape[1])[:, start:start + width]
    return take


def packed(name):
    """nn.MultiheadAttention calls its packed projection in_proj_weight."""
    def rename(g):
        return {k.replace(name + ".in_proj_", name + ".in_proj."): v for k, v in g.items()}
    return rename


def pair(first, second, through, width, lower, upper, symmetry="rescaling", head=None, rename=lambda g: g):
    return dict(first=first, second=second, through=through, width=width, symmetry=symmetry, head=head, lower=lower, upper=upper, rename=rename)


def chain(names, widths, through, symmetry="rescaling"):
    return [pair(a, b, through, w, rows(a, 0, w), columns(b, 0, w), symmetry) for a, b, w in zip(names, names[1:], widths)]


def heads(qkv, proj, d, count, rename=lambda g: g):
    w = d // count
    for h in range(count):
        yield pair(qkv, proj, "attention values", w, rows(qkv, 2 * d + h * w, w), columns(proj, h * w, w), "rotation", h, rename)
        yield pair(qkv, qkv, "attention scores", w, rows(qkv, h * w, w), lambda g, h=h: rows(qkv, d + h * w, w)(g).T, "rotation", h, rename)


def cases():
    normal = lambda *shape: torch.randn(*shape)
    names = [f"layers.{i}" for i in range(4)]
    yield "relu", Mlp([7, 9, 8, 6, 3], F.relu), normal(40, 7), normal(40, 3), "mse", True, chain(names, [9, 8, 6], "ReLU")
    yield "linear", Mlp([7, 9, 8, 3], lambda x: x, False), normal(40, 7), normal(40, 3), "mse", False, chain(names[:3], [9, 8], "nothing", "rotation")
    yield "linear-bias", Mlp([7, 9, 3], lambda x: x), normal(40, 7), normal(40, 3), "half-mse", True, chain(names[:2], [9], "nothing", "rotation")
    conv = [pair("c1", "c2", "ReLU, max pooling", 5, rows("c1", 0, 5), columns("c2", 0, 5)), pair("c2", "c3", "nothing", 4, rows("c2", 0, 4), columns("c3", 0, 4), "rotation"),
            pair("c3", "fc1", "ReLU", 6, rows("c3", 0, 6), columns("fc1", 0, 6, (6, 9))), pair("fc1", "fc2", "leaky ReLU", 7, rows("fc1", 0, 7), columns("fc2", 0, 7))]
    yield "conv", Conv(), normal(24, 2, 16, 16), torch.randint(0, 3, (24,)), "cross-entropy", False, conv
    block = list(heads("qkv", "proj", 12, 3)) + [pair("up", "down", "gate", 10, rows("up", 0, 10), columns("down", 0, 10))]
    yield "gpt", Gpt(), torch.randint(0, 11, (20, 6)), torch.randint(0, 11, (20, 6)), "cross-entropy", True, block
    attention = list(heads("layer.self_attn.in_proj", "layer.self_attn.out_proj", 8, 2, packed("layer.self_attn")))
    yield "encoder", Encoder(), normal(20, 5, 6), normal(20, 3), "mse", False, attention + [pair("layer.linear1", "layer.linear2", "ReLU", 14, rows("layer.linear1", 0, 14), columns("layer.linear2", 0, 14))]


def losses(objective, output, y):
    """Of one example: the mean over its tokens, as a batch's mean has it."""
    if objective == "cross-entropy":
        return F.cross_entropy(output.flatten(0, -2), y.flatten())
    return ((output - y) ** 2).mean() * (.5 if objective == "half-mse" else 1)


def write(name, model, x, y, objective, dynamo, pairs):
    for p in model.parameters():
        p.data += (.2 if p.dim() < 2 else .02) * torch.randn_like(p)
    model.eval()
    double = lambda t: t.double() if t.is_floating_point() else t
    moments = [[0, 0] for _ in pairs]
    reference = copy.deepcopy(model).double()
    for p in reference.modules():
        if isinstance(p, nn.TransformerEncoderLayer):
            p.train()  # the evaluation's fast way has no gradients; dropout is 0
    for i in range(len(x)):
        reference.zero_grad()
        losses(objective, reference(double(x[i:i + 1])), double(y[i:i + 1])).backward()
        gradients = {k: p.grad for k, p in reference.named_parameters()}
        for m, p in zip(moments, pairs):
            G, U = p["lower"](p["rename"](gradients)), p["upper"](p["rename"](gradients))
            m[0] = m[0] + G @ G.T / len(x)
            m[1] = m[1] + U.T @ U / len(x)
    state = {k: v.double() for k, v in model.state_dict().items()}
    expected = []
    for (B, A), p in zip(moments, pairs):
        W, U = p["lower"](p["rename"](state)).numpy(), p["upper"](p["rename"](state)).numpy()
        Q = U.T @ U - W @ W.T
        charge = (-np.diag(Q)).tolist() if p["symmetry"] == "rescaling" else dict(frobenius=float(np.linalg.norm(Q)), trace=float(np.trace(Q)), eigenvalues=np.sort(np.linalg.eigvalsh(Q))[::-1].tolist())
        expected.append({**{k: p[k] for k in ("first", "second", "through", "width", "symmetry") + (("head",) if p["head"] is not None else ())}, "charge": charge, "A": A.tolist(), "B": B.tolist()})
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    if dynamo:
        program = torch.onnx.export(model, (x,), input_names=["x"], output_names=["output"], dynamic_shapes=({0: torch.export.Dim("N", min=2)},), opset_version=18, dynamo=True, verbose=False)
        program.save(file)
    else:
        torch.onnx.export(model, (x,), file, input_names=["x"], output_names=["output"], dynamic_axes={"x": {0: "N"}, "output": {0: "N"}}, opset_version=17, dynamo=False)
    proto = onnx.load_from_string(file.getvalue())
    for node in proto.graph.node:
        kept = [(p.key, p.value) for p in node.metadata_props if p.key.endswith(("name_scopes", "class_hierarchy"))]
        del node.metadata_props[:]
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)
        node.doc_string = ""
    del proto.graph.value_info[:], proto.metadata_props[:], proto.graph.metadata_props[:]
    for value in [*proto.graph.input, *proto.graph.output, *proto.graph.initializer]:
        if hasattr(value, "metadata_props"):
            del value.metadata_props[:]
        value.doc_string = ""
    (folder / "model.onnx").write_bytes(proto.SerializeToString())
    np.savez_compressed(folder / "data.npz", x=x.numpy(), target=y.numpy())
    text = json.dumps(dict(objective=objective, pairs=expected), indent=1)
    (folder / "expected.json").write_text(text + "\n")
    print(name, [(p["first"], p["second"], round(float(np.trace(m[1])), 6)) for p, m in zip(expected, moments)])


if __name__ == "__main__":
    torch.manual_seed(0)
    for case in cases():
        if len(sys.argv) < 2 or case[0] in sys.argv[1:]:
            write(*case)
