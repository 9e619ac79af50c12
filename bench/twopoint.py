"""The two-point theory's experiment in PyTorch eager, and its fit in SciPy, for bench/twopoint.mjs. Prints one line of JSON.

    python3 twopoint.py steps <steps> <threads>    20 layers of 500 on two points, all distances recorded at every step
    python3 twopoint.py fit <csv>                  the two rates from columns t, H, Y, w, as the authors' code finds them
"""
import json
import math
import sys
import time

import numpy as np

X, YS = 1.0, 0.5


def steps(count: int, threads: int) -> dict:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    widths = [1, *[500] * 20, 1]
    layers = [torch.nn.Linear(i, o) for i, o in zip(widths, widths[1:])]
    for layer in layers:
        torch.nn.init.xavier_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    x = torch.tensor([[-1.0], [-1 + math.sqrt(X)]])
    target = torch.tensor([[0.6], [0.6 + math.sqrt(YS)]])
    optimizer = torch.optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.005)
    rows = []

    def step() -> None:
        h, hidden = x, []
        for layer in layers[:-1]:
            h = torch.nn.functional.leaky_relu(layer(h))
            hidden.append(h)
        y = layers[-1](h)
        loss = 0.5 * ((y - target) ** 2).mean()
        with torch.no_grad():
            dh2 = torch.stack([(h[1] - h[0]).square().sum() for h in hidden])
            dy = y[1] - y[0]
            w = (dy * (dy - (target[1] - target[0]))).sum()
            rows.append((dh2, dy.square().sum(), w, loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(20):
        step()
    started = time.perf_counter()
    for _ in range(count):
        step()
    return {"version": torch.__version__, "stepsPerSecond": count / (time.perf_counter() - started)}


def fit(path: str) -> dict:
    """A grid over the rate with the ratio of the rich limit, then BFGS over both, by Radau; costs as they stand."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import minimize

    t, *observed = np.loadtxt(path, delimiter=",", skiprows=1).T
    observed = np.array(observed)

    def slope(_, z, eh, ey):
        H, Y, w = z
        return [
            -eh * X * w,
            -w * (ey * H + eh * X * Y / H),
            -0.5 * ey * (3 * w - Y + YS) * H - 0.5 * eh * X * (Y + w) * w / H,
        ]

    def cost(rates) -> float:
        with np.errstate(all="ignore"):
            found = solve_ivp(slope, (t[0], t[-1]), observed[:, 0], "Radau", t_eval=t, args=tuple(rates)).y
        return float(((found - observed) ** 2).sum()) if found.shape == observed.shape else 1e9

    started = time.perf_counter()
    ratio = observed[0, -1] ** 2 / (X * YS)
    grid = np.logspace(-6, 2, 100)
    start = min(grid, key=lambda ey: cost((ratio * ey, ey)))
    found = minimize(cost, (ratio * start, start)).x
    return {"seconds": time.perf_counter() - started, "etaH": found[0], "etaY": found[1]}


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    print(json.dumps(fit(rest[0]) if kind == "fit" else steps(int(rest[0]), int(rest[1]))))
