"""Steps per second of the settings of bench/steps.mjs in PyTorch eager on one thread; prints one line of JSON.

Usage: python3 steps.py fc1|fc2|mlp STEPS"""
import json
import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(0)


def network(widths):
    layers = []
    for d_in, d_out in zip(widths[:-1], widths[1:]):
        layers += [torch.nn.Linear(d_in, d_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def teacher(outputs):
    w, b, u = torch.randn(100, 100) / 10, torch.randn(100), torch.randn(outputs, 100) / 10

    def batch():
        x = torch.randn(100, 100)
        return x, torch.sin(x @ w.T + b) @ u.T

    return batch


def images():
    x = torch.randint(0, 256, (10_000, 784), dtype=torch.uint8)
    y = torch.arange(10_000) % 10
    state = {"order": torch.randperm(10_000), "at": 0}

    def batch():
        if state["at"] + 100 > 10_000:
            state.update(order=torch.randperm(10_000), at=0)
        chosen = state["order"][state["at"] : state["at"] + 100]
        state["at"] += 100
        return (x[chosen].float() / 255 - 0.13) / 0.31, y[chosen]

    return batch


cases = {
    "fc2": ([100] * 7, lambda: teacher(100), torch.nn.functional.mse_loss, 0.1),
    "fc1": ([100] * 5 + [1], lambda: teacher(1), torch.nn.functional.mse_loss, 0.1),
    "mlp": ([784, 256, 256, 10], images, torch.nn.functional.cross_entropy, 0.05),
}
widths, make, loss_of, lr = cases[sys.argv[1]]
steps = int(sys.argv[2])
net, batch = network(widths), make()
optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=1e-4)


def train(count):
    for _ in range(count):
        x, y = batch()
        loss = loss_of(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


train(min(200, steps))  # warm-up: allocator, threads, code paths
started = time.perf_counter()
train(steps)
print(json.dumps({"stepsPerSecond": steps / (time.perf_counter() - started), "version": torch.__version__}))
