"""Writes collapseNumpy.json: neural collapse of random features by definitions written out in NumPy, class by class and sample by
sample, with none of the sums that the project uses. Run: python3 collapseNumpy.py (numpy; any recent version)."""
import itertools, json, pathlib
import numpy as np


def cosine(x, y):
    return x @ y / np.linalg.norm(x) / np.linalg.norm(y)


def frame(X):
    C = len(X)
    norms = np.linalg.norm(X, axis=1)
    cosines = [cosine(X[c], X[e]) for c, e in itertools.permutations(range(C), 2)]
    K = X @ X.T
    etf = (np.eye(C) - 1 / C) / np.sqrt(C - 1)
    return {
        "equinorm": norms.std(ddof=1) / norms.mean(),
        "equiangular": np.mean(np.abs(np.array(cosines) + 1 / (C - 1))),
        "meanCosine": np.mean(cosines),
        "simplex": np.linalg.norm(K / np.linalg.norm(K) - etf),
    }


def collapse(H, labels, W, predicted):
    C, N = W.shape[0], len(H)
    mu = np.array([H[labels == c].mean(axis=0) for c in range(C)])
    mu_G = mu.mean(axis=0)
    M = (mu - mu_G).T
    Sw = sum(np.outer(h - mu[c], h - mu[c]) for h, c in zip(H, labels)) / N
    Sb = M @ M.T / C
    U, s, Vt = np.linalg.svd(Sb)
    k = C - 1
    Sb_inv = Vt[:k].T @ np.diag(1 / s[:k]) @ U[:, :k].T
    nc1 = np.trace(Sw @ Sb_inv)
    var = [np.mean(np.sum((H[labels == c] - mu[c]) ** 2, axis=1)) for c in range(C)]
    cdnv = np.mean([(var[c] + var[e]) / 2 / np.sum((mu[c] - mu[e]) ** 2) for c, e in itertools.permutations(range(C), 2)])
    raw = [cosine(mu[c], mu[e]) for c, e in itertools.permutations(range(C), 2)]
    etf = (np.eye(C) - 1 / C) / np.sqrt(C - 1)
    WM = W @ M
    nearest = [int(np.argmin([np.linalg.norm(h - m) for m in mu])) for h in H]
    return {
        "nc1": {"trace": nc1, "perClass": nc1 / C, "cdnv": cdnv},
        "nc2": {
            "means": frame(M.T),
            "classifier": frame(W),
            "uncentred": {"meanCosine": np.mean(raw), "meanAbsoluteCosine": np.mean(np.abs(raw))},
        },
        "nc3": {
            "selfDuality": np.linalg.norm(W.T / np.linalg.norm(W) - M / np.linalg.norm(M)) ** 2,
            "product": np.linalg.norm(WM / np.linalg.norm(WM) - etf),
        },
        "nc4": 1 - np.mean(np.array(nearest) == predicted),
    }


def case(seed, C, d, N, spread):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(C), rng.integers(0, C, N - C)])
    mu = rng.normal(size=(C, d))
    H = np.maximum(mu[labels] + spread * rng.normal(size=(N, d)), -0.5)
    W = mu + 0.3 * rng.normal(size=(C, d))
    predicted = np.argmax(H @ W.T, axis=1)
    found = collapse(H, labels, W, predicted)
    data = {"features": H.ravel().tolist(), "labels": labels.tolist(), "classifier": W.ravel().tolist()}
    return {"C": C, "d": d, **data, "predicted": predicted.tolist(), "expected": found}


cases = [case(0, 4, 6, 40, 0.5), case(1, 3, 8, 25, 0.05), case(2, 6, 5, 60, 1.0)]
text = json.dumps(cases, default=float)
(pathlib.Path(__file__).parent / "collapseNumpy.json").write_text(text + "\n")
