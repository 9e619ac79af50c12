"""Setting res1 in PyTorch with the numbers of its preset `small`: what alignments of the two fully connected layers a network of this
size reaches, found without this project's code. Other random numbers, so alike and not equal.

Usage: python3 res1Twin.py FOLDER [SEED] > result.json   (FOLDER with data_batch_1.bin.gz and test_batch.bin.gz)"""
import gzip
import json
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTH, STEPS, BATCH, LR, MOMENTUM, DECAY, SAMPLES = 0.25, 1560, 64, 0.05, 0.9, 5e-4, 300


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        changed = stride > 1 or c_in != c_out
        self.short = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)) if changed else nn.Identity()

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.short(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [round(c * WIDTH) for c in (64, 128, 256, 512)]
        self.conv1, self.bn1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0])
        blocks, c = [], widths[0]
        for stage, w in enumerate(widths):
            blocks += [Block(c, w, 2 if stage else 1), Block(w, w, 1)]
            c = w
        self.blocks, self.fc1, self.fc2 = nn.Sequential(*blocks), nn.Linear(c, c), nn.Linear(c, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x, keep=None):
        h = self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3))
        y = self.fc1(h)
        r = F.relu(y)
        z = self.fc2(r)
        if keep is not None:
            keep += [("fc1", self.fc1.weight, h, y), ("fc2", self.fc2.weight, r, z)]
        return z


def load(path):
    raw = np.frombuffer(gzip.open(path).read(), dtype=np.uint8).reshape(-1, 3073)
    return torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255), torch.from_numpy(raw[:, 0].astype(np.int64))


def augmented(x):
    out, padded = torch.empty_like(x), F.pad(x, (4, 4, 4, 4))
    for i in range(len(x)):
        dy, dx = np.random.randint(0, 9, 2)
        image = padded[i, :, dy : dy + 32, dx : dx + 32]
        out[i] = image.flip(2) if np.random.rand() < 0.5 else image
    return out


def covariance(rows):
    norms = rows.norm(dim=1, keepdim=True)
    return torch.cov((rows / norms)[norms[:, 0] > 0].double().T, correction=0)


def pearson(A, B):
    a, b = A - A.mean(), B - B.mean()
    return float((a * b).sum() / ((a * a).sum() * (b * b).sum()).sqrt())


def alignments(net, x, y):
    net.eval()
    keep = []
    loss = F.cross_entropy(net(x, keep), y, reduction="sum")
    gradients = torch.autograd.grad(loss, [out for *_, out in keep])
    result = {}
    for (name, W, h_a, h_b), g_b in zip(keep, gradients):
        W = W.detach()
        for side, h, g, Z in (("a", h_a, g_b @ W, W.T @ W), ("b", h_b, g_b, W @ W.T)):
            H, G, Z = covariance(h.detach()), covariance(g), Z.double()
            result[f"{name}.{side}"] = {"rga": pearson(H, G), "rwa": pearson(H, Z), "gwa": pearson(G, Z)}
    net.train()
    return result


def main(folder, seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    (x, y), (xt, yt) = load(f"{folder}/data_batch_1.bin.gz"), load(f"{folder}/test_batch.bin.gz")
    mean, sd = x.mean((0, 2, 3)).view(3, 1, 1), x.std((0, 2, 3)).view(3, 1, 1)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    xt = (xt - mean) / sd
    start = alignments(net, xt[:SAMPLES], yt[:SAMPLES])
    order = torch.randperm(len(x))
    at = 0
    for _ in range(STEPS):
        if at + BATCH > len(x):
            order, at = torch.randperm(len(x)), 0
        chosen = order[at : at + BATCH]
        at += BATCH
        optimizer.zero_grad()
        F.cross_entropy(net((augmented(x[chosen]) - mean) / sd), y[chosen]).backward()
        optimizer.step()
        schedule.step()
    net.eval()
    with torch.no_grad():
        accuracy = np.mean([float((net(xt[i : i + 100]).argmax(1) == yt[i : i + 100]).float().mean()) for i in range(0, len(xt), 100)])
    print(json.dumps({"accuracy": float(accuracy), "start": start, "end": alignments(net, xt[:SAMPLES], yt[:SAMPLES])}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
