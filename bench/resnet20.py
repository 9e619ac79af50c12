"""Measures the alignments of a ResNet-20 on CIFAR-10 images in PyTorch with hooks, as a researcher would script it: the twin of
bench/resnet20.mjs. Everything is float32 with sums in float64; cost "standard": six alignments in two conventions and the ranks.

Usage: python3 resnet20.py WEIGHTS.safetensors RECORDS.bin.gz THREADS"""
import gzip
import json
import resource
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        self.pad = (c_out - c_in) // 2 if stride > 1 or c_in != c_out else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        short = x if self.pad is None else F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + short)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*(Block(16, 16, 1) for _ in range(3)))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def rows_of(module, x, y, gy):
    """h_a, h_b, g_b as rows: patches and positions for a convolution."""
    if isinstance(module, nn.Linear):
        return x, y, gy
    patches = F.unfold(x, module.kernel_size, padding=module.padding, stride=module.stride)
    last = lambda t: t.permute(0, 2, 3, 1).reshape(-1, t.shape[1])
    return patches.transpose(1, 2).reshape(-1, patches.shape[1]), last(y), last(gy)


class Sums:
    """Sum, Gram matrix and count of rows and of normalized rows, in float64."""

    def __init__(self, d):
        self.raw, self.normed = [torch.zeros(d, dtype=torch.float64), torch.zeros(d, d, dtype=torch.float64), 0], None
        self.normed = [self.raw[0].clone(), self.raw[1].clone(), 0]

    def add(self, rows):
        norm = rows.norm(dim=1, keepdim=True)
        kept = norm > 0
        for into, x, n in ((self.raw, rows, len(rows)), (self.normed, rows / norm.where(kept, torch.ones_like(norm)), int(kept.sum()))):
            m = x.mean(0)
            c = x - m
            m64, N = m.double(), len(x)
            into[0] += N * m64
            into[1] += (c.T @ c).double() + N * torch.outer(m64, m64)
            into[2] += n

    def moments(self):
        mean = self.normed[0] / self.normed[2]
        return self.normed[1] / self.normed[2] - torch.outer(mean, mean), self.raw[1] / self.raw[2]


def pearson(A, B):
    a, b = A - A.mean(), B - B.mean()
    return float((a * b).sum() / ((a * a).sum() * (b * b).sum()).sqrt())


def ranks(A):
    values = torch.linalg.eigvalsh(A)
    return int((values > 1e-3 * values[-1]).sum()), float((values**2).sum() / values[-1] ** 2), float(A.trace() ** 2 / (A * A).sum())


def main(weights, records, threads):
    torch.set_num_threads(threads)
    net = ResNet20()
    net.load_state_dict(load_file(weights), strict=False)
    net.eval()
    raw = np.frombuffer(gzip.open(records).read(), dtype=np.uint8).reshape(-1, 3073)
    x = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    y = torch.from_numpy(raw[:, 0].astype(np.int64))
    seen = []
    maps = [(name, m) for name, m in net.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    for name, m in maps:
        m.register_forward_hook(lambda module, inputs, output, name=name: seen.append((name, module, inputs[0], output)))
    started = time.perf_counter()
    sums, halves, correct = {}, [{}, {}], 0
    for k, at in enumerate(range(0, len(x), 28)):
        seen.clear()
        batch = x[at : at + 28].clone().requires_grad_(True)
        logits = net(batch)
        loss = F.cross_entropy(logits, y[at : at + 28], reduction="sum")
        grads = torch.autograd.grad(loss, [out for *_, out in seen])
        correct += int((logits.argmax(1) == y[at : at + 28]).sum())
        with torch.no_grad():
            for (name, module, inp, out), gradient in zip(seen, grads):
                ha, hb, gb = rows_of(module, inp, out, gradient)
                W = module.weight.flatten(1)
                parts = {"ha": ha, "hb": hb, "ga": gb @ W, "gb": gb}
                for key, rows in parts.items():
                    halves[k % 2].setdefault((name, key), Sums(rows.shape[1])).add(rows)
    result = {}
    with torch.no_grad():
        for name, module in maps:
            W = module.weight.flatten(1).double()
            Z = {"a": W.T @ W, "b": W @ W.T}
            for side in "ab":
                for half in (0, 1, None):
                    both = []
                    for key in ("h" + side, "g" + side):
                        chosen = [halves[half][name, key]] if half is not None else [halves[0][name, key], halves[1][name, key]]
                        joined = Sums(chosen[0].raw[0].numel())
                        for s in chosen:
                            for into, part in ((joined.raw, s.raw), (joined.normed, s.normed)):
                                into[0] += part[0]
                                into[1] += part[1]
                                into[2] += part[2]
                        both.append(joined.moments())
                    for convention in (0, 1):
                        H, G = both[0][convention], both[1][convention]
                        values = pearson(H, G), pearson(H, Z[side]), pearson(G, Z[side])
                        if half is None:
                            result[f"{name}.{side}.{convention}"] = values, ranks(H), ranks(G)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rga = result["linear.a.0"][0][0]
    print(json.dumps({"seconds": seconds, "peakMegabytes": peak, "accuracy": correct / len(x), "linearRga": rga, "version": torch.__version__}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
