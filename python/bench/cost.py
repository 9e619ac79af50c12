"""What a capture costs: processor time and memory of training with and without captures.

python bench/cost.py [ROUNDS]; prints a table with a line for each network. Each round is a process without and one with
captures, in turn; medians are shown. Processor time is that of all threads, with the writing of the file. Memory is the
largest that the process had, Python and PyTorch included; "sums" are what one capture holds.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture

STEPS, CAPTURES = 12, 4
EVERY = 100


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        self.c2, self.b2 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(x + self.b2(self.c2(F.relu(self.b1(self.c1(x))))))


class GPTBlock(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.n1, self.n2, self.heads = nn.LayerNorm(d), nn.LayerNorm(d), heads
        self.qkv, self.proj, self.up, self.down = (
            nn.Linear(d, 3 * d),
            nn.Linear(d, d),
            nn.Linear(d, 4 * d),
            nn.Linear(4 * d, d),
        )

    def forward(self, x):
        B, T, d = x.shape
        q, k, v = self.qkv(self.n1(x)).reshape(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, d)
        x = x + self.proj(y)
        return x + self.down(F.gelu(self.up(self.n2(x))))


def mlp():
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return model, torch.randn(1024, 784), torch.randint(10, (1024,)), {}


def resnet():
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, 1, 1),
        *(Block(32) for _ in range(3)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    return model, torch.randn(32, 3, 32, 32), torch.randint(10, (32,)), {"batch_norm": "training"}


def gpt():
    d, vocab = 128, 256
    model = nn.Sequential(nn.Embedding(vocab, d), *(GPTBlock(d, 4) for _ in range(4)), nn.Linear(d, vocab))
    ids = torch.randint(vocab, (16, 129))
    return model, ids[:, :-1], ids[:, 1:], {"samples": "tokens"}


def measure(name: str, is_captured: bool) -> dict[str, float]:
    """Processor seconds of STEPS steps, CAPTURES of them captured, and the memory of this process at its peak in MB."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, x, y, options = {"mlp": mlp, "resnet": resnet, "gpt": gpt}[name]()
    optimizer = torch.optim.Adam(model.parameters())
    first, apart = 3, STEPS // CAPTURES
    with tempfile.TemporaryDirectory() as folder:
        sizes = [0]

        def due(step: int) -> bool:
            return is_captured and step >= first and (step - first) % apart == 0

        capture = Capture(
            model, folder, due, on_capture=lambda moments: sizes.append(size_of(moments) / 2**20), **options
        )
        began = 0.0
        for step in range(first + STEPS):
            if step == first:
                began = time.process_time()
            optimizer.zero_grad()
            with capture.step():
                output = model(x)
                F.cross_entropy(output.flatten(0, -2), y.flatten()).backward()
            optimizer.step()
            capture.writer.jobs.join()  # at every 100 steps a file is written long before the next capture
        capture.close()
        seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak, "sums": sizes[-1]}


def size_of(moments) -> int:
    """Bytes of the arrays of a capture."""
    total = 0
    for layer in moments.layers:
        total += sum(array.nbytes for array in (layer.W, layer.gb_ha, layer.bias) if array is not None)
        for side in layer.sides().values():
            total += sum(stored.nbytes for stored in side.blocks.stored.values() if not callable(stored))
    return total


def medians(name: str, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    found: tuple[list, list] = ([], [])
    for _ in range(rounds):
        for captured in (0, 1):
            words = [sys.executable, __file__, name, str(captured)]
            found[captured].append(json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout))
    plain, captured = ({key: statistics.median(one[key] for one in runs) for key in runs[0]} for runs in found)
    return plain, captured


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], sys.argv[2] == "1")))
        sys.exit()
    rounds = int(sys.argv[1]) if len(sys.argv) == 2 else 3
    print(f"network  step ms  capture adds ms  at every {EVERY} steps  peak MB  with captures  more  sums MB")
    for name in ("mlp", "resnet", "gpt"):
        plain, captured = medians(name, rounds)
        step, adds = plain["seconds"] / STEPS, (captured["seconds"] - plain["seconds"]) / CAPTURES
        print(
            f"{name:7}  {step * 1e3:7.0f}  {adds * 1e3:15.0f}  {adds / step / EVERY:17.1%}  {plain['peak']:7.0f}  "
            f"{captured['peak']:13.0f}  {captured['peak'] / plain['peak'] - 1:4.0%}  {captured['sums']:7.0f}"
        )
