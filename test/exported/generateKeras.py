"""Writes cases/keras-*: small Keras models as tf2onnx writes them, a batch of data, and the alignments that TensorFlow finds in float64 with
the same weights, the networks written out once more. The tests need these files only.

Run: python3 generateKeras.py; npx biome check --write cases   (written with tensorflow 2.21, keras 3.15.1, tf2onnx 1.17.0, operator set 18)

Every linear map adds a term of zeros to its output; the gradient with respect to that term is g_b. Conventions: reference.py."""
import json, os, pathlib

os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
import keras, numpy as np, onnx, tensorflow as tf, tf2onnx
from keras import layers

from secondMoments import sides

OUT = pathlib.Path(__file__).parent / "cases"
CALLS = []


def mark(kind, W, rows, out, module=None):
    """The output of a map or heads (n, heads, T, d), with its call written down and a term of zeros added."""
    term = tf.zeros_like(out)
    TAPE.watch(term)
    CALLS.append((kind, module, W, rows, out, term))
    return out + term


def linear(model, name, x, kernel=None, bias=None, module=None):
    W = f64(model.get_layer(name).kernel) if kernel is None else kernel
    b = f64(model.get_layer(name).bias) if bias is None else bias
    return mark("linear", tf.transpose(W), tf.reshape(x, (-1, x.shape[-1])), x @ W + b, module or f"{name}_1")


def conv(model, name, x, stride):
    W = f64(model.get_layer(name).kernel)  # (kh, kw, in, out)
    kh, kw, inputs, outputs = W.shape
    patches = tf.image.extract_patches(x, (1, kh, kw, 1), (1, stride, stride, 1), (1, 1, 1, 1), "SAME")  # (..., kh kw in)
    rows = tf.reshape(tf.transpose(tf.reshape(patches, (-1, kh * kw, inputs)), (0, 2, 1)), (-1, inputs * kh * kw))
    flat = tf.reshape(tf.transpose(W, (3, 2, 0, 1)), (outputs, -1))
    return mark("conv", flat, rows, tf.nn.conv2d(x, W, stride, "SAME") + f64(model.get_layer(name).bias), f"{name}_1")


# Names are those of the scopes: TensorFlow numbers them, as a layer has used its own name when the model was put together.


def f64(variable):
    return tf.cast(tf.convert_to_tensor(variable), tf.float64)


def normalized(model, name, x):
    layer = model.get_layer(name)
    if isinstance(layer, layers.BatchNormalization):
        mean, variance = f64(layer.moving_mean), f64(layer.moving_variance)
    else:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
    return (x - mean) / tf.sqrt(variance + layer.epsilon) * f64(layer.gamma) + f64(layer.beta)


def mlp():
    x = keras.Input((12,))
    h = layers.LayerNormalization(name="norm")(layers.Dense(20, name="fc1")(x))
    return keras.Model(x, layers.Dense(5, name="fc2")(layers.Activation("gelu")(h)))  # tf2onnx writes Erfc


def mlp_again(model, x):
    return linear(model, "fc2", tf.nn.gelu(normalized(model, "norm", linear(model, "fc1", x))))


def cnn():
    x = keras.Input((8, 8, 3))
    h = layers.BatchNormalization(name="bn")(layers.ReLU()(layers.Conv2D(8, 3, padding="same", name="c1")(x)))
    h = layers.MaxPooling2D(2)(layers.ReLU()(layers.Conv2D(10, 3, padding="same", name="c2")(h)))
    return keras.Model(x, layers.Dense(5, name="fc")(layers.GlobalAveragePooling2D()(h)))


def cnn_again(model, x):
    h = normalized(model, "bn", tf.nn.relu(conv(model, "c1", x, 1)))
    h = tf.nn.max_pool2d(tf.nn.relu(conv(model, "c2", h, 1)), 2, 2, "VALID")
    return linear(model, "fc", tf.reduce_mean(h, (1, 2)))


def transformer(width=16, heads=2):
    x = keras.Input((6, width))
    n = layers.LayerNormalization(name="n1")(x)
    h = x + layers.MultiHeadAttention(heads, width // heads, name="attn")(n, n)
    up = layers.Dense(2 * width, activation="silu", name="up")(layers.LayerNormalization(name="n2")(h))
    return keras.Model(x, layers.Dense(7, name="head")(h + layers.Dense(width, name="down")(up)))


def transformer_again(model, x):
    attention = model.get_layer("attn")
    n = normalized(model, "n1", x)
    width, (heads, d) = x.shape[-1], attention.query_dense.kernel.shape[1:]

    def projected(dense, name):
        y = linear(model, None, n, tf.reshape(f64(dense.kernel), (width, -1)), tf.reshape(f64(dense.bias), (-1,)), f"attn_1.{name}_1")
        return tf.transpose(tf.reshape(y, (-1, x.shape[1], heads, d)), (0, 2, 1, 3))

    parts = {name: getattr(attention, f"{name}_dense") for name in ("value", "query", "key")}
    v, q, k = (projected(dense, name) for name, dense in parts.items())
    z = mark("head", None, None, tf.nn.softmax(q @ tf.transpose(k, (0, 1, 3, 2)) / np.sqrt(d)) @ v)
    z = tf.reshape(tf.transpose(z, (0, 2, 1, 3)), (-1, x.shape[1], heads * d))
    dense = attention.output_dense
    h = x + linear(model, None, z, tf.reshape(f64(dense.kernel), (-1, width)), f64(dense.bias), "attn_1.attention_output_1")
    return linear(model, "head", h + linear(model, "down", tf.nn.silu(linear(model, "up", normalized(model, "n2", h)))))


def reference(model, again, x, y):
    global TAPE
    CALLS.clear()
    with tf.GradientTape() as TAPE:
        logits = again(model, tf.constant(x, tf.float64))
        total = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
    assert np.abs(logits - model(x, training=False).numpy()).max() < 1e-5, "written out, the model is another"
    gradients = TAPE.gradient(total, [call[-1] for call in CALLS])
    result = {"objective": "cross-entropy", "loss_sum": float(total), "layers": [], "heads": [], "skipped": []}
    for (kind, module, W, rows, out, _), g in zip(CALLS, gradients):
        if kind == "head":
            for head in range(out.shape[1]):
                h, gb = (t.numpy()[:, head].reshape(-1, t.shape[-1]) for t in (out, g))
                both = sides({"b": (h, gb)}, {"b": np.eye(h.shape[1])})
                result["heads"].append({"head": head, "rga_paper": both["paper"]["b"]["rga"], "rga_raw": both["raw"]["b"]["rga"]})
            result["skipped"] = ["both operands depend on the data"]
            continue
        W, ha = W.numpy(), rows.numpy()
        hb, gb = out.numpy().reshape(len(ha), -1), g.numpy().reshape(len(ha), -1)
        found = sides({"a": (ha, gb @ W), "b": (hb, gb)}, {"a": W.T @ W, "b": W @ W.T})
        result["layers"].append({"module": module, "kind": kind, "d_in": W.shape[1], "d_out": W.shape[0], "samples": len(ha), **found})
    return result


def main():
    rng = np.random.default_rng(0)
    n = 96
    cases = {
        "keras-mlp": (mlp, mlp_again, (12,), ()),
        "keras-cnn": (cnn, cnn_again, (8, 8, 3), ()),
        "keras-transformer": (transformer, transformer_again, (6, 16), (6,)),
    }
    for name, (make, again, shape, labels) in cases.items():
        keras.utils.set_random_seed(1)
        model = make()
        for weight in model.weights:  # no bias, scale or statistic keeps a special value
            if len(weight.shape) == 1:
                weight.assign(weight + 0.1 * np.abs(rng.standard_normal(weight.shape)))
        x = rng.standard_normal((n, *shape)).astype(np.float32)
        y = rng.integers(0, 5, (n, *labels)).astype(np.int64)
        call = tf.function(lambda x: model(x, training=False))
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        proto, _ = tf2onnx.convert.from_function(call, input_signature=[tf.TensorSpec((None, *shape), tf.float32, name="x")], opset=18)
        onnx.save(proto, folder / "tf2onnx.onnx")
        np.savez(folder / "data.npz", x=x, target=y)
        (folder / "expected.json").write_text(json.dumps(reference(model, again, x, y), indent=1))


if __name__ == "__main__":
    main()
