"""``tensorflow.python.keras``: Keras 2's helpers, with numbers and exceptions recorded from TensorFlow 2.21's."""

import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.src import KERAS_2, find, private_name


def private(path):
    """An object by its path below ``tensorflow.python.keras``."""
    inner, _, name = path.rpartition(".")
    return find(KERAS_2, inner, name)


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("layers.core.Dense", keras.layers.Dense),
        ("engine.base_layer.Layer", keras.layers.Layer),
        ("engine.functional.Functional", keras.models.Functional),
        ("engine.network.Network", keras.Model),
        ("optimizer_v2.optimizer_v2.OptimizerV2", keras.optimizers.Optimizer),
        ("optimizer_v2.learning_rate_schedule.ExponentialDecay", keras.optimizers.schedules.ExponentialDecay),
        ("mixed_precision.policy.Policy", keras.mixed_precision.Policy),
        ("utils.np_utils.to_categorical", keras.utils.to_categorical),
        ("backend.image_data_format", keras.backend.image_data_format),
    ],
)
def test_public_objects_lie_under_old_paths(path, public):
    assert private(path) is public


def test_modules_that_cannot_be_had_are_absent():
    assert private_name("tensorflow.python.keras.engine.data_adapter")
    assert private_name("tensorflow.python.keras.engine.network")  # older than 2.21
    assert private_name("tensorflow.python.keras.keras_parameterized") is None
    assert private_name("tensorflow.python.keras.engine.base_layer.Layer") is None


def test_imports_of_old_paths(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(
        textwrap.dedent(
            """
            import tensorflow as tf
            import tensorflow.python.keras.backend as K
            import tensorflow.python.keras.engine.training
            from tensorflow.python import keras
            from tensorflow.python.keras.utils import conv_utils, losses_utils
            from tensorflow.python.keras.utils.generic_utils import to_snake_case
            from tensorflow.python.keras.wrappers.scikit_learn import KerasClassifier
            from tensorflow.python.keras.layers.experimental.preprocessing import Rescaling
            from tensorflow.python.keras.layers.recurrent import *
            assert tf.keras.__name__ == "kerasish" and LSTM is tf.keras.layers.LSTM and K.floatx() == "float32"
            assert keras.layers.LSTM is LSTM and keras.__version__ == tf.keras.__version__
            assert conv_utils.normalize_tuple(3, 2, "x") == (3, 3)
            for line in ("utils.conv_utils import nothing", "testing_utils import layer_test"):
                try:
                    exec("from tensorflow.python.keras." + line)
                except ImportError as e:
                    print(type(e).__name__, line.split(" import ")[0] in str(e))
            """
        )
    )
    done = subprocess.run([sys.executable, "-m", "kerasish", str(path)], capture_output=True, text=True)
    assert done.stdout == "ImportError True\nModuleNotFoundError True\n", done.stderr


def test_lengths_of_convolutions():
    out, back, up = (private(f"utils.conv_utils.{n}_length") for n in ("conv_output", "conv_input", "deconv_output"))
    assert [out(10, 3, kind, 2, 2) for kind in ("same", "causal", "valid", "full")] == [5, 5, 3, 7]
    assert [back(10, 4, kind, 2) for kind in ("same", "valid", "full")] == [18, 22, 16]
    assert [up(7, 4, kind, None, 3, 2) for kind in ("same", "valid", "full")] == [21, 25, 13]
    assert [up(7, 3, kind, 1, 2) for kind in ("same", "valid")] == [14, 16] and up(None, 3, "same") is None
    with pytest.raises(AssertionError, match="padding"):
        up(7, 3, "causal", None, 2)


def test_arguments_of_convolutions():
    normalize = private("utils.conv_utils.normalize_tuple")
    assert normalize([1, 2], 2, "strides") == (1, 2)
    for wrong in (None, (1,), "ab"):
        with pytest.raises(ValueError, match="strides"):
            normalize(wrong, 2, "strides")
    assert private("utils.conv_utils.convert_data_format")("channels_first", 5) == "NCDHW"
    assert private("utils.conv_utils.normalize_padding")("SAME") == "same"
    with pytest.raises(ValueError, match="data_format"):
        private("utils.conv_utils.normalize_data_format")("x")


def test_names_and_structures():
    snake = private("utils.generic_utils.to_snake_case")
    assert [snake(n) for n in ("Conv2D", "_Private", "My2DThing")] == ["conv2d", "private__private", "my2d_thing"]
    assert private("utils.generic_utils.make_batches")(10, 3) == [(0, 3), (3, 6), (6, 9), (9, 10)]
    shapes = private("utils.tf_utils.convert_shapes")
    assert shapes([(None, 3), tf.TensorShape([2])]) == [(None, 3), (2,)] and shapes(5) == (5,)

    class Shaped:
        @private("utils.tf_utils.shape_type_conversion")
        def compute_output_shape(self, shape):
            assert type(shape) is tuple
            return shape[:1] + (4,)

    assert isinstance(Shaped().compute_output_shape(tf.TensorShape([None, 3])), tf.TensorShape)


def test_a_condition_that_is_known_calls_one_function():
    smart_cond = private("utils.control_flow_util.smart_cond")
    assert [smart_cond(p, lambda: "y", lambda: "n") for p in (True, 0, tf.constant(False))] == ["y", "n", "n"]
    assert float(tf.function(lambda p: smart_cond(p, lambda: 1.0, lambda: 2.0))(tf.constant(False))) == 2.0


def test_parts_of_training_data():
    unpack, split = (
        private(f"engine.data_adapter.{n}") for n in ("unpack_x_y_sample_weight", "train_validation_split")
    )
    assert unpack([1, 2]) == ([1, 2], None, None) and unpack((1, 2)) == (1, 2, None)
    with pytest.raises(ValueError, match="x, y"):
        unpack(())
    first, last = split((np.arange(5.0), None), 0.4)
    assert (first[0].tolist(), first[1], last[0].tolist()) == ([0, 1, 2], None, [3, 4]) and first[0].dtype == float
    with pytest.raises(ValueError, match="few"):
        split(np.arange(5), 0.0)
    a, b = private("engine.data_adapter.expand_1d")((tf.ones(2), np.ones(2)))
    assert a.shape == (2, 1) and b.shape == (2,)


def test_weighted_losses():
    weighted = private("utils.losses_utils.compute_weighted_loss")
    losses = tf.constant([[1, 2], [2, 3], [3, 4]], "float16")
    assert float(weighted(losses, [1.0, 0.0, 2.0])) == 2.833984375
    assert weighted(tf.constant([1, 2, 3]), 2.0, "none").numpy().tolist() == [2, 4, 6]
    assert float(weighted(tf.zeros((0,)))) == 0
    with pytest.raises(ValueError, match="bad"):
        weighted(losses, None, "bad")
    fit = private("utils.losses_utils.squeeze_or_expand_dimensions")
    assert [tuple(x.shape) for x in fit(tf.ones((3, 4)), tf.ones(3), tf.ones(3))] == [(3, 4), (3,), (3, 1)]


def test_counts_at_thresholds():
    matrix = private("utils.metrics_utils.ConfusionMatrix")
    y, p = np.array([[0, 1], [1, 1], [1, 0]]), np.array([[0.1, 0.8], [0.6, 0.3], [0.5, 0.9]], "float32")

    def counts(shape=2, **options):
        found = {kind: tf.Variable(np.zeros(shape, "float32")) for kind in matrix}
        update = private("utils.metrics_utils.update_confusion_matrix_variables")
        update(found, y, p, [0.25, 0.5], **options)
        return [v.numpy().tolist() for v in found.values()]

    assert counts(sample_weight=[1.0, 2.0, 3.0]) == [[8, 3], [3, 3], [1, 1], [0, 5]]
    assert counts(top_k=1) == [[2, 2], [1, 1], [1, 1], [2, 2]]
    assert counts(class_id=1) == [[2, 1], [1, 1], [0, 0], [0, 1]]
    assert counts(label_weights=[1.0, 2.0]) == [[6, 3], [2, 2], [1, 1], [0, 3]]
    assert counts((2, 2), multi_label=True)[0] == [[2, 2], [1, 1]]
    with pytest.raises(ValueError, match="sizes"):
        counts(class_id=0, sample_weight=[[1.0, 0.0], [2.0, 1.0], [3.0, 1.0]])


def test_recurrent_cells_of_users():
    class Cell(private("layers.recurrent.DropoutRNNCellMixin"), keras.layers.Layer):
        dropout, recurrent_dropout, state_size = 0.5, 0.0, 3

        def call(self, x, states, training=None):
            masks = self.get_dropout_mask_for_cell(x, training, count=2)
            return x * masks[0] + states[0], [x + states[0]]

    cell, x = Cell(), tf.ones((2, 3))
    mask = cell.get_dropout_mask_for_cell(x, True)
    assert cell.get_dropout_mask_for_cell(x, True) is mask and set(np.unique(mask)) <= {0.0, 2.0}
    cell.reset_dropout_mask()
    assert (
        cell.get_dropout_mask_for_cell(x, True) is not mask and cell.get_recurrent_dropout_mask_for_cell(x, 1) is None
    )
    assert keras.layers.RNN(Cell())(tf.ones((1, 4, 3))).numpy().tolist() == [[4.0, 4.0, 4.0]]
    zeros = private("layers.recurrent._generate_zero_filled_state_for_cell")(cell, None, 2, "float64")
    assert (zeros.shape, zeros.dtype) == ((2, 3), "float64")
    standardize = private("layers.recurrent._standardize_args")
    assert standardize([1, 2, 3], None, None, 1) == (1, [2], [3]) and standardize(1, 2, (3,), 0) == (1, [2], [3])


def test_bases_of_layers():
    class Doubled(private("layers.merge._Merge")):
        def _merge_function(self, inputs):
            return inputs[0] * 2 + inputs[1]

    class Square(private("layers.convolutional.Conv")):
        def __init__(self, filters, kernel_size, **kwargs):
            super().__init__(rank=2, filters=filters, kernel_size=kernel_size, **kwargs)

    assert Doubled()([tf.ones((1, 2)), tf.ones((1, 2))]).numpy().tolist() == [[3.0, 3.0]]
    again = Square.from_config(Square(4, 3, padding="same").get_config())
    assert again(tf.ones((1, 5, 5, 2))).shape == (1, 5, 5, 4)
    assert isinstance(keras.layers.Dot(1), private("layers.merge._Merge"))
    assert isinstance(keras.layers.SeparableConv2D(1, 1), private("layers.convolutional.Conv"))
    assert not isinstance(keras.layers.Conv2D(1, 1), Square)
    pooling = private("layers.pooling.Pooling2D")
    assert isinstance(keras.layers.MaxPooling2D(), pooling) and not isinstance(keras.layers.MaxPooling1D(), pooling)
    with pytest.raises(NotImplementedError, match="Pooling2D"):
        type("Mine", (pooling,), {})
    assert private("layers.convolutional_recurrent.ConvLSTM2DCell")(4, 3).get_config()["kernel_size"] == (3, 3)


def test_weights_in_open_files(tmp_path):
    def model(units=2):
        inner = keras.Sequential([keras.layers.Dense(3, name="a"), keras.layers.Dense(units, name="b")])
        inner.build((None, 2))
        return inner

    save, load = (
        private(f"saving.hdf5_format.{n}_weights_{to}_hdf5_group") for n, to in (("save", "to"), ("load", "from"))
    )
    first, second, wider = model(), model(), model(4)
    with h5py.File(tmp_path / "w.h5", "w") as file:
        save(file.create_group("x"), first.layers)
        load(file["x"], second.layers)
        assert all((p.numpy() == q.numpy()).all() for p, q in zip(first.weights, second.weights))
        with pytest.raises(ValueError, match="Layer count"):
            load(file["x"], second.layers[:1])
        private("engine.saving.load_weights_from_hdf5_group_by_name")(file["x"], wider.layers[:1])
        assert (wider.layers[0].kernel.numpy() == first.layers[0].kernel.numpy()).all()
        private("saving.hdf5_format.save_attributes_to_hdf5_group")(file, "long", [b"n" * 60] * 3000)
        assert sorted(file.attrs) == ["long0", "long1", "long2"]
        assert private("saving.hdf5_format.load_attributes_from_hdf5_group")(file, "long") == ["n" * 60] * 3000
