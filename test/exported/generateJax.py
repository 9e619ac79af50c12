"""Writes cases/jax-*: small Flax models as jax2onnx writes them, a batch of data, and the alignments that JAX finds in float64 with the
same weights. The tests need these files only.

Run: python3 generateJax.py; npx biome check --write cases   (jax, flax, jax2onnx, numpy; written with jax 0.10.2, jax2onnx 0.17.1)

Every linear map adds a term of zeros to its output; the gradient with respect to that term is g_b. Conventions: reference.py."""
import json, pathlib

import jax, jax.numpy as jnp, numpy as np, onnx
from flax import nnx
from jax2onnx import to_onnx

from secondMoments import sides

OUT = pathlib.Path(__file__).parent / "cases"
TERMS = None  # the terms of zeros, in order of the calls; None while a model is exported
CALLS = []


def mark(kind, weight, rows, out, axis=None):
    """The output of a map or head, with its call written down and its term added."""
    if TERMS is None:
        return out
    CALLS.append((kind, weight, rows, out, axis))
    return out + TERMS[len(CALLS) - 1] if len(CALLS) <= len(TERMS) else out


class Linear(nnx.Linear):
    def __call__(self, x):
        W = self.kernel[...]
        return mark("linear", W.T, x.reshape(-1, x.shape[-1]), super().__call__(x))


class Conv(nnx.Conv):
    def __call__(self, x):
        W = self.kernel[...]  # (kh, kw, in, out)
        strides = np.broadcast_to(self.strides, 2).tolist()
        rows = jax.lax.conv_general_dilated_patches(x, W.shape[:2], strides, "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return mark("conv", W.transpose(3, 2, 0, 1).reshape(W.shape[3], -1), rows.reshape(-1, rows.shape[-1]), super().__call__(x))


class Mlp(nnx.Module):
    def __init__(self, rngs):
        self.fc1, self.norm, self.fc2 = Linear(12, 20, rngs=rngs), nnx.LayerNorm(20, rngs=rngs), Linear(20, 5, rngs=rngs)

    def __call__(self, x):
        return self.fc2(nnx.gelu(self.norm(self.fc1(x))))


class Cnn(nnx.Module):
    """Images with channels last, which the exporter wraps in transposes."""

    def __init__(self, rngs):
        self.c1, self.c2 = Conv(3, 8, (3, 3), rngs=rngs), Conv(8, 10, (3, 3), strides=(2, 2), rngs=rngs)
        self.bn, self.fc = nnx.BatchNorm(8, use_running_average=True, rngs=rngs), Linear(10, 5, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.c2(nnx.relu(self.bn(self.c1(x)))))
        return self.fc(x.mean((1, 2)))


class Transformer(nnx.Module):
    def __init__(self, rngs, width=16, heads=2):
        self.heads = heads
        self.n1, self.n2 = nnx.LayerNorm(width, rngs=rngs), nnx.RMSNorm(width, rngs=rngs)
        self.qkv, self.proj = Linear(width, 3 * width, rngs=rngs), Linear(width, width, rngs=rngs)
        self.up, self.down = Linear(width, 2 * width, rngs=rngs), Linear(2 * width, width, rngs=rngs)
        self.head = Linear(width, 7, rngs=rngs)

    def __call__(self, x):
        n, T, d = x.shape
        q, k, v = (t.reshape(n, T, self.heads, -1).transpose(0, 2, 1, 3) for t in jnp.split(self.qkv(self.n1(x)), 3, -1))
        weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(d // self.heads), -1)
        z = mark("head", None, None, weights @ v, 1)
        x = x + self.proj(z.transpose(0, 2, 1, 3).reshape(n, T, d))
        return self.head(x + self.down(nnx.silu(self.up(self.n2(x)))))


def reference(model, x, y, names):
    """The expected file; everything in float64."""
    global TERMS
    graph, state = nnx.split(model)
    model = nnx.merge(graph, jax.tree.map(lambda p: p.astype(jnp.float64) if p.dtype == jnp.float32 else p, state))
    for module in (m for _, m in nnx.iter_graph(model) if hasattr(m, "param_dtype")):
        module.dtype = module.param_dtype = jnp.float64

    def loss(terms):
        global TERMS
        TERMS = terms
        CALLS.clear()
        logits = model(x.astype(np.float64))
        picked = jnp.take_along_axis(jax.nn.log_softmax(logits, -1), y[..., None], -1)
        return -picked.sum()

    loss([])
    zeros = [jnp.zeros(out.shape) for *_, out, _ in CALLS]
    total, gradients = loss(zeros), jax.grad(loss)(zeros)
    loss(zeros)
    result = {"objective": "cross-entropy", "loss_sum": float(total), "layers": [], "heads": [], "skipped": []}
    for (kind, W, rows, out, axis), g in zip(list(CALLS), gradients):
        if kind == "head":
            for head in range(out.shape[axis]):
                h, gb = (np.asarray(jnp.take(t, head, axis)).reshape(-1, t.shape[-1]) for t in (out, g))
                both = sides({"b": (h, gb)}, {"b": np.eye(h.shape[1])})
                result["heads"].append({"head": head, "rga_paper": both["paper"]["b"]["rga"], "rga_raw": both["raw"]["b"]["rga"]})
            continue
        W, ha = np.asarray(W), np.asarray(rows)
        hb, gb = np.asarray(out).reshape(len(ha), -1), np.asarray(g).reshape(len(ha), -1)
        found = sides({"a": (ha, gb @ W), "b": (hb, gb)}, {"a": W.T @ W, "b": W @ W.T})
        result["layers"].append({"module": names.pop(0), "kind": kind, "d_in": W.shape[1], "d_out": W.shape[0], "samples": len(ha), **found})
    TERMS = None
    if any(kind == "head" for kind, *_ in CALLS):
        result["skipped"] = ["both operands depend on the data"]
    return result


def main():
    rng = np.random.default_rng(0)
    n = 96
    cases = {
        "jax-mlp": (Mlp, (12,), ()),
        "jax-cnn": (Cnn, (8, 8, 3), ()),
        "jax-transformer": (Transformer, (6, 16), (6,)),
    }
    for name, (make, shape, labels) in cases.items():
        model = make(nnx.Rngs(1))
        model.eval()
        for path, p in nnx.iter_graph(model):  # no bias, scale or statistic keeps a special value
            if isinstance(p, nnx.Variable) and p[...].ndim == 1 and p[...].dtype == jnp.float32:
                p[...] = p[...] + 0.1 * np.abs(rng.standard_normal(p[...].shape)).astype(np.float32)
        x = rng.standard_normal((n, *shape)).astype(np.float32)
        y = rng.integers(0, 5, (n, *labels)).astype(np.int64)
        proto = to_onnx(model, [("N", *shape)])
        proto.graph.doc_string = proto.doc_string = ""
        for node in [*proto.graph.node, *(node for f in proto.functions for node in f.node)]:
            node.doc_string = ""
            del node.metadata_props[:]
        del proto.graph.value_info[:], proto.metadata_props[:], proto.graph.metadata_props[:]
        feed = proto.graph.input[0].name
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(proto, folder / "jax2onnx.onnx")
        np.savez(folder / "data.npz", **{feed: x, "target": y})
        jax.config.update("jax_enable_x64", True)
        weights = {tensor.name for tensor in proto.graph.initializer}
        # The exporter keeps no names of modules: kernels of convolutions have names of their own, other maps those of their nodes.
        maps = [node for node in proto.graph.node if node.op_type in ("Gemm", "Conv") and weights & set(node.input)]
        names = [node.input[1] if node.op_type == "Conv" else node.name for node in maps]
        (folder / "expected.json").write_text(json.dumps(reference(model, x, y, names), indent=1))
        jax.config.update("jax_enable_x64", False)


if __name__ == "__main__":
    main()
