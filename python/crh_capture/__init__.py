"""Captures second moments of a PyTorch model where it trains; crh ingest measures them.

    capture = Capture(model, out="captures/", every=500)
    with capture.step(): ...

See README.md beside this package, and docs/formats.md for the files.
"""

from .capture import Capture
from .errors import CaptureError
from .moments import LayerMoments, Moments, SideMoments
from .rules import Map, linear_map, register
from .schedule import log_spaced

__all__ = [
    "Capture",
    "CaptureError",
    "LayerMoments",
    "Map",
    "Moments",
    "SideMoments",
    "linear_map",
    "log_spaced",
    "register",
]
__version__ = "0.1.0"
