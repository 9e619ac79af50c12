"""Writes quantizedModels.json: a small CNN and an MLP as ONNX Runtime's quantizers write them, with the outputs it computes
for them, and the CNN in float16, float64 and bfloat16 weights, for dequantizeModel.test.ts and castModel.test.ts.

Run with onnx, onnxruntime and numpy: python test/onnx/quantizedModels.py
"""
import base64
import json
import os
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper as nh
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantizedModels.json")
os.chdir(tempfile.mkdtemp())
rng = np.random.default_rng(0)
D = 4  # channels


def init(name, a):
    return nh.from_array(np.asarray(a, np.float32), name)


def save(name, nodes, x_shape, y_shape, weights):
    graph = h.make_graph(nodes, name, [h.make_tensor_value_info("x", T.FLOAT, x_shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, y_shape)], [init(*w) for w in weights])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")
    return model


cnn = save("cnn", [
    h.make_node("Conv", ["x", "conv1.weight", "conv1.bias"], ["c1"], name="/conv1/Conv", pads=[1] * 4),
    h.make_node("Relu", ["c1"], ["r1"]),
    h.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
    h.make_node("Conv", ["p1", "conv2.weight"], ["c2"], name="/conv2/Conv", pads=[1] * 4),
    h.make_node("Add", ["c2", "p1"], ["s"]),
    h.make_node("Relu", ["s"], ["r2"]),
    h.make_node("GlobalAveragePool", ["r2"], ["g"]),
    h.make_node("Flatten", ["g"], ["f"]),
    h.make_node("Gemm", ["f", "fc.weight", "fc.bias"], ["y"], name="/fc/Gemm", transB=1),
], ["N", 3, 6, 6], ["N", 5], [
    ("conv1.weight", rng.normal(size=(D, 3, 3, 3)) * .3), ("conv1.bias", rng.normal(size=D) * .1),
    ("conv2.weight", rng.normal(size=(D, D, 3, 3)) * .15),
    ("fc.weight", rng.normal(size=(5, D)) * .4), ("fc.bias", rng.normal(size=5) * .1)])
save("mlp", [
    h.make_node("MatMul", ["x", "l1.weight"], ["a"], name="/l1/MatMul"),
    h.make_node("Add", ["a", "l1.bias"], ["b"]),
    h.make_node("Tanh", ["b"], ["t"]),
    h.make_node("MatMul", ["t", "l2.weight"], ["y"], name="/l2/MatMul"),
], ["N", 6], ["N", 4], [("l1.weight", rng.normal(size=(6, 10)) * .4), ("l1.bias", rng.normal(size=10)),
                        ("l2.weight", rng.normal(size=(10, 4)) * .4)])
inputs = {"cnn": rng.normal(size=(4, 3, 6, 6)).astype("f4"), "mlp": rng.normal(size=(4, 6)).astype("f4")}


class Calibration(CalibrationDataReader):
    def __init__(self):
        self.batches = iter([{"x": inputs["cnn"]}])

    def get_next(self):
        return next(self.batches, None)


U, S = QuantType.QUInt8, QuantType.QInt8
for name, form, channels, activations in [("qdq", QuantFormat.QDQ, True, U), ("operators", QuantFormat.QOperator, False, U),
                                          ("operators per channel", QuantFormat.QOperator, True, S)]:
    quantize_static("cnn.onnx", name + ".onnx", Calibration(), quant_format=form, per_channel=channels,
                    activation_type=activations, weight_type=S)
quantize_dynamic("cnn.onnx", "dynamic cnn.onnx", weight_type=U)
quantize_dynamic("mlp.onnx", "dynamic mlp.onnx", weight_type=S)
quantize_dynamic("mlp.onnx", "dynamic mlp per channel.onnx", weight_type=S, per_channel=True)


def text(data):
    return base64.b64encode(data).decode()


def case(name, base):
    y = ort.InferenceSession(name + ".onnx").run(None, {"x": inputs[base]})[0]
    with open(name + ".onnx", "rb") as file:
        return {"name": name, "base": base, "bytes": text(file.read()), "y": y.ravel().tolist()}


def cast(code):
    """The CNN with every float in the type of this code, as an exporter would write a model of that type."""
    model = onnx.ModelProto.FromString(cnn.SerializeToString())
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.elem_type = code
    for i, weight in enumerate(model.graph.initializer):
        kind = h.tensor_dtype_to_np_dtype(code)
        model.graph.initializer[i].CopyFrom(nh.from_array(nh.to_array(weight).astype(kind), weight.name))
    return {"name": T.DataType.Name(code).lower(), "bytes": text(model.SerializeToString())}


out = {
    "inputs": {base: {"shape": x.shape, "values": x.ravel().tolist()} for base, x in inputs.items()},
    "original": [case("cnn", "cnn"), case("mlp", "mlp")],
    "quantized": [case(n, "cnn") for n in ["qdq", "operators", "operators per channel", "dynamic cnn"]]
    + [case(n, "mlp") for n in ["dynamic mlp", "dynamic mlp per channel"]],
    "cast": [cast(T.FLOAT16), cast(T.DOUBLE), cast(T.BFLOAT16)],
}
with open(target, "w") as file:
    json.dump(out, file)
    file.write("\n")
