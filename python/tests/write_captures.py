"""Writes a capture file of each reference network named, for crh ingest: python write_captures.py FOLDER NAME ..

With --copy FROM TO, reads a capture file and writes it again.
"""

import pathlib
import sys

import conftest

from crh_capture import Capture, Moments

if sys.argv[1] == "--copy":
    Moments.load(sys.argv[2]).save(sys.argv[3])
else:
    folder = pathlib.Path(sys.argv[1])
    build = conftest.reference_builder()
    for name in sys.argv[2:]:
        case = build(name)
        moments = Capture(case.model).measure([(case.x, case.y)], case.loss, objective=name)
        moments.save(folder / f"{name}.safetensors")
