"""res1 of arXiv 2410.03006, appendix C.1: ResNet-18 on CIFAR-10, as crh run res1 trains it.

python res1.py --data cifar10 --out captures/res1-0
crh ingest captures/res1-0 --runs runs
crh reproduce crh/1 --size paper --runs runs --done-only

Weight decay is not in the paper. Batch normalization couples a batch, so test images are measured in evaluation mode.
"""

import torch
from images import Cifar10, ResNet18, cropped
from paper_run import captured_steps, next_steps, parser, state
from torch.nn import functional as F

from crh_capture import Capture

numbers = dict(steps=78_000, batch=128, lr=0.01, momentum=0.9, decay=5e-4, width=1.0, samples=1000, limit=1152)
asked = parser(__doc__, **numbers).parse_args()
torch.manual_seed(asked.seed)
data = Cifar10(asked.data)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = ResNet18(10, asked.width).to(device)
optimizer = torch.optim.SGD(model.parameters(), asked.lr, momentum=asked.momentum, weight_decay=asked.decay)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, asked.steps)
count = min(asked.samples, len(data.test))
probe = [
    (data.scaled(data.test[i : i + 100][: count - i]), data.labels[i : i + 100][: count - i])
    for i in range(0, count, 100)
]
due = captured_steps(asked.every, asked.steps)
with Capture(model, asked.out, due, largest=asked.limit) as capture:
    stated = {name: getattr(asked, name) for name in numbers if name != "steps"}
    state(asked, "res1", [], **stated)
    batches = data.batches(asked.batch)
    for step in range(asked.steps + 1):
        capture.measure_if_due(
            probe, lambda output, y: F.cross_entropy(output, y, reduction="none"), step=step, objective="cross-entropy"
        )
        if step == asked.steps:
            break
        at = next(batches)
        optimizer.zero_grad()
        x = data.scaled(cropped(data.images[at]))
        F.cross_entropy(model(x.to(device)), data.classes[at].to(device)).backward()
        optimizer.step()
        schedule.step()
next_steps(asked, "crh/1 crh/11 crh/12 crh/19 crh/21", "The studies take seeds 0 to 2, and seed 0 with --steps 1.")
