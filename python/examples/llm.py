"""llm of arXiv 2410.03006, appendix C.1: a transformer of 6 blocks and 8 heads that predicts the next byte of a text.

python llm.py --data text.txt --out captures/

Context, batch and rate are not in the paper. The training batch itself is captured, tokens as samples.
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="text file")
parser.add_argument("--out", required=True, help="folder of captures")
numbers = dict(steps=100_000, batch=8, context=256, layers=6, heads=8, d=880, every=1000, seed=0, lr=3e-4, decay=1e-4)
for name, value in numbers.items():
    parser.add_argument(f"--{name}", type=type(value), default=value)
asked = parser.parse_args()
torch.manual_seed(asked.seed)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.ln1, self.ln2, self.heads = nn.LayerNorm(d), nn.LayerNorm(d), heads
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        n, T, d = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(n, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        hidden = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
        p = (q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5).masked_fill(hidden, -1e9).softmax(-1)
        x = x + self.proj((p @ v).transpose(1, 2).reshape(n, T, d))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(256, asked.d), nn.Parameter(0.02 * torch.randn(asked.context, asked.d))
        self.blocks = nn.Sequential(*(Block(asked.d, asked.heads) for _ in range(asked.layers)))
        self.ln, self.head = nn.LayerNorm(asked.d), nn.Linear(asked.d, 256, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.head.weight = self.tokens.weight

    def forward(self, ids):
        return self.head(self.ln(self.blocks(self.tokens(ids) + self.places)))


text = torch.frombuffer(bytearray(Path(asked.data).read_bytes()), dtype=torch.uint8)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = GPT().to(device)
optimizer = torch.optim.Adam(model.parameters(), asked.lr, weight_decay=asked.decay)
with Capture(model, asked.out, asked.every, samples="tokens", objective="cross-entropy") as capture:
    for _ in range(asked.steps):
        starts = torch.randint(len(text) - asked.context, (asked.batch,))
        windows = torch.stack([text[i : i + asked.context + 1] for i in starts.tolist()]).long().to(device)
        optimizer.zero_grad()
        with capture.step(targets=windows[:, 1:]):
            loss = F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
            loss.backward()
            capture.log_loss(loss)
        optimizer.step()
