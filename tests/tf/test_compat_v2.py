"""``tf.compat.v2`` is ``tf``."""

from kerasish import tf


def test_it_is_tf_itself_without_an_import():
    assert tf.compat.v2 is tf
    assert tf.compat.v2.compat.v1 is tf.compat.v1


def test_programs_may_enable_what_is_enabled():
    assert tf.compat.v2.enable_v2_behavior() is None
