"""tf.function: what is traced once, and what a trace keeps. The expectations are what TensorFlow 2.21 does."""

import gc
import weakref

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.errors import NotServedError

GLOBAL = 1
RECORD = []


@pytest.fixture(autouse=True)
def _fresh_record():
    RECORD.clear()


def counted(**options):
    @tf.function(**options)
    def f(x, n=1, flag=True):
        RECORD.append(1)
        return x

    return f


@pytest.mark.parametrize(
    ("calls", "traces"),
    [
        ([tf.constant(1), tf.constant(2)], 1),
        ([tf.constant(1), tf.constant(1.0)], 2),
        ([1, 2, 1], 2),
        ([1, 1.0, True], 1),
        ([np.array([1, 2]), np.array([3, 4]), np.array([1, 2, 3])], 2),
        ([tf.constant([1, 2], "int64"), np.array([3, 4])], 1),
        ([tf.Variable(1), tf.Variable(2)], 1),
        ([tf.zeros([1]), tf.zeros([2]), tf.zeros([1])], 2),
    ],
)
def test_calls_of_one_signature_share_a_trace(calls, traces):
    f = counted()
    for x in calls:
        f(x)
    assert len(RECORD) == f.experimental_get_tracing_count() == traces


def test_arguments_count_however_they_are_given():
    f = counted()
    x = tf.constant(1)
    for call in (lambda: f(x), lambda: f(x=x), lambda: f(x, n=1), lambda: f(x, 1, True)):
        assert int(call()) == 1
    assert len(RECORD) == 1


def test_equal_numbers_are_those_of_the_trace():
    f = counted()
    assert f(1).dtype == tf.int32
    assert f(1.0).dtype == tf.int32


def test_reduce_retracing_generalises_sizes():
    f = counted(reduce_retracing=True)
    for n in (1, 2, 3, 4):
        assert f(tf.zeros([n], tf.int32)).shape == (n,)
    assert len(RECORD) == 2


def test_an_input_signature_has_one_trace(capsys):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
    def f(x):
        print("traced", x)
        return x * 2

    f(tf.zeros([1, 2]))
    assert f([[1.0, 2.0]]).numpy().tolist() == [[2.0, 4.0]]
    assert capsys.readouterr().out == 'traced Tensor("rows:0", shape=(None, 2), dtype=float32)\n'


def test_python_effects_happen_in_traced_calls_only(capsys):
    count = [0]
    log = []

    class Owner:
        calls = 0

        @tf.function
        def go(self, x):
            self.calls += 1
            count[0] += 1
            log.append(x.shape)
            local = []
            for i in range(3):
                local.append(x * i)
            print("go")
            return self.helper(tf.add_n(local))

        def helper(self, x):
            print("helper")
            return x + 1

    owner = Owner()
    assert [int(owner.go(tf.constant(x))) for x in (1, 2, 3)] == [4, 7, 10]
    assert (owner.calls, count, len(log)) == (1, [1], 1)
    assert capsys.readouterr().out == "go\nhelper\n"


class Tally:
    """Counts what is asked of it, by its own name and by that of the instance."""

    made = 0

    def __init__(self, values):
        self.values, self.found, self.keys = values, 0, []

    def get(self, key):
        if isinstance(self, (Tally, dict)) and key in self.values:
            self.found += 1
            self.keys.append(key)
            Tally.made += 1
            return self.values[key]
        return None


def test_objects_that_a_call_makes_change_in_each_call():
    @tf.function
    def total(values):
        tally = Tally(values)
        parts = [tally.get("a"), tally.get("b")]
        if tally.found != len(values):
            raise ValueError(f"{tally.found} of {len(values)}, {tally.keys}")
        return tf.add_n(parts) * len(tally.keys)

    before = Tally.made
    results = [int(total({"a": tf.constant(x), "b": tf.constant(1)})) for x in (1, 2, 3)]
    assert (results, Tally.made - before) == ([4, 6, 8], 2)


def test_nonlocal_counters_count_traces():
    n = 0

    @tf.function
    def f(x):
        nonlocal n
        n += 1
        return x

    for _ in range(3):
        f(tf.constant(1))
    f(tf.constant(1.0))
    assert n == 2


def test_loops_on_tensors_are_traced_once(capsys):
    @tf.function
    def f(x):
        while x < 100:
            print("while")
            x = x * 2
        for i in tf.range(3):
            print("for")
            x += i
        for i in range(2):
            print("python", i)
        return x

    assert int(f(tf.constant(3))) == 195
    assert capsys.readouterr().out == "while\nfor\npython 0\npython 1\n"


def test_what_a_body_reads_stays_as_it_was_traced(monkeypatch):
    import sys

    @tf.function
    def f(x):
        return x + GLOBAL

    assert int(f(tf.constant(1))) == 2
    monkeypatch.setattr(sys.modules[__name__], "GLOBAL", 100)
    assert int(f(tf.constant(1))) == 2
    assert float(f(tf.constant(1.0))) == 101.0


def test_variables_are_read_at_each_call():
    v = tf.Variable(1.0)

    @tf.function
    def f():
        v.assign_add(1.0)
        return v * 1.0

    assert [float(f()) for _ in range(3)] == [2.0, 3.0, 4.0]


def test_variables_may_be_made_in_the_first_call_only():
    @tf.function
    def always(x):
        v = tf.Variable(1.0)
        return v + x

    with pytest.raises(ValueError, match=r"tf.function only supports singleton tf.Variables created on the first call"):
        always(tf.constant(1.0))

    class Owner:
        v = None

        @tf.function
        def once(self, x):
            if self.v is None:
                self.v = tf.Variable(2.0)
            return self.v * x

    owner = Owner()
    assert float(owner.once(tf.constant(3.0))) == 6.0
    assert float(owner.once(tf.constant(4.0))) == 8.0


def test_methods_have_traces_of_their_own_and_hold_no_instance():
    class Owner:
        @tf.function
        def go(self, x):
            RECORD.append(self)
            return x + 1

    one, two = Owner(), Owner()
    for owner in (one, two, one):
        owner.go(tf.constant(1))
    assert [one, two] == RECORD
    RECORD.clear()
    gone = weakref.ref(one)
    del one, owner
    gc.collect()
    assert gone() is None


def test_eager_execution_is_off_inside():
    @tf.function
    def f():
        RECORD.append((tf.executing_eagerly(), tf.inside_function()))
        with tf.init_scope():
            RECORD.append(tf.executing_eagerly())

    f()
    assert RECORD == [(False, True), True]
    assert tf.executing_eagerly() and not tf.inside_function()


def test_run_functions_eagerly_runs_plain_python():
    f = counted()
    tf.config.run_functions_eagerly(True)
    try:
        f(tf.constant(1)), f(tf.constant(1))
    finally:
        tf.config.run_functions_eagerly(False)
    assert len(RECORD) == 2


def test_do_not_convert_keeps_every_effect():
    @tf.autograph.experimental.do_not_convert
    def helper(x):
        RECORD.append(1)
        return x

    f = tf.function(lambda x: helper(x))
    f(tf.constant(1)), f(tf.constant(1))
    assert len(RECORD) == 2


def test_gradients_pass_through():
    w = tf.Variable(3.0)

    @tf.function
    def f(x):
        return w * x**2

    for _ in range(2):
        with tf.GradientTape() as tape:
            y = f(tf.constant(2.0))
        assert float(tape.gradient(y, w)) == 4.0


def test_an_error_leaves_no_trace_and_shows_the_users_line():
    @tf.function
    def f(x, refuses=True):
        RECORD.append(1)
        if refuses:
            raise KeyError("refused")
        return x

    with pytest.raises(KeyError) as caught:
        f(tf.constant(1))
    assert "in user code:" in str(caught.value)
    assert "    KeyError: 'refused'" in str(caught.value)
    assert caught.traceback[-1].path.name == "test_function.py"
    assert 'raise KeyError("refused")' in str(caught.traceback[-1].statement)
    assert int(f(tf.constant(-1), refuses=False)) == -1
    assert f.experimental_get_tracing_count() == 1


# concrete functions ---------------------------------------------------------------------------------------------------


def test_both_branches_of_a_condition_on_a_tensor_are_traced(capsys):
    @tf.function
    def size(n, loud=True):
        for i in tf.range(n):
            if i % 15 == 0:
                print("fifteen")
            elif i % 3 == 0:
                print("three")
            elif loud:
                print("loud")
            else:
                print("quiet")
        if n > 100:
            doubled = n * 2
            print("large", n)
            print("doubled", doubled)  # has no value where the branch is not taken
            return doubled
        else:
            print("small")
        return n

    assert size(tf.constant(2)) == 2
    small = 'large Tensor("n:0", shape=(), dtype=int32)\nsmall\n'
    assert capsys.readouterr().out == "fifteen\nthree\nloud\n" + small
    assert size(tf.constant(200)) == 400
    assert capsys.readouterr().out == ""
    assert size(tf.constant(200), loud=False) == 400
    large = 'large Tensor("n:0", shape=(), dtype=int32)\ndoubled Tensor("Identity:0", shape=(), dtype=int32)\nsmall\n'
    assert capsys.readouterr().out == "fifteen\nthree\nquiet\n" + large


def test_one_branch_of_a_condition_on_a_value_of_python_is_traced(capsys):
    @tf.function
    def size(x, training):
        if training:
            print("train")
        else:
            print("test")
        if x is None:
            print("nothing")
        return 0 if x is None else x

    assert size(tf.constant(1), True) == 1
    assert capsys.readouterr().out == "train\n"
    assert size(None, False) == 0
    assert capsys.readouterr().out == "test\nnothing\n"


def test_a_concrete_function_is_traced_from_specifications(capsys):
    @tf.function
    def f(x, n=2):
        print("traced", x, n)
        return {"y": x * n}

    concrete = f.get_concrete_function(tf.TensorSpec([None], tf.float32), n=3)
    assert capsys.readouterr().out == 'traced Tensor("x:0", shape=(None,), dtype=float32) 3\n'
    assert str(concrete.structured_outputs["y"]) == 'Tensor("Identity:0", shape=(None,), dtype=float32)'
    assert str(concrete.outputs) == "[<tf.Tensor 'Identity:0' shape=(None,) dtype=float32>]"
    assert concrete.structured_input_signature == ((tf.TensorSpec([None], tf.float32, name="x"), 3), {})
    assert concrete(tf.constant([1.0, 2.0]))["y"].numpy().tolist() == [3.0, 6.0]
    assert concrete(x=tf.constant([1.0]))["y"].numpy().tolist() == [3.0]
    assert capsys.readouterr().out == ""
    assert str(concrete) == (
        "ConcreteFunction Input Parameters:\n"
        "  x (POSITIONAL_OR_KEYWORD): TensorSpec(shape=(None,), dtype=tf.float32, name=None)\n"
        "  n (POSITIONAL_OR_KEYWORD): Literal[3]\n"
        "Output Type:\n"
        "  Dict[['y', TensorSpec(shape=(None,), dtype=tf.float32, name=None)]]\n"
        "Captures:\n"
        "  None"
    )
    assert concrete.graph.inputs == concrete.inputs
    with pytest.raises(NotServedError, match="does not hold them"):
        concrete.graph.get_operations()


def test_a_concrete_function_refuses_other_dtypes():
    concrete = tf.function(lambda x: x).get_concrete_function(tf.TensorSpec([], tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected to be a int32 tensor but is a float tensor"):
        concrete(tf.constant(1.0))
    with pytest.raises(TypeError, match="Binding inputs"):
        concrete()


def test_a_concrete_function_takes_any_rank_where_the_signature_does():
    @tf.function
    def power(a, b):
        return a**b

    square = power.get_concrete_function(a=tf.TensorSpec(None, tf.float32), b=2)
    assert "  TensorSpec(shape=<unknown>, dtype=tf.float32, name=None)\nCaptures" in str(square)
    assert str(square.structured_outputs) == 'Tensor("Identity:0", dtype=float32)'
    assert square(tf.constant(10.0)).numpy() == 100
    assert square(tf.ones([2, 1]), b=2).shape == (2, 1)
    with pytest.raises(TypeError, match=r"due to `Can not cast 3 to Literal\[2\]`. Received args"):
        square(tf.constant(10.0), b=3)


def test_what_does_not_fit_is_named_with_the_signature():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def f(x):
        return x

    spec = r"TensorSpec\(shape=\(None,\), dtype=tf.int32, name=None\)"
    given = r"Can not cast TensorSpec\(shape=\(2,\), dtype=tf.float32, name=None\) to "
    with pytest.raises(TypeError, match=rf"failed due to `{given}{spec}`.*for signature: \(x: {spec}\)\."):
        f(tf.constant([1.0, 2.0]))
    with pytest.raises(TypeError, match="missing a required argument: 'a'.*signature: .a, b=<captured_default_value>"):
        tf.function(lambda a, b=2: a)()


def test_calls_and_concrete_functions_share_traces():
    f = counted()
    f(tf.constant([1, 2]))
    f.get_concrete_function(tf.TensorSpec([2], tf.int32))
    assert len(RECORD) == 1
    assert "x (POSITIONAL_OR_KEYWORD): TensorSpec(shape=(2,), dtype=tf.int32" in f.pretty_printed_concrete_signatures()


def test_to_code_shows_what_is_run():
    def f(x):
        print(x)
        return x

    assert "__effects__" in tf.autograph.to_code(f)
    with pytest.raises(ValueError, match="source code of the function is not known"):
        tf.autograph.to_code(eval("lambda x: x"))


@pytest.mark.parametrize("wrapper", [tf.py_function, tf.numpy_function])
def test_python_functions_are_wrapped_by_a_decorator(wrapper):
    @wrapper(Tout=tf.float32)
    def add(x, y):
        return x + y

    assert add.__name__ == "add"
    result = add(tf.constant(1.0), tf.constant(2.0))
    assert isinstance(result, tf.Tensor)
    assert result.numpy() == 3.0


def test_a_concrete_function_is_made_once_and_prints_its_type():
    cube = tf.function(lambda x: x**3)
    concrete = cube.get_concrete_function(tf.constant(2.0))
    assert concrete is cube.get_concrete_function(tf.constant(3.0))
    spec = "TensorSpec(shape=(), dtype=tf.float32, name=None)"
    assert str(concrete.function_type) == f"(x: {spec}) -> {spec}"


def test_formatted_text_names_tensors_while_tracing(capsys):
    @tf.function
    def cube(x):
        print(f"x = {x}")
        return x**3

    cube(tf.constant(2.0))
    cube(2)
    cube.get_concrete_function(tf.TensorSpec(None, tf.float32))
    assert capsys.readouterr().out.splitlines() == [
        'x = Tensor("x:0", shape=(), dtype=float32)',
        "x = 2",
        'x = Tensor("x:0", dtype=float32)',
    ]
    assert f"{tf.constant(2.5)} {tf.constant(2.5):.2f}" == "2.5 2.50"


def test_a_tensor_array_can_be_stacked_twice():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True).write(1, [3.0, 10.0])
    for _ in range(2):
        assert array.stack().numpy().tolist() == [[0.0, 0.0], [3.0, 10.0]]


def test_concrete_functions_of_names_of_files(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("words")
    read = tf.function(lambda x: tf.io.read_file(x)).get_concrete_function(tf.TensorSpec((), tf.string))
    assert read(tf.constant(str(path))).numpy() == b"words"


def test_a_call_that_makes_variables_is_traced_twice(capsys):
    layer = tf.keras.layers.Dense(1)

    @tf.function
    def f(x):
        print("tracing")
        return layer(x)

    f(tf.ones([1, 2]))
    assert capsys.readouterr().out == "tracing\ntracing\n"
    assert f.experimental_get_tracing_count() == 2
    f(tf.ones([1, 2]))
    f(tf.ones([2, 2]))
    assert capsys.readouterr().out == "tracing\n"
    assert f.experimental_get_tracing_count() == 3


def test_the_second_tracing_of_a_step_changes_nothing():
    weight, optimizer = tf.Variable(1.0), tf.keras.optimizers.SGD(0.25, momentum=0.5)

    @tf.function
    def step():
        print("step")
        with tf.GradientTape() as tape:
            loss = weight * weight
        optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])

    step()
    assert float(weight) == 0.5
    assert int(optimizer.iterations) == 1


def test_a_local_name_of_an_outer_list_has_effects_in_traced_calls_only():
    kept = []

    @tf.function
    def f(x):
        history = kept
        history.append(1)
        return x

    f(tf.constant(1))
    f(tf.constant(2))
    assert kept == [1]


def test_the_dictionary_of_keyword_arguments_is_the_calls_own():
    def inner(x, **kwargs):
        kwargs.pop("extra")
        kwargs["more"] = 1
        return x * len(kwargs)

    f = tf.function(lambda x: inner(x, extra=0, factor=2))
    assert [int(f(tf.constant(3))) for _ in range(3)] == [6, 6, 6]


def test_the_second_tracing_leaves_queues_alone():
    queue, made = tf.queue.FIFOQueue(10, [tf.float32], [[]]), []
    queue.enqueue(1.0)

    @tf.function
    def f(x):
        if not made:
            made.append(tf.Variable(1.0))
        taken = queue.dequeue()
        queue.enqueue(x)
        return taken

    assert [float(f(tf.constant(2.0))) for _ in range(2)] == [1, 2]
    assert int(queue.size()) == 1
