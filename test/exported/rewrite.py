"""Rewrites of exported models by tools that users run: quantizers of ONNX Runtime. Writes rewritten/<case>-<tool>.onnx.

    python rewrite.py        (onnx, onnxruntime)"""
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

HERE = Path(__file__).parent


class Data(CalibrationDataReader):
    def __init__(self, case):
        arrays = np.load(HERE / "cases" / case / "data.npz")
        self.batches = [{name: arrays[name] for name in arrays.files if name != "target"}]

    def get_next(self):
        return self.batches.pop() if self.batches else None


def rewrite(case, export):
    source = HERE / "cases" / case / f"{export}.onnx"
    target = lambda tool: HERE / "rewritten" / f"{case}-{tool}.onnx"
    quantize_dynamic(source, target("dynamic"), weight_type=QuantType.QInt8)
    for tool, form, per_channel in (("qdq", QuantFormat.QDQ, True), ("qoperator", QuantFormat.QOperator, False)):
        quantize_static(source, target(tool), Data(case), quant_format=form, per_channel=per_channel)


if __name__ == "__main__":
    (HERE / "rewritten").mkdir(exist_ok=True)
    for case, export in (("vit", "torchscript-14"), ("convnext", "torchscript-11"), ("unet", "dynamo-18"), ("text-cnn", "torchscript-11")):
        rewrite(case, export)
