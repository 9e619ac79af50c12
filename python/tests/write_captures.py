"""Writes a capture file of each reference network named, for crh ingest: python write_captures.py FOLDER NAME ..

With --pair NAME FOLDER, that of a model of test/pairs, and its batch as x.npy and y.npy.
With --copy FROM TO, reads a capture file and writes it again.
"""

import pathlib
import sys

import conftest
import numpy as np
import test_edges
import torch

from crh_capture import Capture, Moments

if sys.argv[1] == "--copy":
    Moments.load(sys.argv[2]).save(sys.argv[3])
elif sys.argv[1] == "--pair":
    name, folder = sys.argv[2], pathlib.Path(sys.argv[3])
    model = test_edges.MODELS[name]()
    conftest._load(model, test_edges.CASES / name / "model.onnx")
    with np.load(test_edges.CASES / name / "data.npz") as file:
        batch = [torch.tensor(file[key]) for key in ("x", "target")]
    for key, values in zip("xy", batch):
        np.save(folder / f"{key}.npy", values.numpy())
    moments = Capture(model).measure([tuple(batch)], lambda output, y: ((output - y) ** 2).mean(1), objective="mse")
    moments.save(folder / f"{name}.safetensors")
else:
    folder = pathlib.Path(sys.argv[1])
    build = conftest.reference_builder()
    for name in sys.argv[2:]:
        case = build(name)
        moments = Capture(case.model).measure([(case.x, case.y)], case.loss, objective=name)
        moments.save(folder / f"{name}.safetensors")
