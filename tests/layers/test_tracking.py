"""What attributes, lists and dicts hold becomes part of the layer, and ceases to when it is let go."""

import pytest

from kerasish import Variable, metrics
from kerasish.layers import Dense, Layer
from kerasish.layers.tracking import TrackedDict, TrackedList


def dense():
    return Dense(1)


LIST_CHANGES = {
    "append": (lambda x: x.append(dense()), 3),
    "extend": (lambda x: x.extend([dense(), dense()]), 4),
    "insert": (lambda x: x.insert(0, dense()), 3),
    "+=": (lambda x: x.__iadd__([dense()]), 3),
    "replace": (lambda x: x.__setitem__(0, dense()), 2),
    "slice": (lambda x: x.__setitem__(slice(0, 2), [dense(), dense(), dense()]), 3),
    "del": (lambda x: x.__delitem__(0), 1),
    "del slice": (lambda x: x.__delitem__(slice(None)), 0),
    "pop": (lambda x: x.pop(), 1),
    "remove": (lambda x: x.remove(x[1]), 1),
    "clear": (lambda x: x.clear(), 0),
    "nested": (lambda x: x.append([dense(), {"a": dense()}]), 4),
    "same again": (lambda x: x.append(x[0]), 2),
}
DICT_CHANGES = {
    "set": (lambda x: x.__setitem__("c", dense()), 3),
    "replace": (lambda x: x.__setitem__("a", dense()), 2),
    "update": (lambda x: x.update(a=dense(), d=dense()), 3),
    "setdefault": (lambda x: x.setdefault("a", dense()), 2),
    "del": (lambda x: x.__delitem__("a"), 1),
    "pop": (lambda x: x.pop("a"), 1),
    "clear": (lambda x: x.clear(), 0),
}


@pytest.mark.parametrize("change", list(LIST_CHANGES))
def test_changes_of_lists(change):
    layer = Layer()
    layer.parts = [dense(), dense()]
    do, count = LIST_CHANGES[change]
    do(layer.parts)
    assert type(layer.parts) is TrackedList and len(layer._layers) == count
    assert len({id(m) for m in layer.modules() if isinstance(m, Dense)}) == count


@pytest.mark.parametrize("change", list(DICT_CHANGES))
def test_changes_of_dicts(change):
    layer = Layer()
    layer.parts = {"a": dense(), "b": dense()}
    do, count = DICT_CHANGES[change]
    do(layer.parts)
    assert type(layer.parts) is TrackedDict and len(layer._layers) == count
    assert len({id(m) for m in layer.modules() if isinstance(m, Dense)}) == count


def test_containers_are_lists_and_dicts():
    layer = Layer()
    layer.numbers, layer.table = [1, 2], {"a": 1}
    assert layer.numbers == [1, 2] and isinstance(layer.numbers, list) and repr(layer.numbers) == "[1, 2]"
    assert layer.table == {"a": 1} and isinstance(layer.table, dict) and sorted(layer.table) == ["a"]
    with pytest.raises(AttributeError, match="'7'"):
        getattr(layer.numbers, "7")


def test_attributes_that_are_replaced_or_deleted_are_let_go():
    layer = Layer()
    layer.a = dense()
    layer.a = dense()
    assert len(layer._layers) == 1
    layer.b = layer.a
    del layer.a
    assert len(layer._layers) == 1  # the other attribute holds it
    del layer.b
    assert not layer._layers
    with pytest.raises(AttributeError, match="'Layer' object has no attribute 'b'"):
        layer.b  # noqa: B018


def test_variables_and_metrics_are_tracked():
    layer = Layer()
    layer.v = Variable([1.0], name="v")
    layer.s = Variable([1.0], trainable=False)
    layer.m = metrics.Mean(name="m")
    layer.pair = (Variable([2.0]), [Variable([3.0])])
    assert len(layer.trainable_weights) == 3 and len(layer.non_trainable_weights) == 1
    assert [m.name for m in layer.metrics] == ["m"] and len(layer.metrics_variables) == 2
    layer.v = None
    assert len(layer.trainable_weights) == 2


def test_attributes_set_before_super_init_count():
    class Early(Layer):
        def __init__(self):
            self.dense, self.units = Dense(2), 3
            super().__init__()

        def call(self, x):
            return self.dense(x)

    layer = Early()
    layer.build((None, 3))
    layer([[1.0, 2.0, 3.0]])
    assert len(layer.weights) == 2


def test_containers_tell_of_the_layers_in_them():
    layer = Layer()
    layer.parts = [Dense(2), [Dense(3)], {"a": Dense(4, kernel_regularizer="l2")}, 5]
    for part in layer.parts.layers:
        part.build((None, 1))
    assert [part.units for part in layer.parts.layers] == [2, 3, 4]
    assert [v.shape[0] for v in layer.parts[2].variables] == [1, 4]
    assert len(layer.parts.weights) == len(layer.parts.trainable_weights) == 6 and len(layer.parts.losses) == 1
