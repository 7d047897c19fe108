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


def test_loops_on_tensors_end_after_their_maximum_of_rounds():
    @tf.function
    def over(values):
        total = 0.0
        for value in values:
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            if value >= 0:
                total = total + 1.0
        return total

    @tf.function
    def until(n):
        i = tf.constant(0)
        while i < n:
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            i = i + 1
        return i

    for _ in range(2):  # traced, and after
        assert float(over(tf.range(5))) == 3.0
        assert float(over(tf.range(2))) == 2.0
        assert int(until(tf.constant(5))) == 3
        assert int(until(tf.constant(2))) == 2


def test_loops_of_python_have_no_maximum_of_rounds():
    @tf.function
    def f():
        total = 0
        for _ in range(5):
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            total += 1
        return total

    assert int(f()) == 5


class OfTheModule:
    def value(self):
        return 2


class BelowIt(OfTheModule):
    def value(self):
        found = 0
        if tf.constant(True):
            found = super().value()
        return found


def test_a_method_that_names_its_class():
    assert int(tf.function(lambda: BelowIt().value())()) == 2
