"""``tf.nest`` on what only looks like a container."""

import collections

import pytest

from kerasish import tf, tree


def test_shapes_are_leaves():
    shapes = [tf.TensorShape([2, None]), (tf.TensorShape([3]),)]
    assert tf.nest.flatten(shapes) == [tf.TensorShape([2, None]), tf.TensorShape([3])]
    assert tf.nest.map_structure(lambda s: s[1:], shapes) == [tf.TensorShape([None]), (tf.TensorShape([]),)]
    assert not tf.nest.is_nested(tf.TensorShape([2]))
    assert tf.nest.is_nested((2,))


def test_ordered_dictionaries_are_sorted_too():
    ordered = collections.OrderedDict([("b", 1), ("a", 2)])
    assert tf.nest.flatten(ordered) == [2, 1]
    packed = tf.nest.pack_sequence_as(ordered, [5, 6])
    assert packed == collections.OrderedDict([("b", 6), ("a", 5)])
    assert tree.flatten(ordered) == [1, 2]  # in Keras they are not


class Record(dict):
    """A dictionary of a class of its own."""


@pytest.mark.parametrize("kind", [Record, collections.OrderedDict, dict])
def test_dictionaries_keep_their_class(kind):
    given = kind(b=1.0, a=[2.0])
    assert type(tf.nest.map_structure(lambda x: x, given)) is kind
    assert type(tf.nest.pack_sequence_as(given, [5, 6])) is kind
    assert type(tf.function(lambda x: x)(given)) is kind
    dataset = tf.data.Dataset.from_tensors(given).map(lambda x: x)
    assert type(dataset.element_spec) is kind
    assert type(next(iter(dataset))) is kind


def test_dictionaries_with_defaults_keep_them():
    mapped = tf.nest.map_structure(lambda x: x + 1, collections.defaultdict(list, a=1))
    assert mapped["a"] == 2
    assert mapped["b"] == []


def test_a_class_that_cannot_be_filled_becomes_a_dictionary():
    class Fixed(dict):
        def __init__(self, first):
            super().__init__(a=first)

    assert type(tf.nest.map_structure(lambda x: x, Fixed(1))) is dict
