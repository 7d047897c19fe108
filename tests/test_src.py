"""``keras.src`` and ``tensorflow.python``: private paths give public objects; a few helpers behave as the real ones."""

import functools
import importlib
import io
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.src import find, homes, private_name, real_modules
from kerasish.tf import weak


def private(path):
    """An object by its private path, as ``kerasish.src`` gives it without installing anything."""
    root = "tensorflow.python" if path.startswith("tensorflow.python") else "keras.src"
    *parts, name = path.removeprefix(root).lstrip(".").split(".")
    return find(root, ".".join(parts), name)


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("keras.src.layers.core.dense.Dense", keras.layers.Dense),
        ("keras.src.layers.layer.Layer", keras.layers.Layer),
        ("keras.src.models.functional.Functional", keras.models.Functional),
        ("keras.src.engine.functional.Functional", keras.models.Functional),
        ("keras.src.losses.losses.mean_squared_error", keras.losses.mean_squared_error),
        ("keras.src.optimizers.adam.Adam", keras.optimizers.Adam),
        ("keras.src.optimizers.base_optimizer.BaseOptimizer", keras.optimizers.Optimizer),
        ("keras.src.optimizers.schedules.learning_rate_schedule.CosineDecay", keras.optimizers.schedules.CosineDecay),
        ("keras.src.backend.Variable", keras.Variable),
        ("keras.src.backend.common.variables.KerasVariable", keras.Variable),
        ("keras.src.backend.floatx", keras.config.floatx),
        ("keras.src.backend.convert_to_tensor", keras.ops.convert_to_tensor),
        ("keras.src.backend.torch.numpy.add", keras.ops.add),
        ("keras.src.ops.numpy.matmul", keras.ops.matmul),
        ("keras.src.saving.serialization_lib.deserialize_keras_object", keras.saving.deserialize_keras_object),
        ("keras.src.saving.object_registration.CustomObjectScope", keras.saving.CustomObjectScope),
        ("keras.src.utils.numerical_utils.to_categorical", keras.utils.to_categorical),
        ("keras.src.callbacks.History", keras.callbacks.History),
        ("keras.src.tree.map_structure", keras.tree.map_structure),
        ("tensorflow.python.ops.math_ops.reduce_sum", tf.reduce_sum),
        ("tensorflow.python.framework.ops.convert_to_tensor", tf.convert_to_tensor),
        ("tensorflow.python.util.nest.flatten", tf.nest.flatten),
        ("tensorflow.python.ops.init_ops_v2.Zeros", tf.zeros_initializer),
        (
            "tensorflow.python.ops.numpy_ops.np_config.enable_numpy_behavior",
            tf.experimental.numpy.experimental_enable_numpy_behavior,
        ),
        ("tensorflow.python.framework.weak_tensor.WeakTensor", weak.WeakTensor),
        ("tensorflow.python.ops.random_ops.random_uniform", tf.random.uniform),
        ("tensorflow.python.ops.ragged.ragged_math_ops.range", tf.ragged.range),
        ("tensorflow.python.ops.array_ops.gather_v2", tf.gather),
        ("tensorflow.python.ops.array_ops.gather", tf.compat.v1.gather),
        ("tensorflow.python.data.ops.dataset_ops.DatasetV2", tf.data.Dataset),
        ("tensorflow.python.framework.ops.name_scope_v2", tf.name_scope),
    ],
)
def test_private_paths_give_the_public_objects(path, public):
    assert private(path) is public


def test_homes_of_private_names_are_served():
    for (path, name), public in homes().items():
        assert private(f"tensorflow.python.{path}.{name}") is functools.reduce(getattr, public.split("."), tf), (
            path,
            name,
        )


def test_scopes_of_operations_name_nothing_where_they_run_as_called():
    name_scope = private("tensorflow.python.framework.ops.name_scope")
    with name_scope(None, "add", [1]) as scope:
        assert scope is None
    with name_scope(None, "add", [1], skip_on_eager=False) as scope:
        assert scope == "add/"
    with tf.compat.v1.name_scope("mine", "add") as scope:
        assert scope == "mine/"
    with pytest.raises(ValueError, match="must be a string"):
        tf.compat.v1.name_scope(3)


def test_modules_that_the_real_libraries_lack_do_not_import():
    assert private_name("keras.src.layers.core.dense") == "keras.src.layers.core.dense"
    assert private_name("tf_keras.src.layers.core.dense") == "keras.src.layers.core.dense"
    assert private_name("keras.src.nothing") is None
    assert private_name("tensorflow.python.framework.ops") is not None
    assert len(real_modules()) > 1000


def test_names_that_nothing_public_has_are_attribute_errors():
    with pytest.raises(AttributeError, match=r"'keras.src.layers.core.dense._quantize_dense' is private"):
        keras.src.layers.core.dense._quantize_dense  # noqa: B018
    with pytest.raises(AttributeError):
        keras.src.no_such_module  # noqa: B018


def test_imports_work_in_every_form():
    program = """
        import kerasish; kerasish.install()
        import keras, keras.src.callbacks
        from keras.src import backend, saving
        from keras.src.ops import *
        from keras.src.saving.saving_lib import load_model, save_model
        from tensorflow.python.ops import math_ops
        import tf_keras.src.layers as old
        assert keras.src.saving.saving_lib.H5IOStore and add is keras.ops.add
        assert old.Dense is keras.layers.Dense and backend.numpy.add is keras.ops.add
        assert "Dense" in dir(keras.src.layers)
        try:
            import keras.src.nothing_like_that
        except ModuleNotFoundError as error:
            print("right", error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("right")


@pytest.mark.parametrize("name", ["backend", "data", "layers", "losses", "saving", "shapes", "testing", "utils"])
def test_what_helpers_export_is_there(name):
    module = importlib.import_module(f"kerasish.src._{name}")
    assert all(hasattr(module, exported) for exported in module.__all__)


# helpers -----------------------------------------------------------------------------------------------------------------


def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="one")])


def test_models_go_through_file_objects():
    lib, first, file = keras.src.saving.saving_lib, model(), io.BytesIO()
    lib.save_model(first, file)
    file.seek(0)
    second = lib.load_model(file)
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(np.asarray(first(x)), np.asarray(second(x)))
    with pytest.raises(NotImplementedError, match="weights_format"):
        lib.save_model(first, file, weights_format="npz")


def test_weights_alone(tmp_path):
    lib, first, second = keras.src.saving.saving_lib, model(), model()
    lib.save_weights_only(first, tmp_path / "a.weights.h5")
    lib.load_weights_only(second, tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_stores_hold_arrays_by_path(tmp_path):
    Store = keras.src.saving.saving_lib.H5IOStore
    store = Store(tmp_path / "x.h5", mode="w")
    store.make("a/b")["0"] = np.arange(4.0)
    store.close()
    store = Store(tmp_path / "x.h5", mode="r")
    np.testing.assert_array_equal(store.get("a/b")["0"], np.arange(4.0))
    assert store.get("c") == {}
    store.close()
    with pytest.raises(ValueError, match="mode"):
        Store(tmp_path / "x.h5", mode="a")


def test_classes_can_ask_whether_they_are_made_in_safe_mode():
    from kerasish.src._saving import in_safe_mode

    seen = []

    class Reader(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            seen.append(in_safe_mode())

    config = keras.saving.serialize_keras_object(Reader())
    for safe_mode in (True, False):
        keras.saving.deserialize_keras_object(config, custom_objects={"Reader": Reader}, safe_mode=safe_mode)
    assert seen == [None, True, False]


def test_masks_and_specs():
    backend = keras.src.backend
    x = keras.ops.ones((2, 3))
    assert backend.get_keras_mask(x) is None
    backend.set_keras_mask(x, keras.ops.ones((2,), "bool"))
    assert backend.get_keras_mask(x).shape == (2,)
    spec = backend.compute_output_spec(
        lambda a, b: keras.ops.matmul(a, b), keras.KerasTensor((None, 4)), keras.ops.ones((4, 5))
    )
    assert spec.shape == (None, 5)
    assert backend.any_symbolic_tensors((keras.KerasTensor((1,)),)) is True
    with backend.AutocastScope("float16") as scope:
        assert scope.maybe_cast(keras.ops.ones(2)).dtype == "float16"
        assert backend.get_autocast_scope().dtype == "float16"
    assert backend.get_autocast_scope() is None


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("compute_conv_output_shape", ((2, 8, 9, 3), 5, (3, 2), (2, 1), "same"), (2, 4, 9, 5)),
        ("compute_conv_output_shape", ((None, 3, 10), 4, 3, 2, "valid", "channels_first"), (None, 4, 4)),
        ("compute_pooling_output_shape", ((None, 7, 7, 2), (2, 2), None), (None, 3, 3, 2)),
        ("compute_matmul_output_shape", ((5, 2, 3), (3, 4)), (5, 2, 4)),
        ("compute_matmul_output_shape", ((3,), (3, 4)), (4,)),
        ("compute_reshape_output_shape", ((2, 6), (3, -1), "shape"), (3, 4)),
        ("compute_transpose_output_shape", ((2, 3, 4), (2, 0, 1)), (4, 2, 3)),
        ("compute_expand_dims_output_shape", ((2, 3), -1), (2, 3, 1)),
        ("reduce_shape", ((2, 3, 4), [1], True), (2, 1, 4)),
        ("broadcast_shapes", ((2, 1, 4), (3, 1)), [2, 3, 4]),
    ],
)
def test_shape_rules(name, args, expected):
    assert getattr(keras.src.ops.operation_utils, name)(*args) == expected


def test_names_and_arguments():
    utils = keras.src.utils
    assert utils.naming.to_snake_case("MyBigLayer") == "my_big_layer"
    keras.utils.clear_session()
    assert [utils.naming.auto_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert utils.argument_validation.standardize_tuple(2, 3, "strides") == (2, 2, 2)
    with pytest.raises(ValueError, match="must be one of"):
        utils.argument_validation.standardize_padding("causal")
    assert keras.src.api_export.keras_export("keras.x")(model) is model
    lazy = utils.module_utils.LazyModule("no_such_module_at_all", pip_name="nothing")
    assert lazy.available is False
    with pytest.raises(ImportError, match="pip install nothing"):
        lazy.anything  # noqa: B018


def test_untracked_attributes_stay_plain():
    tracking = keras.src.utils.tracking

    class Holder(keras.layers.Layer):
        @tracking.no_automatic_dependency_tracking
        def keep(self, layers):
            self.kept = layers

    holder = Holder()
    holder.keep([keras.layers.Dense(1)])
    assert type(holder.kept) is list
    assert holder._layers == []
    holder.seen = [keras.layers.Dense(1)]
    assert len(holder._layers) == 1


def test_weighted_means_of_metrics():
    reduce = keras.src.metrics.reduction_metrics.reduce_to_samplewise_values
    values, weights = reduce(np.array([[1.0, 3.0], [5.0, 7.0]]), np.array([1.0, 2.0]), keras.ops.mean, "float32")
    np.testing.assert_allclose(np.asarray(values), [2.0, 12.0])
    np.testing.assert_allclose(np.asarray(weights), [1.0, 2.0])


class TestLayers(keras.src.testing.TestCase):
    def test_the_layer_test_accepts_a_right_layer(self):
        self.run_layer_test(
            keras.layers.Dense,
            {"units": 4},
            input_shape=(2, 3),
            expected_output_shape=(2, 4),
            expected_num_trainable_weights=2,
            expected_num_losses=0,
            supports_masking=True,
        )

    def test_the_layer_test_refuses_a_wrong_statement(self):
        with self.assertRaises(AssertionError):
            self.run_layer_test(keras.layers.Dense, {"units": 4}, input_shape=(2, 3), expected_output_shape=(2, 5))
        with self.assertRaises(AssertionError):
            self.assertAllClose([1.0], [1.1])
        with self.assertRaises(NotImplementedError):
            self.run_layer_test(keras.layers.Dense, {"units": 4}, input_shape=(2, 3), input_sparse=True)


def test_data_layers_compute_by_their_backend_and_work_in_datasets():
    base = keras.src.layers.preprocessing.data_layer.DataLayer

    class Shifted(base):
        def __init__(self, amount=1.0, seed=None, **kwargs):
            super().__init__(**kwargs)
            self.amount, self.seed = amount, seed
            self.generator = keras.random.SeedGenerator(seed)

        def call(self, inputs):
            seed = self._get_seed_generator(self.backend._backend)
            noise = self.backend.random.uniform(self.backend.shape(inputs), 0.0, 1.0, seed=seed)
            moved = self.backend.numpy.add(inputs, self.convert_weight(self.amount))
            return self.backend.numpy.where(noise >= 0.0, moved, self.backend.image.hsv_to_rgb(inputs))

    layer = Shifted(2.0, seed=3)
    x = np.zeros((2, 4, 4, 3), "float32")
    np.testing.assert_array_equal(layer(x), x + 2)
    np.testing.assert_array_equal(next(iter(tf.data.Dataset.from_tensors(x).map(layer))), x + 2)
    assert layer.get_config()["amount"] == 2.0
    with pytest.raises(ValueError, match="`seed` and `generator`"):
        base()._get_seed_generator()


def test_parts_of_a_feature_space_are_where_keras_has_them():
    module = keras.src.layers.preprocessing.feature_space
    assert isinstance(keras.utils.FeatureSpace.float(), module.Feature)
    assert isinstance(keras.utils.FeatureSpace.cross(("a", "b"), 3), module.Cross)


def test_import_star_of_a_private_module_gives_the_helpers_of_all_paths_above():
    from kerasish.src import module

    assert "RNNCell" in module("tensorflow.python.ops.rnn_cell").__all__
    assert {"smart_cond", "RNNCell"} <= set(module("tensorflow.python.ops").__all__)


def test_activations_added_to_the_table_are_found_by_name():
    known = private("keras.src.activations.ALL_OBJECTS_DICT")
    known["halved"] = lambda x: 0.5 * x
    try:
        assert float(keras.layers.Activation("halved")(np.ones((1, 1), "float32"))[0, 0]) == 0.5
    finally:
        del known["halved"]


def test_a_cell_drops_the_same_units_in_all_steps():
    class Cell(private("keras.src.layers.rnn.dropout_rnn_cell.DropoutRNNCell"), keras.layers.Layer):
        dropout, recurrent_dropout, state_size = 0.5, 0.0, 8

        def __init__(self):
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(1)

        def call(self, x, states):
            return x * self.get_dropout_mask(x), states

    kept = np.asarray(keras.layers.RNN(Cell(), return_sequences=True)(np.ones((2, 4, 8), "float32")))
    assert set(kept.ravel()) == {0.0, 2.0}
    assert (kept == kept[:, :1]).all()
    assert Cell().get_recurrent_dropout_mask(np.ones((2, 8), "float32")) is None


def test_helpers_of_shapes():
    conv_output_length = private("keras.src.utils.conv_utils.conv_output_length")
    assert [conv_output_length(10, 3, kind, 2) for kind in ("same", "valid", "full")] == [5, 4, 6]
    compute_fans = private("tensorflow.python.ops.init_ops_v2._compute_fans")
    assert [compute_fans(shape) for shape in ((), (3,), (2, 3), (3, 3, 2, 4))] == [(1, 1), (3, 3), (2, 3), (18, 36)]
