import json

import pytest

from kerasish import tf

profiler = tf.profiler.experimental


def test_a_recording_is_a_trace_with_the_named_blocks(tmp_path):
    with profiler.Profile(str(tmp_path)), profiler.Trace("train", step_num=3, _r=1):
        tf.constant([1.0]) + 1.0
    (path,) = (tmp_path / "plugins" / "profile").glob("*/*.pt.trace.json")
    names = {event.get("name", "") for event in json.loads(path.read_text())["traceEvents"]}
    assert "train#step_num=3,_r=1#" in names


def test_one_recording_at_a_time(tmp_path):
    with pytest.raises(tf.errors.UnavailableError, match="No profiler is running"):
        profiler.stop()
    profiler.start(str(tmp_path))
    with pytest.raises(tf.errors.AlreadyExistsError, match="running"):
        profiler.start(str(tmp_path))
    profiler.stop(save=False)
    assert not list(tmp_path.iterdir())
