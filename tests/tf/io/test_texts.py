"""CSV, raw memory, base 64. What TensorFlow gives is in ../recorded/io.txt."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(alphabet='ab,"\n ', max_size=5), min_size=1, max_size=4))
def test_quoted_fields_come_back(fields):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(fields)
    found = tf.io.decode_csv(out.getvalue(), [["-"]] * len(fields))
    assert [field.numpy().decode() for field in found] == [field or "-" for field in fields]


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=9))
def test_base64_comes_back(data):
    for pad in (False, True):
        assert tf.io.decode_base64(tf.io.encode_base64(data, pad)).numpy() == data


def test_specifications_are_known_without_running():
    lines = tf.data.Dataset.from_tensor_slices(["1,a", "2,b"])
    dataset = lines.map(lambda line: tf.io.decode_csv(line, [[0], [""]]))
    assert dataset.element_spec == (tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.string))
    raw = lines.map(lambda line: tf.io.decode_raw(line, tf.uint8))
    assert raw.element_spec == tf.TensorSpec((None,), tf.uint8)
