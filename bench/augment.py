"""Images a second through torchvision's transforms on float tensors, one thread, one image at a time; for augment.mjs."""
import json
import time

import torch
from torchvision import transforms as T

torch.set_num_threads(1)
images = torch.randint(0, 256, (512, 3, 32, 32), dtype=torch.uint8)
s = 0.5
recipes = {
    "simclr": (images.float() / 255, T.Compose([
        T.RandomResizedCrop(32, antialias=True),
        T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.8 * s, 0.8 * s, 0.8 * s, 0.2 * s)], p=0.8),
        T.RandomGrayscale(p=0.2),
    ])),
    "crop and flip": (images, T.Compose([T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()])),
}
rates = {}
for name, (x, transform) in recipes.items():
    [transform(image) for image in x[:64]]
    started = time.perf_counter()
    torch.stack([transform(image) for image in x])
    rates[name] = len(x) / (time.perf_counter() - started)
print(json.dumps(rates))
