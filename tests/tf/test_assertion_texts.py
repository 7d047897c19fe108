"""What failed assertions of ``tf.debugging`` say, with a message of the user's and without."""

import pytest

from kerasish import tf

CASES = [
    (
        lambda: tf.debugging.assert_type(tf.constant(1), tf.float32, "m"),
        "m.  tensor must be of type tf.float32; got tf.int32",
    ),
    (lambda: tf.debugging.assert_scalar(tf.zeros([2]), message="m"), "m.  Expected scalar shape, saw shape: (2,)."),
    (
        lambda: tf.debugging.assert_integer(tf.constant(1.0), "m"),
        "m.  Expected \"x\" to be integer type.  Found: tensor of dtype <dtype: 'float32'>",
    ),
    (
        lambda: tf.debugging.assert_shapes([(tf.zeros([3]), (2,))], message="q"),
        "q.  Specified explicitly.  Tensor shape=(3,) dtype=float32 dimension 0 must have size 2.  "
        "Received size 3, shape (3,)",
    ),
    (
        lambda: tf.debugging.assert_positive(tf.constant(-1), "msg", 1),
        "msg.  \nCondition x > 0 did not hold element-wise:\nx (shape=() dtype=int32) = \n-1",
    ),
    (
        lambda: tf.debugging.assert_non_positive(tf.constant([[1.0, 2]]), "m"),
        "m.  \nCondition x <= 0 did not hold element-wise:x (shape=(1, 2) dtype=float32) = \n['1.0', '2.0']",
    ),
]


@pytest.mark.parametrize(("call", "text"), CASES)
def test_assertions_say(call, text):
    with pytest.raises(Exception, match=".") as caught:
        call()
    assert str(caught.value) == text
