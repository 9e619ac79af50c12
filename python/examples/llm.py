"""llm of arXiv 2410.03006, appendix C.1: a transformer of 6 blocks and 8 heads that predicts the next token of a text.

python llm.py --data texts --tokenizer gpt2-bpe --out captures/llm-0
crh ingest captures/llm-0 --runs runs
crh reproduce crh/5 --size paper --runs runs --done-only

Context, batch and rate are not in the paper. With --tokenizer bytes each byte is a token; a folder with GPT-2's
encoder.json and vocab.bpe, beside the texts or anywhere, holds byte pairs (pip install tokenizers). Windows of the
last tenth of the text are measured, tokens as samples.
"""

from pathlib import Path

import numpy as np
import torch
from paper_run import captured_steps, next_steps, parser, state
from torch import nn
from torch.nn import functional as F

from crh_capture import Capture

HELD, MEASURED_AT_ONCE, END_OF_TEXT = 0.1, 8, "<|endoftext|>"
numbers = dict(steps=100_000, batch=8, context=256, layers=6, heads=8, width=880, lr=3e-4, decay=1e-4)
measured = dict(samples=64, limit=1152)
asked = parser(__doc__, tokenizer="bytes", **numbers, **measured).parse_args()
torch.manual_seed(asked.seed)


def texts():
    """The text files of --data, or that file, in alphabetical order."""
    place = Path(asked.data)
    files = [path for path in sorted(place.rglob("*")) if path.suffix.lower() in (".txt", ".md")]
    return [place] if place.is_file() else [path for path in files if path.stem.lower() != "readme"]


def read_tokens():
    """(tokens (n), vocabulary)."""
    if asked.tokenizer == "bytes":
        return np.concatenate([np.fromfile(path, np.uint8) for path in texts()]), 256
    from tokenizers import ByteLevelBPETokenizer

    beside = Path(asked.data) / asked.tokenizer
    folder = beside if beside.is_dir() else Path(asked.tokenizer)
    pairs = ByteLevelBPETokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    end, pieces = pairs.token_to_id(END_OF_TEXT), []
    for path in texts():
        for document in path.read_text(encoding="utf-8").split(END_OF_TEXT):
            pieces += [*pairs.encode(document).ids, end] if document else []
    return np.array(pieces[:-1], np.int32), pairs.get_vocab_size()


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.c_attn, self.c_proj, self.heads = nn.Linear(d, 3 * d), nn.Linear(d, d), heads

    def forward(self, x):
        n, T, d = x.shape
        q, k, v = self.c_attn(x).view(n, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        hidden = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
        p = (q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5).masked_fill(hidden, -1e9).softmax(-1)
        return self.c_proj((p @ v).transpose(1, 2).reshape(n, T, d))


class MLP(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.ln_1, self.ln_2, self.attn, self.mlp = nn.LayerNorm(d), nn.LayerNorm(d), Attention(d, heads), MLP(d)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """Initial weights are nanoGPT's: N(0, 0.02^2), and 1 / sqrt(2 layers) of that into the residual stream."""

    def __init__(self, vocabulary, d):
        super().__init__()
        blocks = nn.ModuleList(Block(d, asked.heads) for _ in range(asked.layers))
        parts = dict(
            wte=nn.Embedding(vocabulary, d), wpe=nn.Embedding(asked.context, d), h=blocks, ln_f=nn.LayerNorm(d)
        )
        self.transformer, self.lm_head = nn.ModuleDict(parts), nn.Linear(d, vocabulary, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                residual = (2 * asked.layers) ** -0.5 if name.endswith("c_proj.weight") else 1
                nn.init.normal_(parameter, std=0.02 * residual)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids):
        parts = self.transformer
        x = parts["wte"](ids) + parts["wpe"](torch.arange(ids.shape[1], device=ids.device))
        for block in parts["h"]:
            x = block(x)
        return self.lm_head(parts["ln_f"](x))


def windows(tokens, starts):
    """Tokens (n, context) and those that follow them."""
    found = torch.from_numpy(np.stack([tokens[i : i + asked.context + 1] for i in starts]).astype(np.int64))
    return found[:, :-1], found[:, 1:]


def losses(output, targets):
    return F.cross_entropy(output.flatten(0, 1), targets.flatten(), reduction="none")


tokens, vocabulary = read_tokens()
cut = int(len(tokens) * (1 - HELD))
train, held = tokens[:cut], tokens[cut:]
count = (len(held) - 1) // asked.context
if count < 1 or len(train) <= asked.context:
    raise SystemExit(f"expected a text of at least {int((asked.context + 1) / HELD) + 1} tokens, got {len(tokens)}")
measured_windows = min(asked.samples, count)
starts = [asked.context * (i * count // measured_windows) for i in range(measured_windows)]
probe = [windows(held, starts[i : i + MEASURED_AT_ONCE]) for i in range(0, len(starts), MEASURED_AT_ONCE)]
device = "cuda" if torch.cuda.is_available() else "cpu"
model = GPT(vocabulary, asked.width).to(device)
optimizer = torch.optim.Adam(model.parameters(), asked.lr, weight_decay=asked.decay)
due = captured_steps(asked.every, asked.steps)
with Capture(model, asked.out, due, largest=asked.limit, layers="*,!transformer.w?e") as capture:
    stated = {name: getattr(asked, name) for name in (*numbers, *measured) if name != "steps"}
    state(asked, "llm", [], tokenizer=asked.tokenizer, **stated)
    for step in range(asked.steps + 1):
        capture.measure_if_due(probe, losses, step=step, objective="cross-entropy")
        if step == asked.steps:
            break
        x, y = windows(train, torch.randint(len(train) - asked.context, (asked.batch,)).tolist())
        optimizer.zero_grad()
        losses(model(x.to(device)), y.to(device)).mean().backward()
        optimizer.step()
next_steps(asked, "crh/3 crh/5 crh/9 crh/10 crh/14 crh/15", "The studies take seed 0.")
