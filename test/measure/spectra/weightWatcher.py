"""Writes weightWatcher.json: eigenvalues of trained and planted weight matrices, and what WeightWatcher 0.7.7 and powerlaw 2.0 say of them.
The trained ones are of a small network on the handwritten digits of scikit-learn. Checks as well what WeightWatcher takes for the
eigenvalues of a convolution. Run: python3 weightWatcher.py (torch, weightwatcher, powerlaw, scikit-learn)."""
import json, logging, pathlib, warnings
import numpy as np
import torch
import powerlaw
import weightwatcher
from sklearn.datasets import load_digits

warnings.simplefilter("ignore")
logging.getLogger("weightwatcher").setLevel(logging.ERROR)
torch.manual_seed(0)
torch.set_num_threads(1)

digits = load_digits()
x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
net = torch.nn.Sequential(
    torch.nn.Linear(64, 160), torch.nn.ReLU(), torch.nn.Linear(160, 120), torch.nn.ReLU(),
    torch.nn.Linear(120, 48), torch.nn.ReLU(), torch.nn.Linear(48, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(3000):
    rows = torch.randint(0, len(x), (32,))
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
    optimizer.step()
layers = {f"digits {i // 2}": net[i] for i in (0, 2, 4)}

random = np.random.default_rng(0)
for alpha in (2, 3, 4):
    values = (1 - random.random(150)) ** (-1 / (alpha - 1))
    layers[f"pareto {alpha}"] = torch.nn.Linear(150, 150, bias=False)
    layers[f"pareto {alpha}"].weight.data = torch.diag(torch.tensor(values, dtype=torch.float32).sqrt())
convolution = torch.nn.Conv2d(24, 32, 3)
details = weightwatcher.WeightWatcher(model=torch.nn.Sequential(*layers.values(), convolution)).analyze()


def eigenvalues(W):
    return np.linalg.svd(W.detach().double().numpy(), compute_uv=False) ** 2


slices = np.concatenate([eigenvalues(convolution.weight[:, :, i, j]) for i in range(3) for j in range(3)])
last = details.iloc[-1]
assert last.num_evals == len(slices) and np.isclose(last.norm, slices.sum() / 2) and np.isclose(last.lambda_max, slices.max() / 2)

result = []
for (name, layer), (_, row) in zip(layers.items(), details.iterrows()):
    values = eigenvalues(layer.weight)
    fit = powerlaw.Fit(values, parameter_ranges={"alpha": [1, 100]}, verbose=False)
    keys = ["alpha", "sigma", "xmin", "D", "num_pl_spikes", "log_norm", "log_spectral_norm", "spectral_norm", "alpha_weighted", "stable_rank",
            "matrix_rank", "entropy"]
    result.append({
        "name": name,
        "eigenvalues": values.tolist(),
        "weightwatcher": {key: float(row[key]) for key in keys},
        "powerlaw": {"alpha": float(fit.alpha), "xmin": float(fit.xmin), "D": float(fit.D)},
    })
    print(name, len(values), {key: round(float(row[key]), 4) for key in keys}, fit.alpha, fit.xmin, fit.D)
text = ",\n".join(json.dumps(one) for one in result)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{text}\n]\n")
