"""Users' functions in datasets: traced where the step is made (recorded from TensorFlow 2.21)."""

import functools

import pytest

import kerasish.tf as tf

SCALE = 3


def scaled(x):
    return x * SCALE


def values(dataset):
    return [x.tolist() for x in dataset.as_numpy_iterator()]


def numbers(n=3):
    return tf.data.Dataset.range(n)


def test_each_step_keeps_its_own_value_of_a_loop_variable():
    dataset = numbers()
    for i in range(3):
        dataset = dataset.map(lambda x: x + i)  # noqa: B023 - that is the point
    assert values(dataset) == [3, 4, 5]


def test_functions_that_a_lambda_calls_are_kept_too(monkeypatch):
    dataset = numbers().map(lambda x: scaled(x) + 1)
    monkeypatch.setitem(globals(), "SCALE", 100)
    assert values(dataset) == [1, 4, 7]


def test_a_variable_is_read_for_each_element():
    v = tf.Variable(2, dtype=tf.int64)
    dataset = numbers().map(lambda x: x * v)
    v.assign(5)
    assert values(dataset) == [0, 5, 10]


@pytest.mark.parametrize("through", [lambda f: f, lambda f: lambda x: f(x), functools.partial])
def test_effects_happen_once_where_the_step_is_made(through, capsys):
    seen = []

    def function(x):
        print("tracing", x)
        seen.append(1)
        return x + 1

    dataset = numbers().map(through(function))
    assert capsys.readouterr().out == 'tracing Tensor("args_0:0", shape=(), dtype=int64)\n'
    assert values(dataset) == [1, 2, 3] and values(dataset) == [1, 2, 3]
    assert seen == [1] and not capsys.readouterr().out


def test_a_method_counts_once():
    class Parser:
        calls = 0

        def parse(self, x):
            self.calls += 1
            return x

    parser = Parser()
    assert values(numbers().map(parser.parse)) == [0, 1, 2]
    assert parser.calls == 1


def test_components_print_with_their_numbers(capsys):
    def function(a, b):
        print(b)
        return a

    tf.data.Dataset.from_tensor_slices(([1, 2], ["x", "y"])).map(function)
    assert capsys.readouterr().out == 'Tensor("args_1:0", shape=(), dtype=string)\n'


@pytest.mark.parametrize(
    "use",
    [
        lambda d, f: d.filter(lambda x: f(x) > 0),
        lambda d, f: d.take_while(lambda x: f(x) < 2),
        lambda d, f: d.flat_map(lambda x: tf.data.Dataset.from_tensors(f(x))),
        lambda d, f: d.scan(tf.constant(0, tf.int64), lambda s, x: (s, f(x))),
        lambda d, f: d.group_by_window(f, lambda key, group: group.batch(2), window_size=2),
        lambda d, f: d.batch(2).map(f),
    ],
)
def test_every_step_with_a_function_traces_it_once(use):
    seen = []

    def function(x):
        seen.append(1)
        return x

    list(use(numbers(5), function))
    assert seen == [1]


def test_reduce_traces_once():
    seen = []

    def add(state, x):
        seen.append(1)
        return state + x

    assert int(numbers(5).reduce(tf.constant(0, tf.int64), add)) == 10
    assert seen == [1]


def test_python_functions_run_for_each_element():
    seen = []

    def function(x):
        seen.append(int(x))
        return x

    dataset = numbers().map(lambda x: tf.py_function(function, [x], tf.int64))
    assert not seen
    assert values(dataset) == [0, 1, 2]
    assert sorted(seen) == [0, 1, 2]


def test_a_step_inside_a_traced_function_is_traced_with_it(capsys):
    def make(path):
        def parse(x):
            print("parse", path)
            return x

        return numbers(2).map(parse)

    dataset = tf.data.Dataset.from_tensor_slices(["a", "b"]).interleave(lambda p: make(p), cycle_length=2)
    assert values(dataset) == [0, 0, 1, 1]
    assert capsys.readouterr().out == 'parse Tensor("args_0:0", shape=(), dtype=string)\n'


def pairs():
    return tf.data.Dataset.from_tensor_slices({"a": [1, 2], "b": [3, 4]})


def records(dataset):
    return [{key: value.tolist() for key, value in element.items()} for element in dataset.as_numpy_iterator()]


def test_a_function_may_add_to_a_dict_and_take_from_it():
    def changed(record):
        record["sum"] = record["a"] + record.pop("b")
        return record, record["sum"]

    batches = pairs().batch(2).cache()
    for _ in range(2):  # what is kept in memory stays what it was
        mapped = batches.map(changed)
        assert sorted(mapped.element_spec[0]) == ["a", "sum"]
        assert [sorted(features) for features, _ in mapped.as_numpy_iterator()] == [["a", "sum"]]
    assert sorted(batches.element_spec) == ["a", "b"]


def test_what_a_predicate_does_to_a_dict_is_not_seen_outside():
    def marks(record):
        record["mark"] = 1
        return record["a"] > 1

    assert records(pairs().filter(marks)) == [{"a": 2, "b": 4}]
    assert records(pairs().take_while(lambda record: not marks(record))) == [{"a": 1, "b": 3}]


def test_dicts_inside_of_tuples_are_the_functions_own_too():
    def labelled(features, label):
        features["label"] = label
        return features

    both = tf.data.Dataset.zip((pairs(), numbers(2)))
    assert records(both.map(labelled)) == [{"a": 1, "b": 3, "label": 0}, {"a": 2, "b": 4, "label": 1}]
    assert sorted(both.element_spec[0]) == ["a", "b"]
