"""Writes ansatzTorch.json: Jacobians of a small MLP with respect to the input of its second layer by torch.autograd, their average
outer product, and the neural feature ansatz as the code of its two papers states it. Run: python3 ansatzTorch.py (torch)."""
import json, pathlib
import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
N, D = 30, [5, 7, 6, 3]

layers = [torch.nn.Linear(a, b) for a, b in zip(D[:-1], D[1:])]
net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
x, y = torch.randn(N, D[0]), torch.randint(0, D[-1], (N,))
initial = layers[1].weight.detach().clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
for _ in range(60):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()

rest = net[2:]
inputs = torch.relu(layers[0](x)).detach()
J = torch.stack([torch.autograd.functional.jacobian(lambda h: rest(h[None])[0], h) for h in inputs])  # (N, K, d)


def agop(J):
    return torch.einsum("nki,nkj->ij", J, J) / len(J)


def root(A):
    values, vectors = torch.linalg.eigh(A)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def compare(A, B):
    def flat(X):
        return X / X.norm()
    return {
        "cosine": (flat(A) * flat(B)).sum().item(),
        "pearson": (flat(A - A.mean()) * flat(B - B.mean())).sum().item(),
    }


def forms(W):
    A = agop(J)
    return {"one": compare(W.T @ W, A), "half": compare(W.T @ W, root(A))}


W = layers[1].weight.detach()
h = inputs.clone().requires_grad_(True)
hb = layers[1](h)
hb.retain_grad()
torch.nn.functional.cross_entropy(net[3:](hb), y, reduction="sum").backward()
Ga, Gb = h.grad.T @ h.grad / N, hb.grad.T @ hb.grad / N
result = {
    "n": N,
    "shape": list(W.shape),
    "W": W.flatten().tolist(),
    "initial": initial.flatten().tolist(),
    "jacobians": J.flatten().tolist(),
    "Ga": Ga.flatten().tolist(),
    "Gb": Gb.flatten().tolist(),
    "agop": agop(J).flatten().tolist(),
    "centred": agop(J - J.mean(0)).flatten().tolist(),
    "expected": {
        "weights": forms(W),
        "change": forms(W - initial),
        "equivariant": {"backward": compare(W.T @ W, Ga), "forward": compare(W @ W.T, Gb)},
    },
}
(pathlib.Path(__file__).parent / "ansatzTorch.json").write_text(json.dumps(result) + "\n")
