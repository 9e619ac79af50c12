"""References for the integrator: two stiff problems by SciPy's Radau at rtol 1e-10 (Hairer and Wanner, Solving Ordinary
Differential Equations II, sections IV.1 and IV.10). Run: python generate.py > references.json (NumPy, SciPy)."""
import json

import numpy as np
from scipy.integrate import solve_ivp


def van_der_pol(t, y, eps=1e-3):
    return [y[1], ((1 - y[0] ** 2) * y[1] - y[0]) / eps]


def robertson(t, y):
    slow, fast = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
    return [-slow, slow - fast, fast]


def solved(f, start, times, atol):
    t = [0.0, *times]
    y = solve_ivp(f, [0, t[-1]], start, "Radau", t_eval=t, rtol=1e-10, atol=atol).y
    return dict(t=t, y=y.T.tolist())


print(json.dumps({
    "vanDerPol": solved(van_der_pol, [2.0, 0.0], np.linspace(0.05, 2, 40).tolist(), 1e-12),
    "robertson": solved(robertson, [1.0, 0.0, 0.0], np.logspace(-3, 8, 23).tolist(), 1e-16),
}))
