"""Writes numpyCases.json: small .npy and .npz files as NumPy writes them, for npy.test.ts and npz.test.ts.

Run with NumPy >= 2: python test/data/numpyCases.py
"""
import base64
import io
import json
import os

import numpy as np
from numpy.lib import format as npy

cases, archives, refused = [], [], []


def text(data):
    return base64.b64encode(data).decode()


def add(name, array, version=(1, 0)):
    file = io.BytesIO()
    npy.write_array(file, array, version=version)
    cases.append({"name": name, "dtype": str(array.dtype.newbyteorder("=")), "shape": array.shape,
                  "values": [float(v) for v in array.ravel(order="C")], "bytes": text(file.getvalue())})


count = np.arange(24).reshape(2, 3, 4)
for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
    values = count - 7 if code[0] != "u" else count
    for order in "<>":
        add(f"{order}{code}", values.astype(order + code))
add("f2 extremes", np.array([6e-8, -6.1e-5, 65504, 0.333], "<f2"))
add("i8 extremes", np.array([2**53, -(2**53)], "<i8"))
add("b1", count % 3 == 0)
add("version 2", count.astype("<f8"), (2, 0))
add("version 3", count.astype("<f4"), (3, 0))
add("fortran 2-D", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
add("fortran 3-D big-endian", np.asfortranarray(count.astype(">i2")))
add("fortran 4-D", np.asfortranarray(np.arange(120.0).reshape(2, 3, 4, 5)))
add("scalar", np.array(3.5))
add("empty", np.zeros((0, 4)))
add("one dimension", np.arange(3.0))

for name, array in [("object", np.array([{}, 1], object)), ("text", np.array(["a", "bc"])), ("bytes", np.array([b"a"])),
                    ("complex", np.array([1j])), ("structured", np.zeros(2, [("a", "<f4"), ("b", "<i4")])),
                    ("date", np.array(["2024-10-03"], "M8[D]")), ("long double", np.zeros(1, np.longdouble))]:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    refused.append({"name": name, "bytes": text(file.getvalue())})

arrays = {"x": np.arange(6, dtype="<f4").reshape(2, 3), "layer.0/H": np.eye(20), "n": np.array(7)}
for save in [np.savez, np.savez_compressed]:
    file = io.BytesIO()
    save(file, **arrays)
    archives.append({"name": save.__name__, "bytes": text(file.getvalue())})

with open(os.path.join(os.path.dirname(__file__), "numpyCases.json"), "w") as out:
    json.dump({"arrays": cases, "refused": refused, "archives": archives}, out, indent=1)
    out.write("\n")
