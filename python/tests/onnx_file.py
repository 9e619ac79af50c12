"""Weights and nodes of an ONNX file, read without the package onnx: the fields of its protobuf that tests need."""

from __future__ import annotations

import pathlib
from types import SimpleNamespace

import numpy as np

_TYPES = {1: np.float32, 7: np.int64}


def _fields(data: memoryview):
    """(field, value) of a message: numbers of varints, bytes of everything else."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        length = {1: 8, 5: 4}.get(key & 7) or varint()
        yield key >> 3, data[at : at + length]
        at += length


def _text(value: memoryview) -> str:
    return bytes(value).decode()


def _tensor(data: memoryview):
    shape, dtype, name, raw = [], np.float32, "", b""
    for field, value in _fields(data):
        if field == 1:
            shape += [value] if isinstance(value, int) else [number for number in bytes(value)]
        elif field == 2:
            dtype = _TYPES.get(value)
        elif field == 8:
            name = _text(value)
        elif field == 9:
            raw = value
    values = None if dtype is None else np.frombuffer(raw, dtype)
    return name, values.reshape(shape) if values is not None and values.size == np.prod(shape, dtype=int) else None


def read_onnx(path: pathlib.Path):
    """({name: array} of the initializers in float32, nodes with op, name, inputs and outputs)"""
    [graph] = [value for field, value in _fields(memoryview(path.read_bytes())) if field == 7]
    weights, nodes = {}, []
    for field, value in _fields(graph):
        if field == 5:
            name, array = _tensor(value)
            if array is not None:
                weights[name] = array
        elif field == 1:
            node = SimpleNamespace(op="", name="", inputs=[], outputs=[])
            for part, text in _fields(value):
                if part in (1, 2):
                    (node.inputs if part == 1 else node.outputs).append(_text(text))
                elif part == 3:
                    node.name = _text(text)
                elif part == 4:
                    node.op = _text(text)
            nodes.append(node)
    return weights, nodes
