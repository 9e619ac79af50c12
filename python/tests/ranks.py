"""One rank of two that test_distributed.py starts: python ranks.py FOLDER RANK. Prints one line of JSON."""

import json
import os
import pathlib
import sys
import time

import torch
import torch.distributed as dist
from models import losses, mlp, mlp_batch
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from crh_capture import Capture, CaptureError

folder, rank = pathlib.Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
x, y = mlp_batch(20)
x = x.double()


def half(first, last):
    """Samples of this rank, of those from `first` to `last`."""
    at = {0: (0, first), 1: (first, last)}[rank]
    return x[at[0] : at[1]], y[at[0] : at[1]]


said = {}
model = mlp().double()
Capture(model).measure([half(10, 20)], losses).save(folder / f"measured-{rank}.safetensors")

parallel = DistributedDataParallel(model)
capture = Capture(parallel, folder / "captures", 1)
for first, last in ((10, 20), (12, 17)):  # the last batch is smaller on one rank
    mine = half(first, last)
    parallel.zero_grad()
    with capture.step():
        F.cross_entropy(parallel(mine[0]), mine[1]).backward()
capture.writer.close()

try:  # an error on one rank is one on both
    parallel.zero_grad()
    with capture.step():
        loss = F.cross_entropy(parallel(half(10, 20)[0]), half(10, 20)[1])
        loss.backward(retain_graph=rank == 1)
        if rank == 1:
            loss.backward()
except CaptureError as error:
    said["mismatch"] = str(error)

began = time.monotonic()
alone = Capture(model, every=1, out=folder / "alone")
for way in ("step", "measure"):  # one rank fails before its sums are there
    try:
        model.zero_grad()
        if way == "measure":
            alone.measure([half(10, 20)], losses if rank == 0 else lambda *_: 1 / 0)
        else:
            with alone.step():
                F.cross_entropy(model(half(10, 20)[0] if rank == 0 else None), half(10, 20)[1]).backward()
    except Exception as error:
        said[f"failed {way}"] = f"{type(error).__name__}: {error}"
said["waited"] = time.monotonic() - began

try:  # FSDP2, whose weights are in parts on the ranks
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
except ImportError:
    said["fsdp2"] = False
else:
    said["fsdp2"] = True
    sharded = mlp().double()
    mesh = init_device_mesh("cpu", (2,))
    for module in (sharded[0], sharded[2], sharded[4], sharded):
        fully_shard(module, mesh=mesh)
    mine = half(10, 20)
    Capture(sharded).measure([mine], losses).save(folder / f"fsdp2-measured-{rank}.safetensors")
    with Capture(sharded, folder / "fsdp2", 1) as sharded_capture, sharded_capture.step():
        F.cross_entropy(sharded(mine[0]), mine[1]).backward()

dist.barrier()
if rank == 1:
    os._exit(1)  # killed
time.sleep(0.5)
try:
    with capture.step():  # without DistributedDataParallel, whose own all-reduce fails first
        F.cross_entropy(model(x[:10]), y[:10]).backward()
except Exception as error:
    said["killed"] = f"{type(error).__name__}: {error}"
print(json.dumps(said), flush=True)
os._exit(0)
