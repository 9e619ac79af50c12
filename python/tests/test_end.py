"""A program that does not close its capture ends, and what it captured is there."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, torch
from torch import nn
from crh_capture import Capture
model = nn.Linear(3, 2)
capture = Capture(model, sys.argv[1], 1)
for _ in range(3):
    model.zero_grad()
    with capture.step():
        model(torch.randn(8, 3)).square().sum(1).mean().backward()
if sys.argv[2] == "fails":
    raise ValueError("of the training")
"""


@pytest.mark.parametrize("end, code", [("forgets", 0), ("fails", 1)])
def test_a_program_that_does_not_close_its_capture_ends_with_all_of_it(tmp_path, end, code):
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "captures"), end]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == code and ("of the training" in done.stderr) == (code == 1)
    assert len(list((tmp_path / "captures").glob("step-*.safetensors"))) == 3
