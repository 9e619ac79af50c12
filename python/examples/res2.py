"""res2 of arXiv 2410.03006, appendix C.1: ResNet-18 learning CIFAR-10 without labels by SimCLR.

python res2.py --data cifar10 --out captures/res2-0
crh ingest captures/res2-0 --runs runs
crh reproduce crh/6 --size paper --runs runs --done-only

Rate, optimizer and temperature are not in the paper. Views here are shifted and flipped, with brightness and contrast
of their own; SimCLR's, and those of crh run res2, also crop, resize and change colours. The loss of an image compares
it with all others of its batch: measured are the gradients of the sum over a batch.
"""

import torch
from images import Cifar10, ResNet18, cropped
from paper_run import captured_steps, next_steps, parser, state
from torch.nn import functional as F

from crh_capture import Capture

VIEWS = (
    "Views are shifted, flipped, brightened and contrasted; those of crh run res2 also crop, resize and change colours."
)
PROBE = "No linear probe tells what the features know."
numbers = dict(steps=97_000, batch=512, lr=1e-3, decay=5e-5, width=1.0, embedding=128, temperature=0.5)
measured = dict(samples=512, measuredBatch=64, limit=1152)
asked = parser(__doc__, **numbers, **measured).parse_args()
torch.manual_seed(asked.seed)
data = Cifar10(asked.data)


def views(images):
    """Two of each image, (2 n, 3, 32, 32)."""
    both = torch.cat([cropped(images), cropped(images)]).float() / 255
    factor, shift = 0.6 + 0.8 * torch.rand(len(both), 1, 1, 1), 0.4 * torch.rand(len(both), 1, 1, 1) - 0.2
    return data.scaled((both * factor + shift).clamp(0, 1))


def nt_xent(output, _):
    """Losses (2 n) of embeddings whose other view is n further."""
    z = F.normalize(output, dim=1)
    similarity = (z @ z.T / asked.temperature).masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -1e9)
    return F.cross_entropy(similarity, torch.arange(len(z), device=z.device).roll(len(z) // 2), reduction="none")


device = "cuda" if torch.cuda.is_available() else "cpu"
model = ResNet18(asked.embedding, asked.width).to(device)
optimizer = torch.optim.Adam(model.parameters(), asked.lr, weight_decay=asked.decay)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, asked.steps)
count, size = min(asked.samples, len(data.test)), asked.measuredBatch
probe = [(views(data.test[i : i + size][: count - i]), torch.zeros(1)) for i in range(0, count, size)]
due = captured_steps(asked.every, asked.steps)
with Capture(model, asked.out, due, largest=asked.limit) as capture:
    stated = {name: getattr(asked, name) for name in (*numbers, *measured) if name != "steps"}
    state(asked, "res2", [VIEWS, PROBE], **stated)
    batches = data.batches(asked.batch)
    for step in range(asked.steps + 1):
        capture.measure_if_due(probe, nt_xent, step=step, objective="nt-xent")
        if step == asked.steps:
            break
        optimizer.zero_grad()
        nt_xent(model(views(data.images[next(batches)]).to(device)), None).mean().backward()
        optimizer.step()
        schedule.step()
next_steps(asked, "crh/6 crh/13", "The studies take seeds 0 to 2.")
