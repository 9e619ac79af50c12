"""What a capture costs: processor time of a captured step in plain ones, and memory at the peak of each.

python bench/cost.py; prints one line a network. With a capture every 100 steps, (ratio - 1) is the cost in per cent.
"""

import resource
import subprocess
import sys
import tempfile
import time

import torch
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture


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


def measure(name, captured):
    """Processor time of a step and, of this process, memory at its peak in MB."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, x, y, options = {"mlp": mlp, "resnet": resnet, "gpt": gpt}[name]()
    optimizer = torch.optim.Adam(model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        capture = Capture(model, folder, lambda step: captured and step >= 2, **options)
        times = []
        for _ in range(8):
            optimizer.zero_grad()
            began = time.process_time()
            with capture.step():
                output = model(x)
                F.cross_entropy(output.flatten(0, -2), y.flatten()).backward()
            optimizer.step()
            times.append(time.process_time() - began)
        capture.close()
    times = sorted(times[2:])
    print(times[len(times) // 2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], sys.argv[2] == "1")
        sys.exit()
    for name in ("mlp", "resnet", "gpt"):
        run = [subprocess.run([sys.executable, __file__, name, k], capture_output=True, text=True) for k in "01"]
        (plain, memory), (with_it, more) = ([float(word) for word in one.stdout.split()] for one in run)
        print(
            f"{name}: a step {plain * 1e3:.0f} ms, captured {with_it * 1e3:.0f} ms, {with_it / plain:.1f} times; "
            f"peak {memory:.0f} MB, captured {more:.0f} MB"
        )
