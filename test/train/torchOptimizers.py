"""Writes torchOptimizers.json: parameters of a small MLP after three steps of each optimizer of torch.optim, in float64, and
learning rates of torch's schedulers. Run: python3 torchOptimizers.py (torch; any recent version)."""
import json, pathlib
import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
SIZES = [4, 6, 3]


def network():
    generator = torch.Generator().manual_seed(1)
    layers = []
    for d_in, d_out in zip(SIZES[:-1], SIZES[1:]):
        layer = torch.nn.Linear(d_in, d_out)
        for parameter in layer.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator).float().double() * 0.5
        layers += [layer, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


x = torch.randn(3, 5, SIZES[0]).float().double()
y = torch.randn(3, 5, SIZES[-1]).float().double()
labels = torch.randint(0, SIZES[-1], (3, 5))

cases = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}


def train(make, objective):
    net = network()
    optimizer = make(net.parameters())
    losses = []
    for k in range(3):
        output = net(x[k])
        loss = ((output - y[k]) ** 2).mean() if objective == "mse" else torch.nn.functional.cross_entropy(output, labels[k])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "parameters": [p.detach().flatten().tolist() for p in net.parameters()]}


def rates(make, steps=12):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


S = torch.optim.lr_scheduler
out = {
    "sizes": SIZES,
    "initial": [p.detach().flatten().tolist() for p in network().parameters()],
    "x": x.flatten().tolist(),
    "y": y.flatten().tolist(),
    "labels": labels.flatten().tolist(),
    "trained": {f"{name}/{objective}": train(make, objective) for name, make in cases.items() for objective in ("mse", "cross-entropy")},
    "schedules": {
        "cosine": rates(lambda o: S.CosineAnnealingLR(o, T_max=12)),
        "step": rates(lambda o: S.StepLR(o, step_size=5, gamma=0.1)),
        "warmup": rates(lambda o: S.LinearLR(o, start_factor=0.25, total_iters=3)),
    },
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
