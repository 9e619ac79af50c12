"""The reference networks of ../shared/reference, built again with the weights of their ONNX files."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from onnx_file import read_onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = pathlib.Path(os.environ.get("CRH_SHARED", ROOT.parent / "shared")) / "reference"
torch.set_num_threads(1)


def _definitions():
    if not (REFERENCE / "generate.py").exists():
        pytest.skip(f"no reference networks in {REFERENCE}", allow_module_level=True)
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


def _load(model: torch.nn.Module, path: pathlib.Path) -> None:
    """Weights by name; those that the exporter laid out anew by the names of the nodes that use them."""
    weights, nodes = read_onnx(path)
    state = model.state_dict()
    missing = []
    for name, value in state.items():
        if name in weights and weights[name].shape == tuple(value.shape):
            state[name] = torch.tensor(np.array(weights[name]))
        elif not name.endswith("num_batches_tracked"):
            missing.append(name)
    same = {node.outputs[0]: node.inputs[0] for node in nodes if node.op == "Identity"}
    places = {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4}
    for name in missing:
        module, key = name.rsplit(".", 1)
        [node] = [node for node in nodes if node.op in ("MatMul", "BatchNormalization") and _scope(node.name) == module]
        given = node.inputs[places[key]]
        values = weights[same.get(given, given)]
        state[name] = torch.tensor(np.array(values.T if node.op == "MatMul" else values))
    model.load_state_dict(state)


def _scope(node: str) -> str:
    """/attn.0/qkv/MatMul -> attn.0.qkv"""
    parts = node.strip("/").split("/")[:-1]
    return ".".join(
        part for i, part in enumerate(parts) if not (i + 1 < len(parts) and parts[i + 1].startswith(part + "."))
    )


@pytest.fixture(scope="session", name="reference")
def _reference():
    return reference_builder()


def reference_builder():
    """name -> a fresh model with the reference's weights, its batch, its loss by sample and what is expected of it."""
    generate = _definitions()
    builders = {
        "mlp-relu-mse": lambda: generate.MLP([100, 64, 64, 64, 10], torch.relu),
        "mlp-tanh-mse": lambda: generate.MLP([100, 48, 48, 10], torch.tanh),
        "resnet-ce": generate.SmallResNet,
        "gpt-ce": generate.TinyGPT,
    }

    def mse(output, target):
        return ((output - target) ** 2).mean(1)

    def cross_entropy(output, target):
        return torch.nn.functional.cross_entropy(output.flatten(0, -2), target.flatten(), reduction="none")

    def build(name: str) -> SimpleNamespace:
        model = builders[name]()
        _load(model, REFERENCE / name / "model.onnx")
        x, y = (torch.tensor(np.load(REFERENCE / name / f"{key}.npy")) for key in ("x", "y"))
        loss = mse if "mse" in name else cross_entropy
        expected = json.loads((REFERENCE / name / "expected.json").read_text())
        return SimpleNamespace(
            name=name, model=model.eval(), x=x, y=y, loss=loss, expected=expected, folder=REFERENCE / name
        )

    return build
