"""What packages take from ``tensorflow.python``: helpers with a behaviour of their own, and the rule that finds them."""

import collections
import functools
import inspect
import logging
import pathlib
import types
import unittest

import numpy as np
import pytest

import kerasish
from kerasish import tf
from kerasish.src import core_messages, find, private_name
from kerasish.src import module as private_module
from kerasish.tf.private import decorators, inspecting, monitoring, nest, specs, xla
from kerasish.tf.private.operations import Convolution, pfor, prevent_gradient, smart_cond

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


def private(path, name):
    return find("tensorflow.python", path, name)


def test_values_that_may_be_ragged():
    convert = private("ops.ragged.ragged_tensor", "convert_to_tensor_or_ragged_tensor")
    ragged = tf.ragged.constant([[1], [2, 3]])
    assert convert(ragged) is ragged
    assert convert([1, 2], preferred_dtype=tf.float64).dtype == "float64"
    assert convert(tf.compat.v1.ragged.constant_value([[1], [2, 3]])).to_list() == [[1], [2, 3]]
    assert [private("ops.ragged.ragged_tensor", "is_ragged")(x) for x in (ragged, [1])] == [True, False]
    with pytest.raises(ValueError, match="requested dtype float32 for RaggedTensor with dtype int32"):
        convert(ragged, dtype=tf.float32)
    match = private("ops.ragged.ragged_tensor", "match_row_splits_dtypes")
    assert match(ragged, 3, return_dtype=True) == ("int64", [ragged, 3])
    with pytest.raises(ValueError, match="mismatched row_splits dtypes"):
        match(ragged, tf.ragged.constant([[1]], row_splits_dtype=tf.int32))
    from_tensor = private("ops.ragged.ragged_conversion_ops", "from_tensor")
    assert from_tensor(tf.constant([[1, 2], [3, 0]]), padding=0).to_list() == [[1, 2], [3]]
    assert private("ops.ragged.ragged_conversion_ops", "to_tensor")(ragged, 7).numpy().tolist() == [[1, 7], [2, 3]]


@pytest.mark.parametrize(
    ("axis", "ndims", "expected"),
    [
        (-1, 3, 2),
        (1, None, 1),
        (3, 3, (ValueError, "axis=3 out of bounds: expected -3<=axis<3")),
        (-1, None, (ValueError, "may only be negative if ndims is statically known")),
        (1.0, 3, (TypeError, "axis must be an int; got float")),
    ],
)
def test_positive_axes(axis, ndims, expected):
    positive = private("ops.array_ops", "get_positive_axis")
    if isinstance(expected, int):
        assert positive(axis, ndims) == expected
    else:
        with pytest.raises(expected[0], match=expected[1]):
            positive(axis, ndims)


def test_moving_averages():
    move = private("training.moving_averages", "assign_moving_average")
    v = tf.Variable([1.0, 2.0])
    move(v, [2.0, 4.0], 0.9, zero_debias=False)
    np.testing.assert_allclose(v.numpy(), [1.1, 2.2], rtol=1e-6)
    move(v, [2.0, 4.0], 0.9)
    np.testing.assert_allclose(v.numpy(), [2.0, 4.0], rtol=1e-6)


def test_bounded_specifications():
    bounded = private("framework.tensor_spec", "BoundedTensorSpec")
    spec = bounded((2, 3), tf.float32, 0, [1, 2, 3], name="x")
    assert repr(spec) == (
        "BoundedTensorSpec(shape=(2, 3), dtype=tf.float32, name='x', minimum=array(0., dtype=float32), "
        "maximum=array([1., 2., 3.], dtype=float32))"
    )
    assert spec == bounded.from_spec(spec) and hash(spec) == hash(bounded.from_spec(spec))
    assert spec != bounded((2, 3), tf.float32, 0, [1, 2, 4], name="x")
    assert bounded.from_spec(tf.TensorSpec((2,), tf.int8)).maximum == 127
    array = types.SimpleNamespace(shape=(2,), dtype=np.int32, name="n", maximum=[1, 2])  # as dm_env's are
    assert bounded.from_spec(array) == bounded((2,), tf.int32, tf.int32.min, [1, 2], "n")
    assert spec.is_compatible_with(tf.zeros((2, 3)))
    with pytest.raises(ValueError, match="is not compatible with shape"):
        bounded((2, 3), tf.float32, [1, 2], 3)
    with pytest.raises(ValueError, match="`maximum` can not be None"):
        bounded((2,), tf.float32, 0, None)


def test_arguments_of_functions():
    names = private("util.function_utils", "fn_args")

    class Called:
        def method(self, x, *, z=2):
            pass

        def __call__(self, q):
            pass

    def function(a, b, c=1, *rest, **others):
        pass

    assert names(function) == ("a", "b", "c")
    assert names(Called().method) == ("x",) and names(Called()) == ("q",)
    assert names(functools.partial(function, 1, c=2)) == ("b",)


def test_how_operations_run():
    context = private("eager.context", "context")()
    assert context.executing_eagerly() and context.num_gpus() == len(tf.config.list_physical_devices("GPU"))

    @tf.function
    def traced():
        with private("eager.context", "eager_mode")():
            return tf.executing_eagerly(), context.executing_eagerly()

    assert [bool(x) for x in traced()] == [True, True]
    with pytest.raises(NotImplementedError, match="Use tf.function"), private("eager.context", "graph_mode")():
        pass


def test_decorators_of_tests(tmp_path):
    both = private("framework.test_util", "run_in_graph_and_eager_modes")
    ran = []

    @private("framework.test_util", "run_all_in_graph_and_eager_modes")
    class Tests(unittest.TestCase):
        @both
        def test_a(self):
            ran.append("a")

        @both(config=None)
        def test_b(self):
            ran.append("b")

        @private("framework.test_util", "run_v2_only")
        def test_c(self):
            ran.append("c")

        @private("framework.test_util", "run_deprecated_v1")
        def test_d(self):
            ran.append("d")

        @private("framework.test_util", "run_v1_only")("needs sessions")
        def test_e(self):
            ran.append("e")

    result = unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(unittest.TestResult())
    assert ran == ["a", "b", "c"] and result.wasSuccessful()
    assert [reason for _, reason in result.skipped] == ["graphs of TensorFlow 1 are not served", "needs sessions"]


def test_files_beside_the_caller():
    path = private("platform.resource_loader", "get_path_to_datafile")("data.txt")
    assert path == str(pathlib.Path(__file__).with_name("data.txt"))
    with pytest.raises(NotImplementedError, match="x.so"):
        private("framework.load_library", "load_op_library")("x.so")


def test_events_are_read_back(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        tf.summary.scalar("loss", 0.5, step=3)
    (path,) = tmp_path.iterdir()
    for events in (tf.compat.v1.train.summary_iterator, private("summary.summary_iterator", "summary_iterator")):
        values = [(e.step, v.tag, float(tf.make_ndarray(v.tensor))) for e in events(str(path)) for v in e.summary.value]
        assert values == [(3, "loss", 0.5)]
    with pytest.raises(tf.errors.NotFoundError):
        list(tf.compat.v1.train.summary_iterator(str(path) + "x"))


def test_messages_are_those_of_tensorboard_or_ours():
    from tensorboard.compat.proto import summary_pb2

    assert core_messages.module("tensorflow.core.framework.summary_pb2") is summary_pb2
    assert core_messages.module("tensorflow.core.example.example_pb2").Example is tf.train.Example
    assert core_messages.module("tensorflow.core.framework").__name__ == "tensorflow.core.framework"
    assert core_messages.module("tensorflow.core.framework.nosuch_pb2") is None
    assert core_messages.module("tensorflow.core.nosuch") is None
    assert core_messages.module("tensorflow.corex") is None


@pytest.mark.parametrize("path", ["def_function", "polymorphic_function.polymorphic_function"])
def test_the_class_of_what_function_makes_has_its_private_name(path):
    home = private_module(f"tensorflow.python.eager.{path}")
    assert isinstance(tf.function(lambda x: x), home.Function)
    assert home.function is tf.function


def test_what_is_held_without_dependency_is_no_part():
    home = private_module("tensorflow.python.trackable.data_structures")
    inner = tf.keras.layers.Dense(1)
    inner.build((None, 2))
    layer, module, given = tf.keras.layers.Layer(), tf.Module(), {"a": 1}
    for owner in (layer, module):
        owner.inner, owner.given = home.NoDependency(inner), home.NoDependency(given)
        assert (owner.inner, owner.given) == (inner, given)
    assert layer.given is given
    assert layer.weights == []
    layer.inner = inner
    assert len(layer.weights) == 2
    assert home.wrap_or_unwrap(home.NoDependency(inner)) is inner


def test_counters_of_packages_count():
    gauge = monitoring.BoolGauge("/a", "whether", "kind")
    gauge.get_cell("x").set(True)
    assert (gauge.get_cell("x").value(), gauge.get_cell("y").value()) == (True, False)
    counter = monitoring.Counter("/b", "how often")
    counter.get_cell().increase_by(2)
    assert counter.get_cell().value() == 2
    with pytest.raises(ValueError, match="does not fall"):
        counter.get_cell().increase_by(-1)
    with pytest.raises(ValueError, match="1 labels"):
        gauge.get_cell()
    sampler = monitoring.Sampler("/c", monitoring.ExponentialBuckets(1.0, 2.0, 3), "times")
    for sample in (0.5, 1.5, 9.0):
        sampler.get_cell().add(sample)
    assert sampler.get_cell().value().counts == [1, 1, 0, 1]


def test_names_that_packages_only_read():
    feature = tf.tpu.experimental.HardwareFeature.EmbeddingFeature
    assert [kind.value for kind in feature] == ["UNSUPPORTED", "V1", "V2"]
    with pytest.raises(NotImplementedError, match=r"tf\.keras\.layers\.Embedding"):
        tf.tpu.experimental.embedding.TPUEmbeddingV0({}, None)
    kind = find("keras.src", "engine.base_layer", "TensorFlowOpLayer")
    assert not isinstance(tf.keras.layers.Dense(1), kind)
    with pytest.raises(NotImplementedError, match="TensorFlowOpLayer"):
        kind()


def test_a_convolution_with_options_given_beforehand():
    x, filters = tf.random.stateless_normal((2, 5, 5, 3), (1, 2)), tf.random.stateless_normal((3, 3, 3, 4), (3, 4))
    made = Convolution(x.shape, filters.shape, padding="SAME", strides=(2, 2), data_format="NHWC")
    np.testing.assert_array_equal(made(x, filters), tf.nn.convolution(x, filters, (2, 2), "SAME"))
    assert private_module("tensorflow.python.ops.nn_ops").Convolution is Convolution
    with pytest.raises(ValueError, match="same rank"):
        Convolution((1, 5, 3), (3, 3, 3, 4), padding="SAME")


def test_a_symbolic_tensor_is_a_tensor_in_keras_2(monkeypatch):
    x = kerasish.Input((2,))
    assert not tf.is_tensor(x)
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert tf.is_tensor(x)
