"""Small models for tests."""

import torch
from torch import nn


class Net(nn.Module):
    """Convolutions with groups, an in-place ReLU, a shared map, two linear maps."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(4, 6, 3, padding="same", groups=2, dilation=2)
        self.depthwise = nn.Conv2d(6, 6, 3, groups=6, padding=1, padding_mode="circular", bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.shared = nn.Linear(6, 6)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.relu(self.conv(x))
        x = self.relu(self.grouped(x))
        x = self.relu(self.depthwise(x))
        x = x.mean((2, 3))
        x = self.relu(self.shared(x))
        x = self.relu(self.shared(x))
        return self.head(x)


def net_batch(n=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, 9, 9, generator=generator), torch.randint(3, (n,), generator=generator)


def mlp(d=5, width=7, classes=3, depth=2):
    torch.manual_seed(0)
    layers = [nn.Linear(d, width), nn.ReLU(inplace=True)]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(width, classes))


def mlp_batch(n=20, d=5, classes=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator), torch.randint(classes, (n,), generator=generator)


def losses(output, target):
    return nn.functional.cross_entropy(output.flatten(0, -2), target.flatten(), reduction="none")
