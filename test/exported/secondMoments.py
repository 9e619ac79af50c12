"""Second moments of rows in both conventions (reference.py) and their correlation: what the references of every framework share."""
import numpy as np


def pearson(A, B):
    """None for a single entry or a constant matrix."""
    a, b = A.ravel() - A.mean(), B.ravel() - B.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return None if a.size == 1 or scale == 0 else round(float(a @ b / scale), 6)


def moment(h, paper):
    dropped = 0
    if paper:
        norm = np.linalg.norm(h, axis=1)
        keep = norm > 0
        dropped = int((~keep).sum())
        h = h[keep] / norm[keep, None]
        h = h - h.mean(0)
    return h.T @ h / len(h), dropped


def sides(parts, Z):
    """The alignments of each side, of rows (h, g) and of Z, with the rows that have no gradient."""
    result = {}
    for convention in ("paper", "raw"):
        result[convention] = {}
        for side, (h, g) in parts.items():
            (H, _), (G, dropped) = moment(h, convention == "paper"), moment(g, convention == "paper")
            result[convention][side] = {"rga": pearson(H, G), "rwa": pearson(H, Z[side]), "gwa": pearson(G, Z[side]), "zero_gradient_rows": dropped}
    return result
