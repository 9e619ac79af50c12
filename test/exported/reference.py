"""Alignments of every linear map of a PyTorch model in float64, without hooks on modules: each call of a linear operator is
recorded where it happens, so that functional uses (nn.MultiheadAttention, tied weights, addmm) are seen as well.

Conventions: h_a input and h_b output of a map, one row per sample (tokens and output positions are samples); g_b the gradient of
the summed per-sample loss there, g_a = W^T g_b. "paper": rows divided by their norm, zero rows dropped, mean subtracted. "raw":
plain second moments. A convolution is the map of its patches, one map per group; a head the output of softmax(Q K^T) V."""
from unittest.mock import patch

import numpy as np, torch, torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from secondMoments import moment, pearson

MAX_GROUPS = 32
# Python functions such as multi_head_attention_forward are then recorded by what they call, not as a whole.
OPEN = {name: lambda *_: False for name in ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")}
NO_PRODUCT = "both operands depend on the data"


def array(t):
    return t.detach().double().numpy()


class Tape(TorchFunctionMode):
    """Records linear maps and heads in order of execution; what is no measurable map goes to `skipped`."""

    def __init__(self, model, heads):
        super().__init__()
        self.maps, self.heads, self.skipped, self.head_count, self.softmaxed, self.module = [], [], [], heads, set(), [""]
        self.keep = []  # ids of tensors stay valid while the tensors live
        self.names = {}
        for name, p in model.named_parameters(remove_duplicate=False):
            self.names.setdefault(id(p), []).append(name)
        for name, m in model.named_modules():
            m.register_forward_pre_hook(lambda *_, name=name: self.module.append(name))
            m.register_forward_hook(lambda *_: (self.module.pop(), None)[1])

    def name(self, weight):
        """The parameter's name without `weight`; of tied ones that of the module at work; else the module's own name."""
        here = self.module[-1]
        names = self.names.get(id(weight), [])
        own = [n for n in names if n.startswith(f"{here}.") or here == ""]
        return next((n.removesuffix("weight").rstrip("._") for n in own or names), here)

    def add(self, name, kind, ha, W, out, rows, over_time=False):
        """rows(t): a tensor shaped like `out` -> (n, d_out). Calls of one map over time are one map of all their rows."""
        before = next((m for m in self.maps if over_time and m["module"] == name), None)
        if before is None:
            return self.maps.append({"module": name, "kind": kind, "ha": [ha], "W": W, "out": [out], "rows": rows})
        before["ha"].append(ha)
        before["out"].append(out)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        handler = getattr(self, f"on_{getattr(func, '__name__', '')}", None)
        if handler is not None:
            with torch._C.DisableTorchFunctionSubclass():
                handler(out, *args, **(kwargs or {}))
        return out

    def on_linear(self, out, x, weight, bias=None):
        named = getattr(weight, "map_name", None)  # of a recurrent layer (models.Unrolled)
        rows = lambda t: t.reshape(-1, t.shape[-1])
        self.add(named or self.name(weight), "linear", array(x).reshape(-1, x.shape[-1]), array(weight), out, rows, named is not None)

    def on_addmm(self, out, bias, x, weight):
        self.add(self.name(weight), "linear", array(x), array(weight).T, out, lambda t: t)

    def on_einsum(self, out, equation, x, weight):
        a, b, y = equation.replace("->", ",").split(",")
        if id(x) in self.softmaxed:  # bhts,bshk->bthk
            self.heads.append((out, lambda t, k: t.select(y.index("h"), k)))
        elif id(weight) in self.names:
            self.contraction(self.name(weight), x, a, weight, b, out, y)
        else:
            self.skipped.append(NO_PRODUCT)

    def contraction(self, name, x, a, weight, b, out, y):
        """An einsum a,b->y with a constant; one map per index that all three share."""
        order = lambda axes, *parts: [axes.index(letter) for part in parts for letter in axes_of[part]]
        axes_of = {"samples": set(a) - set(b), "in": set(a) - set(y), "out": set(b) - set(a), "group": set(a) & set(b) & set(y)}
        axes_of = {part: "".join(sorted(letters)) for part, letters in axes_of.items()}
        count = weight.shape[b.index(axes_of["group"])] if axes_of["group"] else 1
        W = weight.permute(order(b, "group", "out", "in")).reshape(count, -1, np.prod([x.shape[i] for i in order(a, "in")]))
        ha = x.permute(order(a, "group", "samples", "in")).reshape(count, -1, W.shape[2])
        for g in range(count):
            rows = lambda t, g=g: t.permute(order(y, "group", "samples", "out")).reshape(count, -1, W.shape[1])[g]
            self.add(name if count == 1 else f"{name}.group{g}", "linear", array(ha[g]), array(W[g]), out, rows)

    def on_conv(self, out, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        name, image = self.name(weight), x.detach()
        if x.dim() == 3:  # a picture of height 1
            image, weight = image[:, :, None], weight[:, :, None]
            stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
        columns = array(F.unfold(image, weight.shape[2:], dilation, padding, stride).transpose(1, 2))
        d_out = weight.shape[0] // groups
        if one_map(groups, weight.shape[1], d_out):
            W = array(torch.block_diag(*weight.reshape(groups, d_out, -1)))
            rows = lambda t: t.movedim(1, -1).reshape(-1, t.shape[1])
            return self.add(name, "conv", columns.reshape(-1, columns.shape[2]), W, out, rows)
        for g, part in enumerate(np.split(columns.reshape(-1, columns.shape[2]), groups, 1)):
            W = array(weight[g * d_out : (g + 1) * d_out]).reshape(d_out, -1)
            rows = lambda t, g=g: t[:, g * d_out : (g + 1) * d_out].movedim(1, -1).reshape(-1, d_out)
            self.add(name if groups == 1 else f"{name}.group{g}", "conv", part, W, out, rows)

    on_conv1d = on_conv2d = on_conv

    def on_conv_transpose2d(self, out, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        """Channels to the patch that they add to the outputs; kernel positions apart, so that the patch is the output."""
        assert groups == 1 and padding in (0, (0, 0)) and tuple(weight.shape[2:]) == tuple(stride), "not needed so far"
        rows = lambda t: F.unfold(t, weight.shape[2:], stride=stride).transpose(1, 2).reshape(-1, weight[0].numel())
        self.add(self.name(weight), "conv", array(x.movedim(1, -1)).reshape(-1, x.shape[1]), array(weight.flatten(1).T), out, rows)

    def on_softmax(self, out, *_, **__):
        self.keep.append(out)
        self.softmaxed.add(id(out))

    def on_matmul(self, out, a, b):
        if id(a) in self.softmaxed:
            heads = self.head_count
            self.heads.append((out, lambda t, k: t.reshape(-1, heads, *t.shape[-2:])[:, k]))
        elif id(a) in self.names:  # a matrix on the left of (B, T, d) mixes tokens
            self.contraction(self.name(a), b, "bkn", a, "ok", out, "bon")
        elif id(b) in self.names:  # a matrix for each of the experts
            self.contraction(self.name(b), a, "ek" if a.dim() == 1 else "nk" if a.dim() == 2 else "enk", b, "eko", out, "eno")
        else:
            self.skipped.append(NO_PRODUCT)

    def on_bmm(self, out, a, b):
        self.on_matmul(out, a, b)

    on___matmul__ = on_matmul

    def on_add(self, out, a, b):
        """A bias that is added after the product belongs to the map."""
        if id(b) in self.names and self.maps and self.maps[-1]["out"][0] is a:
            self.maps[-1]["out"] = [out]

    on___add__ = on_add

    def on_baddbmm(self, *_, **__):
        self.skipped.append(NO_PRODUCT)

    def on_scaled_dot_product_attention(self, out, *_, **__):
        self.skipped.append(NO_PRODUCT)
        self.heads.append((out, lambda t, k: t[:, k]))


def one_map(groups, d_in, d_out):
    """Depthwise convolutions, and those of many groups, are one map whose W is block diagonal."""
    return groups > 1 and (d_in == 1 or d_out == 1 or groups > MAX_GROUPS)


def side(h, g, Z, paper):
    H, _ = moment(h, paper)
    G, dropped = moment(g, paper)
    return {"rga": pearson(H, G), "rwa": pearson(H, Z), "gwa": pearson(G, Z), "zero_gradient_rows": dropped}


def measure(model, inputs, loss_sum, heads=1):
    """loss_sum(model(*inputs)) is the sum over samples. Returns what expected.json holds."""
    model = model.double().eval().requires_grad_(True)
    with patch.multiple(F, **OPEN), sdpa_kernel(SDPBackend.MATH), Tape(model, heads) as tape:  # exact zeros for tokens without a choice
        loss = loss_sum(model(*(x.double() if x.is_floating_point() else x for x in inputs)))
    outs = [out for m in tape.maps for out in m["out"]] + [out for out, _ in tape.heads]
    # Of the last step of a sequence the loss may not see all.
    grads = [torch.zeros_like(out) if g is None else g for out, g in zip(outs, torch.autograd.grad(loss, outs, allow_unused=True))]
    layers, used, rest = [], {}, iter(grads)
    for m in tape.maps:
        joined = lambda tensors: np.concatenate([array(m["rows"](t)) for t in tensors])
        hb, gb, W, ha = joined(m["out"]), joined([next(rest) for _ in m["out"]]), m["W"], np.concatenate(m["ha"])
        used[m["module"]] = used.get(m["module"], 0) + 1
        suffix = "" if used[m["module"]] == 1 else f"#{used[m['module']]}"
        entry = {"module": m["module"] + suffix, "kind": m["kind"], "d_in": W.shape[1], "d_out": W.shape[0], "samples": len(gb)}
        for convention in ("paper", "raw"):
            paper = convention == "paper"
            entry[convention] = {"a": side(ha, gb @ W, W.T @ W, paper), "b": side(hb, gb, W @ W.T, paper)}
        layers.append(entry)
    measured = []
    for (out, part), g in zip(tape.heads, rest):
        for k in range(heads):
            rows = [array(part(t, k)).reshape(-1, out.shape[-1]) for t in (out, g)]
            values = {c: pearson(*(moment(r, c == "paper")[0] for r in rows)) for c in ("paper", "raw")}
            measured.append({"head": k, "rga_paper": values["paper"], "rga_raw": values["raw"]})
    return {"loss_sum": loss.item(), "layers": layers, "heads": measured, "skipped": sorted(tape.skipped)}
