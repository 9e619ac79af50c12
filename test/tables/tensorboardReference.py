"""What test/tables/tensorboard.reference.json was made with: an event file by TensorBoard's own writer, and, given the
folder of an export (crh export .. --format tensorboard), what TensorBoard's EventAccumulator reads from it.

    python test/tables/tensorboardReference.py            prints the reference
    python test/tables/tensorboardReference.py FOLDER     prints tags and values of each run in it
"""
import json
import pathlib
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

WALL_TIME = 1796032800.5
EVENTS = [
    (0, {"eval/loss": 0.5}),
    (100, {"train/loss": 0.125, "paper.b.rga/layers.1": -0.1}),
    (2**31 + 5, {"größe": 3.4e38}),
]


def reference():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "events"
        with open(path, "wb") as file:
            writer = RecordWriter(file)
            events = [Event(wall_time=WALL_TIME, file_version="brain.Event:2")] + [
                Event(
                    wall_time=WALL_TIME,
                    step=step,
                    summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]),
                )
                for step, values in EVENTS
            ]
            for event in events:
                writer.write(event.SerializeToString())
            writer.flush()
        return {"wallTime": WALL_TIME, "events": EVENTS, "hex": path.read_bytes().hex()}


def read(folder):
    for run in sorted(pathlib.Path(folder).iterdir()):
        found = EventAccumulator(str(run), size_guidance={"scalars": 0})
        found.Reload()
        for tag in found.Tags()["scalars"]:
            print(run.name, tag, [(event.step, event.value) for event in found.Scalars(tag)])


if len(sys.argv) > 1:
    read(sys.argv[1])
else:
    print(json.dumps(reference(), ensure_ascii=False))
