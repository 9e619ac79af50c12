"""Solutions of the two-point equations (docs/theory.md, The two-point theory) by SciPy's Radau at rtol 1e-11, checked here against
the explicit DOP853, an unrelated method. Run: python generate.py > solutions.json (NumPy, SciPy)."""
import json
import math

import numpy as np
from scipy.integrate import solve_ivp


def equations(t, z, etaH, etaY, dx2, dy2):
    H, Y, w = z
    a = etaH * dx2
    return [-a * w, -w * (etaY * H + a * Y / H), -etaY * (3 * w - Y + dy2) * H / 2 - a * (Y + w) * w / (2 * H)]


CASES = {  # etaH, etaY, dx2, dy2, (H, Y, w) at the start, last time
    "rich": (1.5e-3, 0.08, 1.0, 0.5, (2e-3, 1e-4, -5e-3), 2000.0),
    "lazy": (2e-3, 0.01, 1.0, 0.5, (1.6, 0.05, -0.06), 3000.0),
    "between": (4e-3, 0.01, 1.5, 0.8, (0.5, 0.01, -0.05), 3000.0),
    "one output": (0.018, 0.038, 1.0, 0.5, (0.03, 4e-4, 4e-4 - math.sqrt(4e-4 * 0.5)), 1500.0),
    "against the target": (0.018, 0.038, 1.0, 0.5, (0.03, 4e-4, 4e-4 + math.sqrt(4e-4 * 0.5)), 1500.0),
    "no output": (0.018, 0.038, 1.0, 0.5, (0.03, 0.0, 0.0), 1500.0),
    "long plateau": (2e-4, 3e-3, 1.0, 0.5, (1e-6, 1e-10, -1e-6), 1e5),
}

out = []
for name, (etaH, etaY, dx2, dy2, start, last) in CASES.items():
    t = np.linspace(0, last, 41)
    args = (etaH, etaY, dx2, dy2)
    small = min(abs(v) for v in start if v) * 1e-7
    y, other = (solve_ivp(equations, [0, last], start, m, t_eval=t, args=args, rtol=r, atol=min(small, 1e-14)).y
                for m, r in (("Radau", 1e-11), ("DOP853", 1e-12)))
    assert np.abs((y - other) / np.abs(y).max(1, keepdims=True)).max() < 1e-9, name
    out.append(dict(name=name, constants=dict(etaH=etaH, etaY=etaY, dx2=dx2, dy2=dy2), start=dict(zip(("dh2", "dy2", "w"), start)),
                    t=t.tolist(), **dict(zip(("dh2", "dy2", "w"), y.tolist()))))
print(json.dumps(out))
