"""Wrapper, TimeDistributed, Bidirectional."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kerasish.core import registry, tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.random import set_random_seed
from kerasish.core.tensor import Tensor, convert
from kerasish.layers.batch_norm import BatchNormalization
from kerasish.layers.cells import LSTMCell
from kerasish.layers.conv import Conv2D
from kerasish.layers.core import Dense, Embedding, Input
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent import GRU, LSTM, SimpleRNN
from kerasish.layers.rnn import RNN
from kerasish.layers.wrappers import Bidirectional, TimeDistributed, Wrapper
from kerasish.models.functional import Functional
from kerasish.models.sequential import Sequential

NAMES = {cls.__name__: cls for cls in (Dense, LSTM, GRU, SimpleRNN, RNN, LSTMCell)}
DATA = np.random.RandomState(0).randn(3, 5, 4).astype("float32")
MASK = np.array([[False, True, True, False, True], [True, True, True, False, False], [False] * 5])


def by_steps(layer: Layer, x: np.ndarray, **options: list) -> np.ndarray:
    """The layer applied to each step by itself."""
    return np.stack([np.asarray(layer(x[:, t], **{k: v[t] for k, v in options.items()})) for t in range(x.shape[1])], 1)


# TimeDistributed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Dense(3, activation="tanh"), (2, 3, 4)),
        (LSTM(3), (2, 3, 4, 5)),
        (Bidirectional(GRU(2)), (2, 3, 4, 5)),
        (Conv2D(2, 3, strides=2, padding="same"), (2, 3, 6, 6, 2)),
        (BatchNormalization(), (2, 3, 4)),
        (Sequential([Input((4, 5)), GRU(3), Dense(2)]), (2, 3, 4, 5)),
    ],
    ids=lambda x: x.name if isinstance(x, Layer) else "",
)
def test_each_step_goes_through_the_layer(layer, shape):
    x = np.random.RandomState(0).randn(*shape).astype("float32")
    outer = TimeDistributed(layer)
    outputs = outer(x)
    np.testing.assert_allclose(outputs, by_steps(layer, x), atol=1e-5)
    assert outer.compute_output_shape(shape) == tuple(outputs.shape)
    assert tuple(TimeDistributed(layer)(Input((None, *shape[2:]))).shape) == (None, None, *outputs.shape[2:])
    assert type(outer(torch.from_numpy(x))) is torch.Tensor


def test_gradients_pass():
    outer = TimeDistributed(Dense(2))
    x = convert(DATA)
    with GradientTape() as tape:
        tape.watch(x)
        y = outer(x)
    slope, kernel, bias = tape.gradient(y, [x, *outer.trainable_weights])
    np.testing.assert_allclose(slope, np.broadcast_to(outer.layer.kernel.numpy().sum(1), DATA.shape), rtol=1e-5)
    np.testing.assert_allclose(kernel[:, 0], DATA.sum((0, 1)), rtol=1e-4)
    assert bias.numpy().tolist() == [15, 15]


def test_state_is_updated_step_by_step_in_training():
    layer = BatchNormalization(momentum=0.9)
    outputs = TimeDistributed(layer)(DATA, training=True).numpy()
    np.testing.assert_allclose(outputs.mean(0), np.zeros((5, 4)), atol=1e-5)
    mean = np.zeros(4)
    for t in range(5):
        mean = 0.9 * mean + 0.1 * DATA[:, t].mean(0)
    np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-6)


def test_a_stateful_layer_goes_step_by_step():
    layer = LSTM(3, stateful=True)
    x = np.random.RandomState(0).randn(2, 3, 4, 5).astype("float32")
    outputs = TimeDistributed(layer)(x)
    layer.reset_state()
    np.testing.assert_allclose(outputs, by_steps(layer, x), atol=1e-6)


def test_masks_of_time_distributed():
    class Seen(Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, inputs, mask=None, training=None):
            assert isinstance(inputs, Tensor)
            self.seen = None if mask is None else tuple(mask.shape)
            return inputs

    inner = Seen()
    outer = TimeDistributed(inner)
    outer(DATA)
    assert inner.seen is None
    result = outer(DATA, mask=MASK)
    assert inner.seen == (15,)
    np.testing.assert_array_equal(result._keras_mask, MASK)
    x = np.random.RandomState(0).randn(2, 3, 4, 5).astype("float32")
    mask = np.random.RandomState(1).rand(2, 3, 4) < 0.5
    mask[0, 0] = False
    lstm = LSTM(3)
    last = TimeDistributed(lstm)(x, mask=mask)
    np.testing.assert_allclose(last, by_steps(lstm, x, mask=list(mask.swapaxes(0, 1))), atol=1e-5)
    np.testing.assert_array_equal(last._keras_mask, mask.any(-1))
    both = TimeDistributed(LSTM(3, return_sequences=True))(x, mask=mask)
    np.testing.assert_array_equal(both._keras_mask, mask)
    with pytest.raises(ValueError, match=r"input shape \(3, 5, 4\).* Expected mask shape prefix: \(3, 5\)"):
        outer(DATA, mask=MASK[:, :4])


def test_time_distributed_in_models():
    entry = Input((3, 4, 5))
    model = Functional(entry, GRU(2)(TimeDistributed(LSTM(3))(entry)))
    x = np.random.RandomState(0).randn(2, 3, 4, 5).astype("float32")
    _, outer, last = model.layers
    np.testing.assert_allclose(model(x), last(outer(x)), atol=1e-6)
    tokens = np.array([[1, 2, 0], [0, 0, 0]])
    entry = Input((3,), dtype="int32")
    embedding, head, last = Embedding(4, 3, mask_zero=True), TimeDistributed(Dense(2)), SimpleRNN(2)
    masked = Functional(entry, last(head(embedding(entry))))
    expected = last(head(embedding(tokens).numpy()).numpy(), mask=tokens != 0)
    np.testing.assert_allclose(masked(tokens), expected, atol=1e-6)


def test_a_layer_of_several_outputs_and_dtypes():
    entry = Input((4,))
    inner = Functional(entry, [Dense(2)(entry), Dense(3)(entry)])
    first, second = TimeDistributed(inner)(DATA)
    assert (tuple(first.shape), tuple(second.shape)) == ((3, 5, 2), (3, 5, 3))
    assert TimeDistributed(Embedding(9, 2))(Input((2, 3), dtype="int32")).dtype.name == "float32"


def test_time_distributed_names_and_config():
    outer = TimeDistributed(Dense(3, name="inner"), name="outer")
    outer.build((None, None, 4))
    assert [w.path for w in outer.weights] == ["outer/inner/kernel", "outer/inner/bias"]
    assert set(outer.get_config()) == {"name", "trainable", "dtype", "layer"}
    with registry.CustomObjectScope(NAMES):
        twin = TimeDistributed.from_config(outer.get_config())
    assert twin.get_config()["layer"]["config"] == outer.get_config()["layer"]["config"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TimeDistributed(3), "Please initialize `TimeDistributed` layer with a `keras.layers.Layer` instance"),
        (lambda: Wrapper(3), "Layer 3 supplied to Wrapper isn't a supported layer type"),
        (lambda: TimeDistributed(Dense(3))(DATA[0]), r"`input_shape` with at least 3 dimensions, received: \(5, 4\)"),
        (lambda: TimeDistributed(Dense(3)).compute_output_shape((2, 4)), r"3 dimensions, received: \(2, 4\)"),
        (lambda: TimeDistributed(Dense(3))([DATA, DATA]), r"received: \[TensorShape\(\[3, 5, 4\]\)"),
    ],
)
def test_errors_of_time_distributed(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_wrappers_of_the_users():
    class Twice(Wrapper):
        def call(self, inputs):
            return self.layer(inputs) * 2.0

    wrapper = Twice(Dense(3))
    wrapper.build((None, 4))
    assert wrapper.layer.built
    np.testing.assert_allclose(wrapper(DATA[0]), 2 * wrapper.layer(DATA[0]).numpy(), rtol=1e-6)


# Bidirectional --------------------------------------------------------------------------------------------------------


def directions(outer: Bidirectional, x: np.ndarray, **options: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    forward, backward = outer.forward_layer(x, **options).numpy(), outer.backward_layer(x, **options).numpy()
    return forward, backward[:, ::-1] if outer.return_sequences else backward


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
def test_merge_modes(cls, mask, sequences):
    merges = {
        "concat": lambda f, b: np.concatenate([f, b], -1),
        "sum": np.add,
        "mul": np.multiply,
        "ave": lambda f, b: (f + b) / 2,
        None: lambda f, b: (f, b),
    }
    for mode, merge in merges.items():
        outer = Bidirectional(cls(3, return_sequences=sequences), merge_mode=mode)
        results = outer(DATA, mask=mask)
        expected = merge(*directions(outer, DATA, mask=mask))
        for a, b in zip(tree.flatten(results), tree.flatten(expected), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
        assert tree.flatten(outer.compute_output_shape((3, 5, 4))) == [
            d for r in tree.flatten(results) for d in r.shape
        ]
        symbolic = tree.flatten(outer(Input((5, 4))))
        assert [x.shape[1:] for x in symbolic] == [x.shape[1:] for x in tree.flatten(results)]


def test_the_backward_layer_reads_from_the_end():
    outer = Bidirectional(SimpleRNN(2, return_sequences=True))
    changed = DATA.copy()
    changed[:, -1] += 1
    before, after = outer(DATA).numpy(), outer(changed).numpy()
    assert np.array_equal(before[:, :-1, :2], after[:, :-1, :2])
    assert (np.abs(before[:, 0, 2:] - after[:, 0, 2:]) > 0).any()


def test_states_of_both_directions():
    outer = Bidirectional(LSTM(3, return_state=True), merge_mode=None)
    results = outer(DATA)
    assert isinstance(results, tuple) and [tuple(r.shape) for r in results] == [(3, 3)] * 6
    states = [np.full((3, 3), i, "float32") for i in range(4)]
    given = outer(DATA, initial_state=states)
    np.testing.assert_allclose(given[2], outer.forward_layer(DATA, initial_state=states[:2])[1], atol=1e-6)
    np.testing.assert_allclose(given[5], outer.backward_layer(DATA, initial_state=states[2:])[2], atol=1e-6)
    np.testing.assert_allclose(outer([DATA, *states])[0], given[0])
    entry, begin = Input((5, 4)), [Input((3,)) for _ in range(4)]
    model = Functional([entry, *begin], list(outer(entry, initial_state=begin)))
    for a, b in zip(model([DATA, *states]), given, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    with pytest.raises(ValueError, match="must be a list with the forward layer's states"):
        outer(DATA, initial_state=states[:3])


def test_masks_of_bidirectional():
    mask = convert(MASK)
    sequences, last = LSTM(3, return_sequences=True), LSTM(3, return_state=True)
    assert Bidirectional(LSTM(3)).compute_mask(None, mask) is None
    assert Bidirectional(sequences).compute_mask(None, mask).numpy().tolist() == MASK.tolist()
    assert len(Bidirectional(sequences, merge_mode=None).compute_mask(None, mask)) == 2
    assert Bidirectional(last).compute_mask(None, mask) == [None] * 5
    outer = Bidirectional(sequences)
    np.testing.assert_array_equal(outer(DATA, mask=MASK)._keras_mask, MASK)
    assert outer.forward_layer.zero_output_for_mask and outer.backward_layer.zero_output_for_mask
    assert not outer(DATA, mask=MASK).numpy()[~MASK].any()


def test_seeded_weights_are_kerass():
    set_random_seed(7)
    outer = Bidirectional(LSTM(2))
    outer.build((2, 3, 2))
    rows = [  # the kernels' and recurrent kernels' first rows, forward and backward, from Keras 3.15
        [0.5487297, 0.1513209, 0.4060491, 0.1070467, -0.5840645, -0.0724148, 0.2376789, -0.6988020],
        [0.2539361, -0.2267843, 0.2280587, -0.4512690, 0.4545560, 0.0672286, 0.6098346, 0.2130536],
        [-0.6762642, -0.2775376, 0.7354285, 0.5304708, -0.7156387, -0.5277510, -0.1472709, 0.7579738],
        [0.2419963, -0.0449165, 0.1096560, -0.3377433, -0.0399044, -0.3190669, -0.2561182, -0.8027034],
    ]
    for weight, row in zip([w for w in outer.weights if len(w.shape) == 2], rows, strict=True):
        np.testing.assert_allclose(weight.numpy()[0], row, atol=1e-6)
    outputs = outer((np.arange(12).reshape(2, 3, 2) / 10).astype("float32"))
    expected = [[-0.1242867, -0.0823964, -0.1017308, -0.0719431], [-0.3135409, -0.1120350, -0.3873673, -0.2987503]]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_names_order_and_config():
    outer = Bidirectional(LSTM(3, name="abc"), name="both")
    outer.build((None, 5, 4))
    assert [w.path for w in outer.weights] == [
        f"both/{side}_abc/lstm_cell/{name}"
        for side in ("forward", "backward")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    config = outer.get_config()
    assert set(config) == {"name", "trainable", "dtype", "merge_mode", "layer", "backward_layer"}
    assert config["backward_layer"]["config"]["go_backwards"] is True
    with registry.CustomObjectScope(NAMES):
        twin = Bidirectional.from_config(config)
    assert (twin.forward_layer.name, twin.backward_layer.name) == ("forward_abc", "backward_abc")
    twin.build((None, 5, 4))
    twin.set_weights(outer.get_weights())
    np.testing.assert_array_equal(twin(DATA), outer(DATA))
    again = Bidirectional(LSTM(3), weights=outer.get_weights())
    np.testing.assert_array_equal(again(DATA), outer(DATA))


def test_a_backward_layer_of_its_own():
    backward = GRU(2, go_backwards=True, return_sequences=True)
    outer = Bidirectional(LSTM(3, return_sequences=True), backward_layer=backward)
    assert outer.backward_layer is backward
    outputs = outer(DATA)
    np.testing.assert_allclose(outputs[..., 3:], backward(DATA).numpy()[:, ::-1], atol=1e-6)


def test_bidirectional_over_cells_of_the_users():
    class Sum(Layer):
        state_size = 4

        def call(self, inputs, states):
            return states[0] + inputs, [states[0] + inputs]

        def get_config(self):
            return {"name": self.name}

    outer = Bidirectional(RNN(Sum(), return_sequences=True), merge_mode="sum")
    np.testing.assert_allclose(outer(DATA), DATA.cumsum(1) + DATA[:, ::-1].cumsum(1)[:, ::-1], atol=1e-5)


def test_stateful_bidirectional():
    outer = Bidirectional(GRU(3, stateful=True))
    first = outer(DATA).numpy()
    assert outer.stateful and len(outer.states) == 2
    assert np.abs(outer(DATA).numpy() - first).max() > 0
    outer.reset_states()
    np.testing.assert_array_equal(outer(DATA), first)
    assert Bidirectional(GRU(3)).states is None


def test_training_and_settings_reach_both_layers():
    outer = Bidirectional(LSTM(3, dropout=0.5, use_cudnn=False, activity_regularizer="l2"))
    assert outer.forward_layer.use_cudnn is outer.backward_layer.use_cudnn is False
    assert np.abs(outer(DATA, training=True).numpy() - outer(DATA).numpy()).max() > 0
    assert len(outer.losses) == 2
    outer.trainable = False
    assert outer.trainable_weights == [] and not outer.forward_layer.cell.trainable


def test_dtype_of_the_merged_outputs():
    outer = Bidirectional(LSTM(3, dtype="float64"), dtype="float64")
    assert outer(DATA).dtype.name == "float64"
    assert Bidirectional(LSTM(3, dtype="mixed_bfloat16"), dtype="mixed_bfloat16")(DATA).dtype.name == "bfloat16"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Bidirectional(3), ValueError, "Please initialize `Bidirectional` layer with a `keras.layers.Layer`"),
        (lambda: Bidirectional(LSTM(3), "foo"), ValueError, "Invalid merge mode. Received: foo"),
        (lambda: Bidirectional(Dense(3)), TypeError, "go_backwards"),
        (lambda: Bidirectional(LSTM(3), backward_layer=3), ValueError, "`backward_layer` need to be a `keras.layers"),
        (
            lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3)),
            ValueError,
            "should have different `go_backwards` value",
        ),
        (
            lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True, return_sequences=True)),
            ValueError,
            'same value for attribute "return_sequences", got "False" for forward layer and "True"',
        ),
        (lambda: Bidirectional(LSTM(3))(DATA[0]), ValueError, "expected ndim=3, found ndim=2"),
    ],
)
def test_errors_of_bidirectional(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_wrapped_layers_compute_in_their_own_dtype():
    x = np.linspace(-1, 1, 6, dtype="float32").reshape(1, 2, 3)
    lstm = LSTM(1, kernel_initializer="ones", recurrent_initializer="ones", return_sequences=True, dtype="float32")
    y = Bidirectional(lstm, merge_mode="sum", dtype="mixed_float16")(x)
    assert y.dtype.name == "float16" and np.allclose(y, [[[0.01927185], [1.0830078]]])


@pytest.mark.parametrize(("outer", "inner"), [("mixed_float16", "float32"), ("float32", "mixed_float16")])
def test_steps_have_the_compute_dtype_of_time_distributed(outer, inner):
    layer = TimeDistributed(Dense(2, dtype=inner), dtype=outer)
    assert layer(DATA).dtype == layer(Input((None, DATA.shape[-1]))).dtype == layer.compute_dtype
