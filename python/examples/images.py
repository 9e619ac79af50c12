"""What res1.py and res2.py share: CIFAR-10's binary files, ResNet-18 for small images, and the arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

RECORD = 1 + 3 * 32 * 32
"""Bytes of an image: its class, then red, green and blue."""


def cifar10(folder: str) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Training and test images (n, 3, 32, 32) in -1 to 1 and classes (n), of data_batch_*.bin and test_batch.bin."""

    def read(paths: list[Path]) -> tuple[Tensor, Tensor]:
        if not paths:
            raise SystemExit(f"expected data_batch_1.bin .. and test_batch.bin in {folder}; crh data get cifar10")
        rows = np.concatenate([np.fromfile(path, np.uint8) for path in paths]).reshape(-1, RECORD)
        images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)) / 127.5 - 1
        return images, torch.from_numpy(rows[:, 0].astype(np.int64))

    place = Path(folder)
    return read(sorted(place.glob("data_batch_*.bin"))), read(sorted(place.glob("test_batch.bin")))


class Block(nn.Module):
    """Two convolutions, and a way around them."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c, 3, stride, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        around = [nn.Conv2d(c_in, c, 1, stride, bias=False), nn.BatchNorm2d(c)]
        self.downsample = nn.Sequential(*around) if stride > 1 or c_in != c else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


def resnet18(outputs: int, width: float, head: bool = False) -> nn.Sequential:
    """For images of 32 by 32: a first convolution of 3 by 3 and no pooling. head: two fully connected layers."""
    widths = [max(1, round(64 * width * 2**k)) for k in range(4)]
    layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()]
    c_in = widths[0]
    for k, c in enumerate(widths):
        layers += [Block(c_in, c, 2 if k > 0 else 1), Block(c, c, 1)]
        c_in = c
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += [nn.Linear(c_in, c_in), nn.ReLU(), nn.Linear(c_in, outputs)] if head else [nn.Linear(c_in, outputs)]
    return nn.Sequential(*layers)


def cropped(images: Tensor) -> Tensor:
    """Shifted by up to 4 pixels and flipped, each image by itself."""
    n = len(images)
    padded = F.pad(images, (4, 4, 4, 4))
    at, left = torch.randint(9, (n,)), torch.randint(9, (n,))
    views = torch.stack([padded[i, :, a : a + 32, b : b + 32] for i, (a, b) in enumerate(zip(at, left))])
    return torch.where(torch.rand(n, 1, 1, 1) < 0.5, views.flip(3), views)


def arguments(about: str, **defaults: float) -> argparse.Namespace:
    """--data, --out, --every, --seed, --width, and the given ones with their defaults."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--data", required=True, help="folder of CIFAR-10's binary files")
    parser.add_argument("--out", required=True, help="folder of captures")
    parser.add_argument("--every", type=int, default=1000, help="steps from capture to capture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=float, default=1.0)
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    return asked
