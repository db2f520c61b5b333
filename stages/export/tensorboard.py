"""TensorBoard: a training log as an event file. Needs the library tensorboard, and no TensorFlow.

The same log gives the same bytes: the log holds no times, so that the file has none, and each event stands at its step.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow.parquet as pq

from pipeline import Report, StageError

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    raise StageError("TensorBoard files need the library tensorboard; install brickwise[tensorboard]") from error

FILE = "events.out.tfevents.0.brickwise"  # TensorBoard reads files with tfevents in their names


def to_events(log: Report) -> bytes:
    """An event file: `step/loss`, `step/norm` and `step/rate` of each step, `epoch/...` of each epoch, and the findings as text."""
    sink = io.BytesIO()
    writer = RecordWriter(sink)
    writer.write(Event(file_version="brain.Event:2").SerializeToString())
    for event in _events(log):
        event.wall_time = float(event.step)
        writer.write(event.SerializeToString(deterministic=True))
    return sink.getvalue()


def _events(log: Report) -> Iterator[Event]:
    for row in pq.read_table(io.BytesIO(log.read("steps.parquet"))).to_pylist():
        step = row.pop("step")
        yield Event(step=step, summary=_scalars("step", row))
    for row in log.facts["epochs"]:
        yield Event(
            step=row["epoch"], summary=_scalars("epoch", {name: value for name, value in row.items() if name != "epoch"})
        )
    yield Event(step=0, summary=_text("findings", _findings(log)))


def _scalars(group: str, values: dict[str, float]) -> Summary:
    return Summary(value=[Summary.Value(tag=f"{group}/{name}", simple_value=value) for name, value in values.items()])


def _text(tag: str, text: str) -> Summary:
    """As the plugin for texts reads it: a tensor of one string, in Markdown."""
    about = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    one = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()], tensor_shape=one)
    return Summary(value=[Summary.Value(tag=tag, metadata=about, tensor=tensor)])


def _findings(log: Report) -> str:
    rows = [
        f"| {'ok' if one['ok'] else 'LOOK'} | {one['epoch']} | {one['check']} | {one['found']} | {one['expected']} |"
        for one in log.facts["findings"]
    ]
    return "\n".join(["| | epoch | check | found | expected |", "|---|---|---|---|---|", *rows])
