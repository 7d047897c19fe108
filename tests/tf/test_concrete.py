"""Concrete functions: what they tell of a trace."""

from kerasish import tf


def test_concrete_functions_know_the_variables_they_read():
    w, n, unused = tf.Variable(2.0, name="w"), tf.Variable(1.0, trainable=False, name="n"), tf.Variable(0.0)
    c = tf.constant([5.0])

    @tf.function(input_signature=[tf.TensorSpec([None], name="x")])
    def f(x):
        return w * x + n + c

    concrete = f.get_concrete_function()
    assert [v.name for v in concrete.variables] == ["w:0", "n:0"]
    assert [v.name for v in concrete.trainable_variables] == ["w:0"]
    assert concrete.graph.variables == concrete.variables
    assert [x is v.handle for x, v in zip(concrete.captured_inputs, concrete.variables)] == [True, True]
    assert concrete.structured_outputs.shape.as_list() == [None]
    assert repr(concrete.inputs[0]) == "<tf.Tensor 'x:0' shape=(None,) dtype=float32>"
    assert [x.dtype.name for x in concrete.inputs] == ["float32", "resource", "resource"]
    assert unused.name not in [v.name for v in concrete.variables]


def test_variables_of_a_function_traced_by_a_call():
    v = tf.Variable([1.0, 2.0], name="v")

    @tf.function
    def f(x):
        v.assign_add(x)
        return v

    f(tf.constant([1.0, 1.0]))
    concrete = f.get_concrete_function(tf.constant([1.0, 1.0]))
    assert [x.name for x in concrete.variables] == ["v:0"]
    assert v.numpy().tolist() == [2.0, 3.0]


def test_asking_for_a_concrete_function_runs_nothing():
    v = tf.Variable(1.0)

    @tf.function
    def f():
        v.assign_add(1.0)
        return v

    concrete = f.get_concrete_function()
    assert v.numpy() == 1.0
    assert concrete().numpy() == 2.0


def test_keyword_only_parameters_are_printed_behind_a_star():
    f = tf.function(lambda a, b=3, *, k=None: [a + float(b)])
    text = f.get_concrete_function(tf.TensorSpec([2]), b=4).pretty_printed_signature(verbose=False)
    spec = "TensorSpec(shape=(2,), dtype=tf.float32, name=None)"
    assert text == f"(a: {spec}, b: Literal[4], *, k: Literal[None]) -> List[{spec}]"


def test_weights_of_layers_and_variables_under_a_tape_are_known():
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2), tf.keras.layers.BatchNormalization()])
    concrete = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec([None, 3]))
    assert (len(concrete.variables), len(concrete.trainable_variables)) == (6, 4)
    w = tf.Variable([1.0, 2.0])

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((w * x) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    concrete = step.get_concrete_function(tf.TensorSpec([2]))
    assert w.numpy().tolist() == [1.0, 2.0]
    assert [x is w for x in concrete.variables] == [True]
    assert concrete.structured_outputs.shape.as_list() == []
