"""``tf.nest`` on what only looks like a container."""

from kerasish import tf


def test_shapes_are_leaves():
    shapes = [tf.TensorShape([2, None]), (tf.TensorShape([3]),)]
    assert tf.nest.flatten(shapes) == [tf.TensorShape([2, None]), tf.TensorShape([3])]
    assert tf.nest.map_structure(lambda s: s[1:], shapes) == [tf.TensorShape([None]), (tf.TensorShape([]),)]
    assert not tf.nest.is_nested(tf.TensorShape([2]))
    assert tf.nest.is_nested((2,))
