"""What packages take from ``tensorflow.python``: helpers with a behaviour of their own, and the rule that finds them."""

import collections
import inspect
import logging

import numpy as np
import pytest

from kerasish import tf
from kerasish.src import find, private_name
from kerasish.src import module as private_module
from kerasish.tf.private import decorators, inspecting, nest, specs, xla
from kerasish.tf.private.operations import pfor, prevent_gradient, smart_cond

Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        ("util.nest", "map_structure_up_to", nest.map_structure_up_to),
        ("data.util.nest", "flatten_up_to", nest.flatten_up_to),
        ("util.tf_inspect", "getfullargspec", inspecting.getfullargspec),
        ("util.tf_contextlib", "contextmanager", decorators.contextmanager),
        ("framework.composite_tensor", "CompositeTensor", specs.CompositeTensor),
        ("framework.ops", "EagerTensor", tf.Tensor),
        ("framework.tensor_util", "constant_value", tf.get_static_value),
        ("training.training", "AdamOptimizer", tf.compat.v1.train.AdamOptimizer),
        ("platform.tf_logging", "info", tf.compat.v1.logging.info),
    ],
)
def test_private_paths_give_helpers_and_names_of_version_1(path, name, found):
    assert find("tensorflow.python", path, name) is found


@pytest.mark.parametrize("name", ["keras.__internal__.utils", "tf_keras.api._v1.keras.__internal__.legacy.layers"])
def test_internal_modules_of_keras_are_private_ones(name):
    assert private_name(name).startswith("keras.src")


def test_structures_up_to_another():
    assert nest.flatten_up_to([0, 0], [[1, 2], {"a": 3}]) == [[1, 2], {"a": 3}]
    assert nest.map_structure_up_to(Pair(0, 0), len, Pair([1, 2], [3])) == Pair(2, 1)
    assert list(nest.yield_flat_paths({"b": [1, 2], "a": Pair(3, 4)})) == [("a", "a"), ("a", "b"), ("b", 0), ("b", 1)]
    assert nest.get_traverse_shallow_structure(lambda s: isinstance(s, list), [1, (2, 3)]) == [False, False]
    with pytest.raises(ValueError, match="same sequence length"):
        nest.flatten_up_to([0, 0], [1, 2, 3])
    with pytest.raises(TypeError, match="must also be a sequence"):
        nest.flatten_up_to([0], 1)


def test_shapes_are_leaves():
    assert tf.nest.flatten([tf.TensorShape([1, 2])]) == [tf.TensorShape([1, 2])]
    assert not tf.nest.is_nested(tf.TensorShape([1]))
    assert tf.convert_to_tensor(tf.TensorShape([])).dtype == tf.int32


def test_decorators_are_seen_through(caplog):
    def target(x, y=2):
        return x + y

    wrapped = decorators.make_decorator(target, lambda *args, **kwargs: target(*args, **kwargs) + 1, "plus")
    assert wrapped(1) == 4 and wrapped.__name__ == "target"
    assert decorators.unwrap(wrapped)[1] is target
    assert inspecting.getfullargspec(wrapped).args == ["x", "y"]
    old = decorators.deprecated(None, "Use another.")(target)
    with caplog.at_level(logging.WARNING, "tensorflow"):
        assert old(1) == old(1) == 3
    assert caplog.text.count("Use another.") == 1
    assert decorators.deprecated_argument_lookup("new", None, "old", 3) == 3
    with pytest.raises(ValueError, match="both 'old' and 'new'"):
        decorators.deprecated_argument_lookup("new", 1, "old", 3)


def test_a_composite_of_a_package_is_taken_apart_and_converted():
    class Spec(specs.BatchableTypeSpec):
        value_type = property(lambda self: Interval)

        def _serialize(self):
            return ()

        def _to_components(self, value):
            return [value.low, value.high]

        def _from_components(self, components):
            return Interval(*components)

    class Interval(tf.__internal__.CompositeTensor):
        def __init__(self, low, high):
            self.low, self.high = low, high

        _type_spec = property(lambda self: Spec())

    one = Interval(tf.constant(1.0), tf.constant(3.0))
    assert [float(x) for x in tf.nest.flatten(one, expand_composites=True)] == [1.0, 3.0]
    doubled = tf.nest.map_structure(lambda x: x * 2, one, expand_composites=True)
    assert isinstance(doubled, Interval) and float(doubled.high) == 6.0
    assert Spec() == Spec()
    with pytest.raises(TypeError, match="not defined for Interval"):
        tf.abs(one)
    tf.register_tensor_conversion_function(Interval, lambda value, dtype=None, name=None, as_ref=False: value.low)
    assert float(tf.abs(one)) == 1.0


def test_names_of_specifications_are_registered_once():
    @specs.register("tests.Named")
    class Named(tf.TypeSpec):
        pass

    assert specs.lookup("tests.Named") is Named and specs.get_name(Named) == "tests.Named"
    with pytest.raises(ValueError, match="already been registered"):
        specs.register("tests.Named")(type("Other", (tf.TypeSpec,), {}))
    with pytest.raises(ValueError, match="must have the form"):
        specs.register("Named")


def test_decisions_and_loops():
    assert smart_cond(True, lambda: 1, lambda: 2) == 1
    np.testing.assert_array_equal(pfor(lambda i: i * 2, 3), [0, 2, 4])
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = prevent_gradient(x, "no")
    with pytest.raises(LookupError, match="explicitly disabled. Reason: no"):
        tape.gradient(y, x)


def test_loops_keep_kinds_and_take_arrays():
    state = tf.scan(
        lambda s, x: Pair(s.a + x, s.b * x), tf.constant([1.0, 2.0]), Pair(tf.constant(0.0), tf.constant(1.0))
    )
    assert isinstance(state, Pair)
    array = tf.TensorArray(tf.float32, size=2)
    _, array = tf.while_loop(lambda i, _: i < 2, lambda i, a: (i + 1, a.write(i, tf.cast(i, tf.float32))), (0, array))
    np.testing.assert_array_equal(array.stack(), [0.0, 1.0])


# recorded of TensorFlow 2.21: seed (3, 4)
@pytest.mark.parametrize("parameters", [(0.0, 1.0, -2.0, 2.0), (0.0, 1.0, 1.0, 1.2), (0.0, 1.0, 3.0, 9.0)])
def test_truncated_normals_lie_between_their_limits(parameters):
    drawn = tf.random.stateless_parameterized_truncated_normal((200,), [3, 4], *parameters).numpy()
    assert drawn.min() >= parameters[2] and drawn.max() <= parameters[3] and drawn.std() > 0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid parameters"):
        tf.random.stateless_parameterized_truncated_normal((2,), [3, 4], 0.0, 1.0, 2.0, 1.0)


def test_raw_operations():
    axes = tf.raw_ops.BroadcastGradientArgs(s0=[2, 1, 3], s1=[4, 1])
    assert [x.numpy().tolist() for x in axes] == [[1], [0, 2]]
    found = tf.raw_ops.UniqueWithCountsV2(x=tf.constant([3, 1, 3, 2]), axis=tf.constant([], tf.int32))
    assert [x.numpy().tolist() for x in found] == [[3, 1, 2], [0, 1, 0, 2], [2, 1, 1]]
    np.testing.assert_allclose(tf.raw_ops.IgammaGradA(a=[1.0, 2.0], x=[0.5, 3.0]), [-0.4895, -0.1974], atol=1e-4)
    with pytest.raises(AttributeError, match="NoSuchOperation"):
        tf.raw_ops.NoSuchOperation  # noqa: B018


def test_functions_of_tf_function_tell_their_parameters():
    def f(a, b=2, *c, d=3):
        return a

    for found in (inspecting.getfullargspec(tf.function(f)), inspect.getfullargspec(tf.function(f))):
        assert (found.args, found.varargs, found.kwonlydefaults) == (["a", "b"], "c", {"d": 3})

    class Model(tf.Module):
        @tf.function
        def call(self, x):
            return x

    assert inspecting.getfullargspec(Model().call).args == ["self", "x"]
    assert inspect.getfullargspec(Model().call).args == ["x"]


def test_operations_of_xla_move_blocks_inside():
    x = tf.reshape(tf.range(6.0), (2, 3))
    update = xla.dynamic_update_slice(x, tf.fill((1, 2), 9.0), [5, -1])
    assert update.numpy().tolist() == [[0, 1, 2], [9, 9, 5]]
    assert xla.dynamic_slice(x, [1, 2], [2, 2]).numpy().tolist() == [[1, 2], [4, 5]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not fit"):
        xla.dynamic_update_slice(x, tf.ones((3, 1)), [0, 0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="one start"):
        xla.dynamic_slice(x, [0], [1, 1])


def test_padding_of_xla_cuts_and_spreads():
    x = tf.reshape(tf.range(4.0), (2, 2))
    assert xla.pad(x, 9.0, [-1, 0], [0, 1], [0, 1]).numpy().tolist() == [[2, 9, 3, 9]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="three numbers for each of 2 axes"):
        xla.pad(x, 9.0, [0], [0, 0], [0, 0])


def test_elementwise_operations_of_xla_broadcast_where_they_are_told():
    x, y = tf.ones((2, 3)), tf.constant([1.0, 2.0])
    assert xla.sub(y, x, broadcast_dims=[0]).numpy().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert xla.add(x, 1.0).numpy().tolist() == [[2, 2, 2], [2, 2, 2]]
    assert xla.shift_right_logical(tf.constant([-8, 8]), tf.constant([1, 1])).numpy().tolist() == [2147483644, 4]
    assert xla.div(tf.constant([-5, 5]), tf.constant([3, -3])).numpy().tolist() == [-2, -2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="broadcast_dims is empty"):
        xla.add(x, y)


def test_sorting_of_xla_carries_values_along():
    found = xla.key_value_sort(tf.constant([3, 1, 2]), tf.constant([1.0, 2.0, 3.0]))
    assert found.sorted_values.numpy().tolist() == [2, 3, 1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="dimensions must match"):
        xla.key_value_sort(tf.constant([1]), tf.constant([1.0, 2.0]))


def test_modules_of_the_compiler_have_what_is_served_and_nothing_public():
    path = "tensorflow.compiler.tf2xla.python.xla"
    module = private_module(private_name(path))
    assert module.tanh(tf.constant(0.0)) == 0 and module.slice(tf.range(4), [1], [4], [2]).numpy().tolist() == [1, 3]
    with pytest.raises(AttributeError, match="private to the real library"):
        _ = module.Dense
    assert private_name("tensorflow.compiler.nothing") is None
