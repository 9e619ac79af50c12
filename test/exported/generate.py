"""Writes cases/: small models as both of PyTorch's exporters write them, a batch of data, and the alignments that a correct
measurement must find (reference.py). The tests need these files only.

Run: python3 generate.py [CASE ...]; npx biome check --write cases   (torch, onnxscript, onnx, numpy; written with torch 2.15)
"""
import copy, io, json, pathlib, sys, warnings

import numpy as np, onnx, torch, torch.nn as nn, torch.nn.functional as F

import models as m
from reference import measure

OUT = pathlib.Path(__file__).parent / "cases"
TORCHSCRIPT, DYNAMO, UNOPTIMIZED = "torchscript", "dynamo", "dynamo-unoptimized"
KEEP_BATCHNORM = {"training": torch.onnx.TrainingMode.PRESERVE}


def randomized(model):
    """No parameter or statistic keeps a special value; weights keep PyTorch's scale."""
    for name, p in model.named_parameters():
        p.data += (0.1 if p.dim() < 2 else 0.02) * torch.randn_like(p)
    for name, b in model.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0, 0.3)
        if name.endswith("running_var"):
            b.uniform_(0.5, 1.5)
    return model.eval()


def total(objective, y):
    if objective == "cross-entropy":  # classes last for tokens, second for pixels
        return lambda f: F.cross_entropy(f.movedim(-1, 1) if f.dim() == 3 else f, y, reduction="sum")
    if objective == "mse":
        return lambda f: ((f - y.double()) ** 2).flatten(1).mean(1).sum()
    if objective == "bce-with-logits":
        return lambda f: F.binary_cross_entropy_with_logits(f, y.double(), reduction="none").flatten(1).mean(1).sum()
    return lambda losses: losses.sum()


def export(model, inputs, names, exporter, opset, batch, **options):
    """batch: None for a free batch axis, else the number it is fixed to."""
    file = io.BytesIO()
    inputs = tuple(x if batch is None else x[:batch] for x in inputs)
    if exporter == TORCHSCRIPT:
        axes = None if batch else {name: {0: "N"} for name in [*names, "output"]}
        torch.onnx.export(model, inputs, file, input_names=names, output_names=["output"], dynamic_axes=axes, opset_version=opset, dynamo=False, **options)
    else:
        shapes = None if batch else tuple({0: torch.export.Dim("N", min=2)} for _ in names)
        program = torch.onnx.export(model, inputs, input_names=names, output_names=["output"], dynamic_shapes=shapes, opset_version=opset, dynamo=True, optimize=exporter == DYNAMO, verbose=False, **options)
        program.save(file)
    proto = onnx.load_from_string(file.getvalue())
    graphs = [proto.graph, *proto.functions]
    for node in (node for graph in graphs for node in graph.node):  # keep names of modules, not the paths of this machine
        kept = [(p.key, p.value) for p in node.metadata_props if p.key.endswith(("name_scopes", "class_hierarchy"))]
        del node.metadata_props[:]
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)
        node.doc_string = ""
    del proto.graph.value_info[:], proto.metadata_props[:], proto.graph.metadata_props[:]
    for value in [*proto.graph.input, *proto.graph.output, *proto.graph.initializer]:
        del value.metadata_props[:]
    return proto.SerializeToString()


def case(name, model, inputs, y, objective, exports, heads=1, batch=None, options={}, reference=None):
    """exports: (exporter, opset) pairs; reference: another model of the same function whose maps are the exported ones."""
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    names = ["x", "context"][: len(inputs)] if objective != "own" else ["x", "labels"]
    with torch.random.fork_rng():  # the same files whichever cases are asked for
        torch.manual_seed(1)
        randomized(model)
    sizes = []
    for exporter, opset in exports:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = export(copy.deepcopy(model), inputs, names, exporter, opset, batch, **(options if exporter == TORCHSCRIPT else {}))
        (folder / f"{exporter}-{opset}.onnx").write_bytes(data)
        sizes.append(f"{exporter}-{opset} {len(data) // 1024} kB")
    arrays = {**dict(zip(names, (x.numpy() for x in inputs))), **({} if y is None else {"target": y.numpy()})}
    np.savez_compressed(folder / "data.npz", **arrays)
    expected = measure(copy.deepcopy(reference(model) if reference else model), inputs, total(objective, y), heads)
    text = json.dumps({"objective": objective, **expected})
    (folder / "expected.json").write_text(text.replace('{"module"', '\n{"module"') + "\n")
    print(name, ", ".join(sizes), [layer["module"] for layer in expected["layers"]], len(expected["heads"]), expected["skipped"])


def folded(*pairs):
    """Batch normalization in the linear map before it, as an exporter in inference mode writes it."""

    def fold(model):
        model = copy.deepcopy(model)
        for name, norm in pairs:
            layer = getattr(model, name)
            fuse = nn.utils.fusion.fuse_linear_bn_eval if isinstance(layer, nn.Linear) else nn.utils.fusion.fuse_conv_bn_eval
            setattr(model, name, fuse(layer, getattr(model, norm)))
            setattr(model, norm, nn.Identity())
        return model

    return fold


def main():
    torch.manual_seed(0)
    normal, labels = torch.randn, lambda classes, *shape: torch.randint(0, classes, shape)
    both = lambda old=17, new=18: [(TORCHSCRIPT, old), (DYNAMO, new)]
    ids, next_ids = labels(24, 12, 8), labels(24, 12, 8)
    images, classes = normal(16, 3, 12, 12), labels(5, 16)
    ce = "cross-entropy"
    case("decoder", m.Decoder(), (ids,), next_ids, ce, both(14, 20), heads=4)
    case("decoder-sdpa", m.Decoder(sdpa=True), (ids,), next_ids, ce, [(DYNAMO, 18), (DYNAMO, 23)], heads=4)
    case("gpt2", m.GPT2(), (ids,), next_ids, ce, [*both(16, 18), (UNOPTIMIZED, 18)], heads=2)
    case("vit", m.ViT(), (images,), classes, ce, both(14, 18), heads=4)
    case("encoder", m.Encoder(), (normal(12, 7, 6),), labels(4, 12), ce, both(15, 18), heads=2)
    case("encoder-prenorm", m.Encoder(batch_first=True), (normal(12, 7, 6),), labels(4, 12), ce, both(17, 21), heads=2)
    case("mixer", m.Mixer(), (images,), classes, ce, both(12, 18))
    case("convnext", m.ConvNeXt(), (images,), classes, ce, both(11, 18))
    case("mobilenet", m.MobileNet(), (images,), classes, ce, both(13, 19), reference=folded(("expand", "bn1"), ("depthwise", "bn2"), ("project", "bn3")))
    case("resnet-grouped", m.GroupedResNet(), (images,), classes, ce, both(11, 22))
    case("unet", m.UNet(), (images[:8, :, :8, :8],), labels(3, 8, 8, 8), ce, both(13, 18))
    case("text-cnn", m.TextCNN(), (labels(30, 16, 9),), labels(4, 16), ce, both(11, 18))
    case("batchnorm", m.BatchNormed(), (images,), classes, ce, [(TORCHSCRIPT, 12)], options=KEEP_BATCHNORM)
    convolutions = ("conv1", "bn1"), ("conv2", "bn2")
    case("batchnorm-folded", m.BatchNormed(), (images,), classes, ce, [(TORCHSCRIPT, 13)], reference=folded(*convolutions))
    case("batchnorm-all-folded", m.BatchNormed(), (images,), classes, ce, [(DYNAMO, 18)], reference=folded(*convolutions, ("fc1", "bn3")))
    case("half", m.MLP(10, 16, 5, act=torch.tanh).half(), (normal(16, 10).half(),), classes, ce, both(13, 18))
    case("half-weights", m.HalfWeights(), (normal(16, 10),), normal(16, 5), "mse", both(13, 18))
    case("weight-norm", m.WeightNormed(), (normal(16, 10),), classes, ce, both(18, 18))
    case("lstm", m.Recurrent(), (normal(12, 5, 6),), labels(4, 12), ce, both(14, 18), reference=m.unrolled)
    case("recommender", m.Recommender(), (normal(16, 6), labels(20, 16, 3)), labels(2, 16, 1).float(), "bce-with-logits", both(11, 18))
    case("cross-attention", m.CrossAttention(), (normal(12, 4, 5), normal(12, 6, 7)), normal(12, 4), "mse", both(14, 18), heads=3)
    case("own-loss", m.WithLoss(10, 16, 5), (normal(16, 10), classes), None, "own", both(13, 18))
    case("shared", m.SharedTwice(), (normal(12, 5, 6),), labels(4, 12), ce, both(13, 18))
    case("einsum-attention", m.EinsumAttention(), (normal(12, 5, 12),), labels(4, 12), ce, both(17, 18), heads=3)
    case("batch-of-1", m.MLP(10, 16, 5), (normal(16, 10),), classes, ce, both(13, 18), batch=1)
    case("batch-of-4", m.GroupedResNet(), (images,), classes, ce, both(13, 18), batch=4)
    case("attention-batch-of-1", m.GPT2(), (ids,), next_ids, ce, both(16, 18), heads=2, batch=1)
    case("attention-batch-of-4", m.GPT2(), (ids,), next_ids, ce, both(16, 18), heads=2, batch=4)
    deep = dict(num_layers=2, bidirectional=True, batch_first=True)
    case("lstm-deep", m.RecurrentNet(nn.LSTM, **deep), (normal(12, 5, 6),), labels(4, 12), ce, both(17, 18), reference=m.unrolled)
    case("gru", m.RecurrentNet(nn.GRU, bidirectional=True), (normal(12, 5, 6),), labels(4, 12), ce, both(15, 18), reference=m.unrolled)
    case("rnn", m.RecurrentNet(nn.RNN, last=True, nonlinearity="relu"), (normal(12, 5, 6),), labels(4, 12), ce, [(TORCHSCRIPT, 14)], reference=m.unrolled)


if __name__ == "__main__":
    main()
