"""Callbacks, logs, the command and saved rows."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from models import losses, mlp, mlp_batch
from test_step import expect_same
from torch import nn

from crh_capture import Capture, CaptureError, Moments
from crh_capture.__main__ import main
from crh_capture.logs import scalars, tensorboard, wandb
from crh_capture.rows import from_rows


def test_saved_rows_give_the_moments_of_the_capture(tmp_path):
    model = mlp().double()
    x, y = mlp_batch()
    x = x.double()
    expected = Capture(model, layers="0").measure((x, y), losses)
    hb = model[0](x).detach().requires_grad_()
    losses(model[1:](hb.clone()), y).sum().backward()
    rows = {"0.a.h": x, "0.b.h": hb.detach(), "0.b.g": hb.grad, "0.W": model[0].weight.detach()}
    path = tmp_path / "rows.npz"
    np.savez(path, **{name: values.numpy() for name, values in rows.items()})
    expect_same(from_rows(path), expected)
    assert main(["--rows", str(path), "--out", str(tmp_path / "m.safetensors")]) == 0
    expect_same(Moments.load(tmp_path / "m.safetensors"), expected)
    with pytest.raises(CaptureError, match=r"expected 0\.b\.g, got none"):
        from_rows({"0.b.h": hb.detach().numpy()})


def test_the_command_measures_a_model_of_a_file(tmp_path, capsys):
    (tmp_path / "net.py").write_text(
        "import torch\n\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Linear(5, 3)\n"
    )
    x, y = mlp_batch()
    np.savez(tmp_path / "batch.npz", x=x.numpy(), y=y.numpy())
    words = [f"{tmp_path}/net.py:build", "--data", f"{tmp_path}/batch.npz", "--out", f"{tmp_path}/m.safetensors"]
    assert main(words) == 0
    assert "model  a  rga" in capsys.readouterr().out
    assert Moments.load(tmp_path / "m.safetensors").layers[0].n == 20
    assert main(words) == 1
    assert "expected no file at" in capsys.readouterr().err


def test_alignments_are_logged():
    model = mlp()
    moments = Capture(model).measure(mlp_batch(), losses)
    logged = []

    class Writer:
        def add_scalar(self, name, value, step):
            logged.append((name, value, step))

        def flush(self):
            pass

    class Run:
        def log(self, values):
            logged.append(values)

    tensorboard(Writer())(moments)
    wandb(Run())(moments)
    assert ("crh/0/a.rga", moments.alignments()["0"]["paper"]["a"]["rga"], 0) in logged
    assert logged[-1] == {"crh/step": 0, **scalars(moments)}


def test_a_table_of_alignments():
    pandas = pytest.importorskip("pandas")
    table = Capture(mlp()).measure(mlp_batch(), losses).table()
    assert isinstance(table, pandas.DataFrame)
    assert set(table.columns) == {"step", "layer", "convention", "side", "n", "rga", "rwa", "gwa"}
    assert len(table) == 3 * 3 * 2


def test_a_file_that_crh_cannot_read_is_said(tmp_path, monkeypatch):
    moments = Capture(mlp()).measure(mlp_batch(), losses)
    monkeypatch.setattr("crh_capture.file_format.MOST_BYTES", 1000)
    with pytest.warns(UserWarning, match="is more than the 2 GiB that crh ingest reads; leave layers out"):
        moments.save(tmp_path / "m.safetensors")


def test_shards_merge_into_the_whole():
    model = mlp().double()
    x, y = mlp_batch()
    x = x.double()
    whole = Capture(model).measure((x, y), losses)
    parts = [Capture(model).measure((x[i:j], y[i:j]), losses) for i, j in ((0, 8), (8, 20))]
    expect_same(parts[0].merge(parts[1]), whole)


def test_the_trainer_of_transformers_captures_probe_batches(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from crh_capture.hugging_face import CaptureCallback, causal_lm_losses, causal_lm_tokens

    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=13, n_positions=8, n_embd=8, n_layer=1, n_head=2)
    model = transformers.GPT2LMHeadModel(config)
    ids = torch.randint(13, (4, 8))
    mask = torch.ones_like(ids)
    mask[0, 5:] = 0
    capture = Capture(model, tmp_path / "captures", 2)
    callback = CaptureCallback(
        capture, [({"input_ids": ids, "attention_mask": mask}, ids)], causal_lm_losses, tokens=causal_lm_tokens
    )
    arguments = transformers.TrainingArguments(
        str(tmp_path / "out"),
        max_steps=4,
        per_device_train_batch_size=2,
        report_to=[],
        use_cpu=True,
        gradient_accumulation_steps=2,
        disable_tqdm=True,
        save_strategy="no",
    )
    data = [{"input_ids": row, "labels": row} for row in ids] * 4
    with pytest.warns(UserWarning, match=r"'transformer.wpe' is left out: its output \(1, 8, 8\) is the same for all"):
        transformers.Trainer(model, arguments, train_dataset=data, callbacks=[callback]).train()
    names = sorted(path.name for path in (tmp_path / "captures").iterdir())
    assert names == ["finished", *(f"step-{step:08d}.safetensors" for step in (0, 2, 4))]
    moments = Moments.load(tmp_path / "captures" / names[-1])
    layers = {layer.name: layer for layer in moments.layers}
    assert {"transformer.h.0.attn.c_attn", "transformer.h.0.mlp.c_fc", "lm_head"} <= set(layers)
    assert {"transformer.h.0.attn.heads[0]", "transformer.h.0.attn.heads[1]"} <= set(layers)
    assert layers["lm_head"].n == 4 + 3 * 7
    assert layers["transformer.h.0.attn.c_attn"].W.shape == (24, 8)


def test_lightning_captures_probe_batches(tmp_path):
    lightning = pytest.importorskip("lightning")
    from crh_capture.lightning import CaptureCallback

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, _):
            return losses(self(batch[0]), batch[1]).mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    x, y = mlp_batch(24)
    module = Module()
    capture = Capture(module, tmp_path / "captures", 2)
    trainer = lightning.Trainer(
        max_steps=4,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accumulate_grad_batches=2,
        callbacks=[CaptureCallback(capture, [(x, y)], losses)],
    )
    trainer.fit(module, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=3))
    assert sorted(path.name for path in (tmp_path / "captures").iterdir()) == [
        "finished",
        *(f"step-{step:08d}.safetensors" for step in (0, 2, 4)),
    ]
    assert Moments.load(tmp_path / "captures" / "step-00000004.safetensors").layers[0].name == "net.0"


def test_the_package_needs_nothing_but_torch_numpy_and_safetensors():
    words = "import sys, crh_capture; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "transformers", "lightning", "wandb", "tensorboard", "onnx"} & set(loaded)


def test_python_modules_without_layers_are_told():
    with pytest.raises(CaptureError, match="expected layers to measure, got none"):
        Capture(nn.ReLU()).measure((torch.randn(2, 2), torch.randn(2, 2)), lambda o, t: (o - t).sum(1))
