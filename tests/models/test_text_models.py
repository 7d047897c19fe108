"""Text in functional models: it is moved as numbers are."""

import pytest

import kerasish as keras
from kerasish import layers, ops, tf
from kerasish.core.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x[:, 0:1], [[b"a"], [b"c"]]),
        (lambda x: x[:, 1], [b"b", b"d"]),
        (lambda x: x[:, None], [[[b"a", b"b"]], [[b"c", b"d"]]]),
        (lambda x: ops.flip(x, axis=1), [[b"b", b"a"], [b"d", b"c"]]),
        (lambda x: ops.roll(x, 1, axis=1), [[b"b", b"a"], [b"d", b"c"]]),
        (lambda x: ops.repeat(x, 2, axis=1), [[b"a", b"a", b"b", b"b"], [b"c", b"c", b"d", b"d"]]),
        (lambda x: ops.take(x, [1], axis=1), [[b"b"], [b"d"]]),
        (lambda x: ops.unstack(x, axis=1)[1], [b"b", b"d"]),
        (lambda x: ops.slice(x, (0, 1), (2, 1)), [[b"b"], [b"d"]]),
        (lambda x: ops.where(ops.equal(x, "a"), "z", x), [[b"z", b"b"], [b"c", b"d"]]),
        (lambda x: ops.swapaxes(x, 0, 1), [[b"a", b"c"], [b"b", b"d"]]),
        (lambda x: ops.cast(x, "string"), [[b"a", b"b"], [b"c", b"d"]]),
        (lambda x: layers.Permute((1,))(x), [[b"a", b"b"], [b"c", b"d"]]),
        (lambda x: layers.RepeatVector(1)(x), [[[b"a", b"b"]], [[b"c", b"d"]]]),
        (lambda x: layers.Flatten()(x), [[b"a", b"b"], [b"c", b"d"]]),
        (lambda x: layers.Concatenate()([x, x[:, :1]]), [[b"a", b"b", b"a"], [b"c", b"d", b"c"]]),
        (lambda x: layers.Lambda(lambda z: z[:, 0])(x), [b"a", b"c"]),
    ],
)
def test_text_is_moved_in_eager_calls_and_in_models(function, expected):
    x = tf.constant([["a", "b"], ["c", "d"]])
    inputs = keras.Input((2,), dtype="string")
    assert function(x).numpy().tolist() == expected
    assert keras.Model(inputs, function(inputs))(x).numpy().tolist() == expected


def test_columns_of_text_are_crossed_in_a_model():
    inputs = keras.Input((2,), dtype="string")
    model = keras.Model(inputs, layers.HashedCrossing(7)((inputs[:, 0:1], inputs[:, 1:2])))
    words = tf.constant([["a", "b"], ["c", "d"]])
    assert model(words).numpy().tolist() == layers.HashedCrossing(7)((words[:, :1], words[:, 1:])).numpy().tolist()
    assert ops.size(words) == 4


def test_text_is_no_number():
    with pytest.raises(InvalidArgumentError, match="Cast string to float32"):
        ops.cast(tf.constant(["1"]), "float32")
