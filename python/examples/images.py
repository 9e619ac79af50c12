"""What res1.py and res2.py share: CIFAR-10's binary files, batches, and ResNet-18 for small images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from crh_capture.rules import Map, register

RECORD = 1 + 3 * 32 * 32
"""Bytes of an image: its class, then red, green and blue."""
PADDING = 4


class Cifar10:
    """Images (n, 3, 32, 32) as bytes and classes (n), of data_batch_*.bin and of test_batch.bin."""

    def __init__(self, folder: str) -> None:
        place = Path(folder)
        self.images, self.classes = _read(folder, sorted(place.glob("data_batch_*.bin")))
        self.test, self.labels = _read(folder, sorted(place.glob("test_batch.bin")))
        values = self.images.permute(1, 0, 2, 3).flatten(1).double() / 255
        self.mean = values.mean(1).float().view(3, 1, 1)
        self.deviation = values.std(1, unbiased=False).float().view(3, 1, 1)

    def scaled(self, images: Tensor) -> Tensor:
        """Bytes, or values in 0 to 1, less the mean of a channel's training pixels, over their deviation."""
        values = images.float() / 255 if images.dtype == torch.uint8 else images
        scaled: Tensor = (values - self.mean) / self.deviation
        return scaled

    def batches(self, size: int) -> Iterator[Tensor]:
        """Places of training images in random order, each once an epoch, the last incomplete batch left out."""
        n = len(self.images)
        if size > n:
            raise SystemExit(f"expected a batch of at most {n} images, got {size}")
        while True:
            yield from torch.randperm(n)[: n // size * size].view(-1, size)


def _read(folder: str, paths: list[Path]) -> tuple[Tensor, Tensor]:
    if not paths:
        raise SystemExit(f"expected data_batch_1.bin .. and test_batch.bin in {folder}; crh data get cifar10")
    rows = np.concatenate([np.fromfile(path, np.uint8) for path in paths]).reshape(-1, RECORD)
    images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).copy())
    return images, torch.from_numpy(rows[:, 0].astype(np.int64))


def cropped(images: Tensor) -> Tensor:
    """Shifted by up to 4 pixels, zeros beyond the border, and flipped, each image by itself."""
    n = len(images)
    padded = F.pad(images, (PADDING,) * 4)
    top, left = torch.randint(2 * PADDING + 1, (n,)), torch.randint(2 * PADDING + 1, (n,))
    places = zip(top.tolist(), left.tolist())
    views = torch.stack([padded[i, :, t : t + 32, x : x + 32] for i, (t, x) in enumerate(places)])
    return torch.where(torch.rand(n, 1, 1, 1) < 0.5, views.flip(3), views)


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


class Stage(nn.Sequential):
    """Two blocks. What the second gives is measured by channel, a row for each pixel."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__(Block(c_in, c, stride), Block(c, c, 1))
        self.channels = c


register(
    Stage,
    lambda stage: [
        Map(
            kind="block",
            d_out=stage.channels,
            output_rows=lambda y: y.transpose(0, 1).flatten(1).T,
            rows_shape=lambda y: (y.shape[0], *y.shape[2:]),
        )
    ],
)


class ResNet18(nn.Module):
    """For images of 32 by 32: a first convolution of 3 by 3, no pooling, and two fully connected layers at the end."""

    def __init__(self, outputs: int, width: float) -> None:
        super().__init__()
        c1, c2, c3, c4 = (max(1, round(64 * width * 2**k)) for k in range(4))
        self.conv1, self.bn1 = nn.Conv2d(3, c1, 3, 1, 1, bias=False), nn.BatchNorm2d(c1)
        self.layer1, self.layer2 = Stage(c1, c1, 1), Stage(c1, c2, 2)
        self.layer3, self.layer4 = Stage(c2, c3, 2), Stage(c3, c4, 2)
        self.fc1, self.fc2 = nn.Linear(c4, c4), nn.Linear(c4, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))
        y: Tensor = self.fc2(F.relu(self.fc1(x)))
        return y
