"""res2 of arXiv 2410.03006, appendix C.1: ResNet-18 learning CIFAR-10 without labels by SimCLR.

python res2.py --data cifar10 --out captures/

Rate, optimizer and temperature are not in the paper. Views here are shifted and flipped, with brightness and contrast
of their own; SimCLR's also crop, resize and change colours. The loss of an image compares it with all others of its
batch: measured are the gradients of the sum over batches of 64 pairs.
"""

import torch
from images import arguments, cifar10, cropped, resnet18
from torch.nn import functional as F

from crh_capture import Capture

asked = arguments(__doc__, steps=97_000, batch=512, lr=1e-3, decay=5e-5, embedding=128, temperature=0.5, samples=512)


def views(images):
    """Two of each image, (2 n, 3, 32, 32)."""
    both = torch.cat([cropped(images), cropped(images)])
    factor, shift = 0.6 + 0.8 * torch.rand(len(both), 1, 1, 1), 0.4 * torch.rand(len(both), 1, 1, 1) - 0.2
    return both * factor + shift


def nt_xent(output, _):
    """Losses (2 n) of embeddings whose other view is n further."""
    z = F.normalize(output, dim=1)
    similarity = (z @ z.T / asked.temperature).masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -1e9)
    return F.cross_entropy(similarity, torch.arange(len(z), device=z.device).roll(len(z) // 2), reduction="none")


(images, _), (test, _) = cifar10(asked.data)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = resnet18(asked.embedding, asked.width, head=True).to(device)
optimizer = torch.optim.Adam(model.parameters(), asked.lr, weight_decay=asked.decay)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, asked.steps)
probe = [(views(test[i : i + 64]), torch.zeros(1)) for i in range(0, min(asked.samples, len(test)), 64)]
with Capture(model, asked.out, asked.every) as capture:
    for step in range(asked.steps + 1):
        capture.measure_if_due(probe, nt_xent, step=step, objective="nt-xent")
        if step == asked.steps:
            break
        at = torch.randint(len(images), (asked.batch,))
        optimizer.zero_grad()
        nt_xent(model(views(images[at]).to(device)), None).mean().backward()
        optimizer.step()
        schedule.step()
