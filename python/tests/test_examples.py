"""The example scripts at sizes of a few seconds."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from crh_capture import Moments

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
SMALL = ["--batch", "4", "--steps", "2", "--every", "1"]


def run(name, *words):
    env = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(EXAMPLES / name), *words], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def expect_captures(folder, steps):
    assert sorted(path.name for path in folder.iterdir()) == ["finished", *(f"step-{s:08d}.safetensors" for s in steps)]
    moments = Moments.load(folder / f"step-{steps[-1]:08d}.safetensors")
    assert moments.loss > 0
    assert all(np.isfinite(side["rga"]) for layer in moments.alignments().values() for side in layer["paper"].values())
    return moments


@pytest.mark.parametrize("name", ["res1.py", "res2.py"])
def test_residual_networks(name, tmp_path):
    random = np.random.default_rng(0)
    for file, n in (("data_batch_1.bin", 8), ("test_batch.bin", 6)):
        rows = random.integers(0, 256, (n, 3073), dtype=np.uint8)
        rows[:, 0] %= 10
        rows.tofile(tmp_path / file)
    run(name, "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--width", "0.0625", "--samples", "6", *SMALL)
    moments = expect_captures(tmp_path / "out", [0, 1, 2])
    assert len([layer for layer in moments.layers if layer.kind == "conv"]) == 20
    assert ("classes" in moments.layers[-1].document) == (name == "res1.py")


def test_a_language_model(tmp_path):
    (tmp_path / "text.txt").write_bytes(bytes(np.random.default_rng(0).integers(32, 120, 300, dtype=np.uint8)))
    sizes = ["--context", "6", "--layers", "2", "--heads", "2", "--d", "8"]
    run("llm.py", "--data", str(tmp_path / "text.txt"), "--out", str(tmp_path / "out"), *sizes, *SMALL)
    moments = expect_captures(tmp_path / "out", [0, 1])
    names = {layer.name for layer in moments.layers}
    assert {"blocks.0.qkv", "blocks.1.heads[1]", "blocks.1.down", "head"} <= names
