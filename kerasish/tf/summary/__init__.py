"""``tf.summary``: values for TensorBoard, in event files that it reads."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.summary import experimental as experimental
from kerasish.tf.summary.tracing import graph as graph
from kerasish.tf.summary.tracing import trace_export as trace_export
from kerasish.tf.summary.tracing import trace_off as trace_off
from kerasish.tf.summary.tracing import trace_on as trace_on
from kerasish.tf.summary.values import audio as audio
from kerasish.tf.summary.values import histogram as histogram
from kerasish.tf.summary.values import image as image
from kerasish.tf.summary.values import scalar as scalar
from kerasish.tf.summary.values import text as text
from kerasish.tf.summary.values import write as write
from kerasish.tf.summary.writer import SummaryWriter as SummaryWriter
from kerasish.tf.summary.writer import create_file_writer as create_file_writer
from kerasish.tf.summary.writer import create_noop_writer as create_noop_writer
from kerasish.tf.summary.writer import flush as flush
from kerasish.tf.summary.writer import record_if as record_if
from kerasish.tf.summary.writer import should_record_summaries as should_record_summaries


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
