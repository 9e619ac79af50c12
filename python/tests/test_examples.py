"""The example scripts at sizes of a few seconds: what they capture, and what they state of the setting."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from crh_capture import Moments
from crh_capture.setting_file import SCHEMA, write_setting

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
SMALL = ["--batch", "4", "--steps", "2", "--every", "1"]


def run(name, *words):
    env = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(EXAMPLES / name), *words], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def expect_captures(folder, steps):
    captures = [f"step-{s:08d}.safetensors" for s in steps]
    assert sorted(path.name for path in folder.iterdir()) == ["finished", "setting.json", *captures]
    moments = Moments.load(folder / captures[-1])
    assert moments.loss > 0
    assert all(np.isfinite(side["rga"]) for layer in moments.alignments().values() for side in layer["paper"].values())
    return moments


@pytest.mark.parametrize("name", ["res1", "res2"])
def test_residual_networks(name, tmp_path):
    random = np.random.default_rng(0)
    for file, n in (("data_batch_1.bin", 8), ("test_batch.bin", 6)):
        rows = random.integers(0, 256, (n, 3073), dtype=np.uint8)
        rows[:, 0] %= 10
        rows.tofile(tmp_path / file)
    out = tmp_path / "out"
    said = run(f"{name}.py", "--data", str(tmp_path), "--out", str(out), "--width", "0.0625", "--samples", "6", *SMALL)
    assert f"crh ingest {out} --runs runs" in said and "crh reproduce crh/" in said
    moments = expect_captures(out, [0, 1, 2])
    kinds = [layer.kind for layer in moments.layers]
    assert {kind: kinds.count(kind) for kind in kinds} == {"conv": 20, "block": 4, "linear": 2}
    assert moments.layers[-1].name == "fc2" and moments["layer4"].d_out == 32
    assert moments["layer4"].n == 6 * 16 * (2 if name == "res2" else 1)
    assert ("classes" in moments.layers[-1].document) == (name == "res1")
    stated = json.loads((out / "setting.json").read_text())
    assert (stated["schema"], stated["setting"], stated["every"]) == (SCHEMA, name, 1)
    assert stated["parameters"]["width"] == 0.0625 and stated["parameters"]["steps"] == 2
    assert any("Views" in line for line in stated["differences"]) == (name == "res2")


def test_a_language_model(tmp_path):
    (tmp_path / "text.txt").write_bytes(bytes(np.random.default_rng(0).integers(32, 120, 400, dtype=np.uint8)))
    sizes = ["--context", "6", "--layers", "2", "--heads", "2", "--width", "8"]
    out = tmp_path / "out"
    run("llm.py", "--data", str(tmp_path / "text.txt"), "--out", str(out), *sizes, *SMALL)
    moments = expect_captures(out, [0, 1, 2])
    kinds = [layer.kind for layer in moments.layers]
    assert {kind: kinds.count(kind) for kind in kinds} == {"linear": 9, "head": 4}
    names = {layer.name for layer in moments.layers}
    assert {"transformer.h.0.attn.c_attn", "transformer.h.1.attn.heads[1]", "lm_head"} <= names
    # six windows of six tokens in the last tenth, of which each has a successor
    assert moments["lm_head"].n == 36
    assert json.loads((out / "setting.json").read_text())["parameters"]["tokenizer"] == "bytes"


def test_byte_pairs_of_gpt2(tmp_path):
    pytest.importorskip("tokenizers")
    letters = ["\u0120", *"abcdefgh"]
    vocabulary = {token: i for i, token in enumerate([*letters, "ab", "<|endoftext|>"])}
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "encoder.json").write_text(json.dumps(vocabulary))
    (tmp_path / "pairs" / "vocab.bpe").write_text("#version: 0.2\na b\n")
    (tmp_path / "text.txt").write_text("abc de<|endoftext|>" + "abcdefgh" * 40)
    sizes = ["--context", "6", "--layers", "1", "--heads", "2", "--width", "8", "--tokenizer", "pairs"]
    out = tmp_path / "out"
    run("llm.py", "--data", str(tmp_path), "--out", str(out), *sizes, *SMALL)
    assert Moments.load(out / "step-00000002.safetensors")["lm_head"].d_out == len(vocabulary)
    assert json.loads((out / "setting.json").read_text())["parameters"]["tokenizer"] == "pairs"


def test_captures_lie_at_the_steps_of_crh_run(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from paper_run import captured_steps

    assert sorted(captured_steps(4, 10)) == [0, 4, 8, 10]
    steps = sorted(captured_steps("log", 1000))
    # logSpaced(1000, 30) of src/train/milestones.ts
    assert steps[:6] == [0, 1, 2, 3, 4, 5] and steps[-3:] == [621, 788, 1000] and len(steps) == 28


def test_a_setting_is_written_whole_or_not(tmp_path):
    with pytest.raises(ValueError):
        write_setting(tmp_path, "res1", {"lr": float("nan")}, every=1, program="PyTorch")
    assert list(tmp_path.iterdir()) == []
    write_setting(tmp_path / "new", "res1", {"lr": 0.1}, every="log", program="PyTorch", differences=["None."])
    assert json.loads((tmp_path / "new" / "setting.json").read_text())["parameters"] == {"lr": 0.1}
