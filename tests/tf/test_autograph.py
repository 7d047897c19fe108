"""tf.autograph, where functions stay what they are."""

from kerasish import tf


def test_functions_stay_what_they_are(capsys):
    def double(x):
        return x * 2

    tf.autograph.set_verbosity(0)
    assert tf.autograph.experimental.do_not_convert(double) is double
    assert tf.autograph.experimental.do_not_convert()(double) is double
    assert tf.autograph.to_graph(double)(2) == 4
    tf.autograph.trace("x", 1)
    assert capsys.readouterr().out == "x 1\n"
