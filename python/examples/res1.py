"""res1 of arXiv 2410.03006, appendix C.1: ResNet-18 on CIFAR-10. python res1.py --data cifar10 --out captures/

Weight decay is not in the paper. Batch normalization couples a batch, so test images are measured in evaluation mode.
"""

import torch
from images import arguments, cifar10, cropped, resnet18
from torch.nn import functional as F

from crh_capture import Capture

asked = arguments(__doc__, steps=78_000, batch=128, lr=0.01, momentum=0.9, decay=5e-4, samples=1000)
(images, classes), (test, labels) = cifar10(asked.data)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = resnet18(10, asked.width).to(device)
optimizer = torch.optim.SGD(model.parameters(), asked.lr, momentum=asked.momentum, weight_decay=asked.decay)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, asked.steps)
probe = [(test[i : i + 100], labels[i : i + 100]) for i in range(0, min(asked.samples, len(test)), 100)]
with Capture(model, asked.out, asked.every) as capture:
    for step in range(asked.steps + 1):
        capture.measure_if_due(
            probe, lambda output, y: F.cross_entropy(output, y, reduction="none"), step=step, objective="cross-entropy"
        )
        if step == asked.steps:
            break
        at = torch.randint(len(images), (asked.batch,))
        optimizer.zero_grad()
        F.cross_entropy(model(cropped(images[at]).to(device)), classes[at].to(device)).backward()
        optimizer.step()
        schedule.step()
