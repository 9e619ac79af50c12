"""Writes torchvisionCases.json: what torchvision makes of small images at given parameters. Run with torchvision installed."""
import json
import pathlib

import torch
import torchvision.transforms.functional as F

torch.manual_seed(0)
# Pixels of every kind: random, saturated, grey (no hue), black and white, equal maxima.
image = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)
image[:, 0, 0], image[:, 0, 1] = 0, 255
image[:, 0, 2] = 128
image[:, 0, 3] = torch.tensor([200, 200, 10], dtype=torch.uint8)
image[:, 0, 4] = torch.tensor([10, 200, 200], dtype=torch.uint8)
image[:, 0, 5] = torch.tensor([200, 10, 200], dtype=torch.uint8)
unit = image.float() / 255
numbers = lambda t: [round(v, 7) for v in t.flatten().tolist()]


def composed(x, order, b, c, s, h):
    for k in order:
        x = [lambda v: F.adjust_brightness(v, b), lambda v: F.adjust_contrast(v, c),
             lambda v: F.adjust_saturation(v, s), lambda v: F.adjust_hue(v, h)][k](x)
    return x


cases = {
    "image": image.flatten().tolist(),
    "brightness": {str(f): numbers(F.adjust_brightness(unit, f)) for f in (0.0, 0.6, 1.4)},
    "contrast": {str(f): numbers(F.adjust_contrast(unit, f)) for f in (0.0, 0.6, 1.4)},
    "saturation": {str(f): numbers(F.adjust_saturation(unit, f)) for f in (0.0, 0.6, 1.4)},
    "hue": {str(f): numbers(F.adjust_hue(unit, f)) for f in (-0.5, -0.1, 0.07, 0.3)},
    "grey": numbers(F.rgb_to_grayscale(unit, 3)),
    "flip": numbers(F.hflip(unit)),
    "crops": [{"top": t, "left": l, "height": h, "width": w,
               "out": numbers(F.resized_crop(unit, t, l, h, w, [8, 8], antialias=True))}
              for t, l, h, w in [(0, 0, 8, 8), (1, 2, 5, 4), (7, 0, 1, 3), (2, 5, 6, 3), (3, 3, 2, 2)]],
    "padded": [{"top": t, "left": l, "out": F.crop(F.pad(image, [4]), t, l, 8, 8).flatten().tolist()}
               for t, l in [(0, 0), (4, 4), (8, 8), (1, 7), (5, 2)]],
    "composed": [{"order": o, "factors": f, "out": numbers(composed(unit, o, *f))}
                 for o, f in [([0, 1, 2, 3], [1.3, 0.7, 1.2, 0.08]), ([3, 2, 1, 0], [0.65, 1.35, 0.7, -0.1]),
                              ([2, 0, 3, 1], [1.1, 1.2, 1.4, 0.05])]],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
