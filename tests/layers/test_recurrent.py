"""RNN, SimpleRNN, LSTM, GRU and their cells."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from kerasish import activations
from kerasish.core import registry, tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.random import set_random_seed
from kerasish.core.tensor import Tensor
from kerasish.layers.cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from kerasish.layers.core import Dense, Embedding, Input
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent import GRU, LSTM, SimpleRNN
from kerasish.layers.rnn import RNN
from kerasish.models.functional import Functional
from kerasish.models.sequential import Sequential
from kerasish.ops import convert_to_tensor, matmul

NAMES = {cls.__name__: cls for cls in (SimpleRNNCell, LSTMCell, GRUCell, StackedRNNCells, RNN, SimpleRNN, LSTM, GRU)}
STATES = {SimpleRNN: 1, LSTM: 2, GRU: 1}
LAYERS = pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
DATA = np.random.RandomState(0).randn(3, 5, 4).astype("float32")
MASK = np.array([[False, True, True, False, True], [True, True, True, False, False], [False] * 5])


def randomized(layer: Layer, shape: tuple = (None, 5, 4), seed: int = 1) -> Layer:
    """The layer, built, with random weights (biases too)."""
    if not layer.built:
        layer.build(shape)
    random = np.random.RandomState(seed)
    layer.set_weights([random.randn(*w.shape).astype(w.dtype.name) for w in layer.weights])
    return layer


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def numpy_step(layer: Layer, x: np.ndarray, states: list) -> list:
    """One step in Keras's layout, gate by gate, from the formulas."""
    kernel, recurrent, bias = layer.get_weights()
    h = states[0]
    if isinstance(layer, SimpleRNN):
        return [np.tanh(x @ kernel + h @ recurrent + bias)]
    if isinstance(layer, LSTM):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
        return [sigmoid(o) * np.tanh(c), c]
    after = layer.reset_after
    xz, xr, xh = np.split(x @ kernel + (bias[0] if after else bias), 3, axis=1)
    uz, ur, uh = np.split(recurrent, 3, axis=1)
    bz, br, bh = np.split(bias[1], 3) if after else (0, 0, 0)
    z, r = sigmoid(xz + h @ uz + bz), sigmoid(xr + h @ ur + br)
    candidate = np.tanh(xh + (r * (h @ uh + bh) if after else (r * h) @ uh))
    return [z * h + (1 - z) * candidate]


def numpy_run(layer: Layer, x: np.ndarray, states: list, mask: np.ndarray | None = None) -> tuple[np.ndarray, list]:
    outputs = [np.zeros_like(states[0])]
    for t in range(x.shape[1]):
        new = numpy_step(layer, x[:, t], states)
        valid = np.ones((len(x), 1), bool) if mask is None else mask[:, t : t + 1]
        outputs.append(np.where(valid, new[0], outputs[-1]))
        states = [np.where(valid, after, before) for after, before in zip(new, states)]
    return np.stack(outputs[1:], 1), states


def zeros(layer: Layer, batch: int = 3) -> list:
    return [np.zeros((batch, layer.units), "float32") for _ in range(STATES[type(layer)])]


# values ---------------------------------------------------------------------------------------------------------------


@LAYERS
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize("options", [{}, {"use_cudnn": False}], ids=["fused", "steps"])
def test_layers_compute_their_formulas(cls, mask, options):
    options = {} if cls is SimpleRNN else options
    layer = randomized(cls(3, return_sequences=True, return_state=True, **options))
    outputs, *states = layer(DATA, mask=mask)
    expected, last = numpy_run(layer, DATA, zeros(layer), mask)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    for state, value in zip(states, last, strict=True):
        np.testing.assert_allclose(state, value, atol=1e-5)


def test_gru_with_reset_before():
    layer = randomized(GRU(3, reset_after=False, return_sequences=True))
    assert [tuple(w.shape) for w in layer.weights] == [(4, 9), (3, 9), (9,)]
    np.testing.assert_allclose(layer(DATA), numpy_run(layer, DATA, zeros(layer))[0], atol=1e-5)


@LAYERS
def test_initial_state_go_backwards_and_last_output(cls):
    layer = randomized(cls(3, go_backwards=True, return_state=True))
    begin = [np.random.RandomState(i).randn(3, 3).astype("float32") for i in range(STATES[cls])]
    output, *states = layer(DATA, initial_state=begin, mask=MASK)
    expected, last = numpy_run(layer, DATA[:, ::-1], begin, MASK[:, ::-1])
    np.testing.assert_allclose(output, expected[:, -1], atol=1e-5)
    np.testing.assert_allclose(states[-1], last[-1], atol=1e-5)


@LAYERS
def test_zero_output_for_mask(cls):
    layer = randomized(cls(3, return_sequences=True, zero_output_for_mask=True))
    outputs = layer(DATA, mask=MASK).numpy()
    assert not outputs[~MASK].any()
    np.testing.assert_allclose(outputs[MASK], numpy_run(layer, DATA, zeros(layer), MASK)[0][MASK], atol=1e-5)
    last = randomized(cls(3, zero_output_for_mask=True))(DATA, mask=MASK).numpy()
    assert last[0].any() and not last[1].any()


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "softmax", None])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_simple_rnn_with_other_activations(activation, mask):
    layer = randomized(SimpleRNN(3, activation=activation, return_sequences=True))
    kernel, recurrent, bias = layer.get_weights()
    state, before, function = np.zeros((3, 3), "float32"), np.zeros((3, 3), "float32"), activations.get(activation)
    for t in range(5):
        valid = np.ones((3, 1), bool) if mask is None else mask[:, t : t + 1]
        new = function(DATA[:, t] @ kernel + state @ recurrent + bias).numpy()
        state, before = np.where(valid, new, state), np.where(valid, new, before)
        np.testing.assert_allclose(layer(DATA, mask=mask)[:, t], before, rtol=1e-5, atol=1e-5)


@LAYERS
def test_without_bias(cls):
    layer = cls(3, use_bias=False)
    layer(DATA)
    assert len(layer.weights) == 2 and layer.cell.bias is None


@LAYERS
def test_unroll_and_keras_2_arguments_change_nothing(cls):
    set_random_seed(1)
    expected = cls(3)(DATA)
    for options in ({"unroll": True}, {"implementation": 1}, {"time_major": False}):
        set_random_seed(1)
        np.testing.assert_array_equal(cls(3, **options)(DATA), expected)


@LAYERS
@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "mixed_bfloat16"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_dtypes(cls, dtype, activation):
    layer = cls(3, activation=activation, dtype=dtype, return_state=True)
    results = layer(DATA, mask=MASK)
    wanted = dtype.removeprefix("mixed_")
    assert {r.dtype.name for r in results} == {wanted}
    assert {r.dtype.name for r in layer(DATA, initial_state=[np.ones((3, 3))] * STATES[cls])} == {wanted}
    assert layer.weights[0].dtype.name == ("float32" if "mixed" in dtype else dtype)


@LAYERS
def test_torch_in_torch_out_and_integers(cls):
    layer = cls(3, return_state=True)
    results = layer(torch.from_numpy(DATA))
    assert all(type(r) is torch.Tensor for r in results)
    assert results[0].requires_grad
    assert layer(np.ones((2, 3, 4), "int32"))[0].dtype.name == "float32"


@LAYERS
def test_gradients_of_fused_and_stepwise_runs_agree(cls):
    fused, steps = cls(3), RNN(NAMES[f"{cls.__name__}Cell"](3))
    steps.use_cudnn = False
    grads = []
    for layer in (fused, steps):
        randomized(layer)
        x = convert_to_tensor(DATA)
        with GradientTape() as tape:
            tape.watch(x)
            y = layer(x, mask=MASK)
        grads.append(tape.gradient(y, [x, *layer.trainable_weights]))
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


# weights --------------------------------------------------------------------------------------------------------------

# keras.utils.set_random_seed(7), a layer of 2 units built for (2, 3, 2): first row of each weight, and its outputs for
# arange(12).reshape(2, 3, 2) / 10, as Keras 3.15 gives them
SEEDED = {
    SimpleRNN: (
        [[1.0495492, 0.9288727], [0.2520299, 0.9677194]],
        [[0.1596000, 0.3542424], [0.7541881, 0.9047645]],
    ),
    LSTM: (
        [
            [-0.2828531, 0.3561136, 0.7032031, -0.2640849, -0.1739337, 0.0260357, -0.3175561, 0.2396427],
            [-0.1187054, -0.2765788, 0.2009932, 0.5414886, -0.3583841, 0.5586619, -0.1574036, -0.3323953],
        ],
        [[-0.0287635, -0.1366601], [-0.0658125, -0.2573554]],
    ),
    GRU: (
        [
            [-0.3162395, 0.3981470, 0.7862049, -0.2952559, -0.1944637, 0.0291089],
            [-0.1276523, -0.2974246, 0.2161421, 0.5823007, -0.3853955, 0.6007683],
        ],
        [[0.2094405, -0.0156860], [0.4621395, -0.0044908]],
    ),
}


@LAYERS
def test_seeded_weights_and_outputs_are_kerass(cls):
    set_random_seed(7)
    layer = cls(2)
    layer.build((2, 3, 2))
    rows, outputs = SEEDED[cls]
    for weight, row in zip(layer.weights, rows):
        np.testing.assert_allclose(weight.numpy()[0], row, atol=1e-6)
    np.testing.assert_allclose(layer((np.arange(12).reshape(2, 3, 2) / 10).astype("float32")), outputs, atol=1e-6)


def test_unit_forget_bias():
    set_random_seed(7)
    layer = LSTM(2, bias_initializer="random_normal")
    layer.build((2, 3, 2))
    np.testing.assert_allclose(
        layer.weights[2], [0.0070507, -0.0025423, 1, 1, 0.0070507, -0.0025423, 0.0270724, -0.0479319], atol=1e-7
    )
    plain = LSTM(2, unit_forget_bias=False)
    plain.build((2, 3, 2))
    assert not plain.weights[2].numpy().any()


@LAYERS
def test_weights_have_kerass_shapes_names_and_torchs_storage(cls):
    layer = cls(3)
    layer.build((None, None, 4))
    gates = {SimpleRNN: 1, LSTM: 4, GRU: 3}[cls]
    name = {SimpleRNN: "simple_rnn", LSTM: "lstm", GRU: "gru"}[cls]
    assert [w.path.split("/", 1)[1] for w in layer.weights] == [
        f"{name}_cell/{weight}" for weight in ("kernel", "recurrent_kernel", "bias")
    ]
    assert [tuple(w.shape) for w in layer.weights[:2]] == [(4, 3 * gates), (3, 3 * gates)]
    assert [tuple(w.stored.shape) for w in layer.weights[:2]] == [(3 * gates, 4), (3 * gates, 3)]
    assert len(layer.variables) == 4  # and the state of the seed generator
    values = [np.random.rand(*w.shape).astype("float32") for w in layer.weights]
    layer.set_weights(values)
    for value, weight in zip(values, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(value, weight)


def test_gradients_and_jacobians_have_kerass_order_of_gates():
    layer = randomized(GRU(2))
    with GradientTape(persistent=True) as tape:
        y = layer(DATA[:1])
    for weight in layer.weights:
        jacobian = tape.jacobian(y, weight).numpy()
        assert jacobian.shape == (1, 2, *weight.shape)
        np.testing.assert_allclose(jacobian.sum((0, 1)), tape.gradient(y, weight), atol=1e-6)
    bias = layer.weights[2]
    value, step = bias.numpy(), np.zeros((2, 6), "float32")
    step[0, 0] = 1e-2  # the update gate's first bias, by differences
    before = layer(DATA[:1]).numpy()
    bias.assign(value + step)
    slope = (layer(DATA[:1]).numpy() - before) / 1e-2
    np.testing.assert_allclose(slope, jacobian[..., 0, 0], atol=5e-3)


def test_second_derivatives_inside_two_tapes():
    layer = randomized(LSTM(2))
    x = convert_to_tensor(DATA)
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
        slope = inner.gradient(y, x)
        penalty = (slope * slope).numpy().sum()
        loss = matmul(slope[:, 0], slope[:, 1, :, None])
    assert penalty > 0
    assert all(np.isfinite(g.numpy()).all() for g in outer.gradient(loss, layer.weights))


# state ----------------------------------------------------------------------------------------------------------------


@LAYERS
def test_stateful_layers_go_on_where_the_last_batch_ended(cls):
    layer = randomized(cls(3, stateful=True, return_sequences=True), (3, 5, 4))
    whole = randomized(cls(3, return_sequences=True))(np.concatenate([DATA, DATA], 1)).numpy()
    np.testing.assert_allclose(layer(DATA), whole[:, :5], atol=1e-5)
    np.testing.assert_allclose(layer(DATA), whole[:, 5:], atol=1e-5)
    assert len(layer.states) == STATES[cls]
    assert len(layer.weights) == 3 and not any("state" in key for key in layer.state_dict())
    layer.reset_state()
    assert not layer.states[0].numpy().any()
    np.testing.assert_allclose(layer(DATA), whole[:, :5], atol=1e-5)
    layer.reset_states([np.ones((3, 3))] * STATES[cls])
    assert layer.states[0].numpy().all()
    layer.reset_states()
    assert not layer.states[0].numpy().any()


def test_states_of_stateful_layers_pass_no_gradient_but_do_not_disturb_it():
    layer = randomized(LSTM(3, stateful=True), (3, 5, 4))
    for _ in range(2):
        with GradientTape() as tape:
            y = layer(DATA)
        assert all(g is not None for g in tape.gradient(y, layer.weights))
    twin = copy.deepcopy(layer)
    np.testing.assert_allclose(twin(DATA), layer(DATA), atol=1e-6)
    twin.reset_state()
    assert layer.states[0].numpy().any()


def test_stateful_layers_need_a_fixed_batch():
    with pytest.raises(ValueError, match="When using `stateful=True` in a RNN, the batch size must be static"):
        LSTM(3, stateful=True)(Input((5, 4)))
    layer = GRU(3, stateful=True)
    layer(DATA)
    with pytest.raises(ValueError, match="Expected batch size: 3\n- Received batch size: 2"):
        layer(DATA[:2])
    assert GRU(3).states is None
    GRU(3).reset_state()


def test_stateful_in_a_model():
    model = Sequential([Input(batch_shape=(3, 5, 4)), LSTM(3, stateful=True), Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(DATA, np.ones((3, 1)), batch_size=3, epochs=2, verbose=0)
    model.reset_states()
    first = model.predict(DATA, batch_size=3, verbose=0)
    second = model.predict(DATA, batch_size=3, verbose=0)
    once = Sequential([Input((10, 4)), LSTM(3), Dense(1)])
    once.set_weights(model.get_weights())
    np.testing.assert_allclose(second, once.predict(np.concatenate([DATA, DATA], 1), verbose=0), atol=1e-5)
    assert np.abs(first - second).max() > 0


def test_initial_states_of_layers_and_cells():
    assert [tuple(s.shape) for s in LSTM(3).get_initial_state(2)] == [(2, 3), (2, 3)]
    assert isinstance(GRUCell(3).get_initial_state(batch_size=2)[0], Tensor)
    assert [tuple(s.shape) for s in GRU(3).get_initial_state(DATA)] == [(DATA.shape[0], 3)]  # Keras 2's way
    assert [tuple(s.shape) for s in LSTM(3).get_initial_state(inputs=DATA)] == [(DATA.shape[0], 3)] * 2
    for layer in (LSTMCell(3), GRU(3)):
        with pytest.raises(ValueError, match="batch_size"):
            layer.get_initial_state()


# dropout --------------------------------------------------------------------------------------------------------------


@LAYERS
def test_dropout_acts_in_training_only_with_one_mask_for_all_steps(cls):
    layer = randomized(cls(3, dropout=0.5, return_sequences=True))
    plain = layer(DATA).numpy()
    np.testing.assert_allclose(plain, numpy_run(layer, DATA, zeros(layer))[0], atol=1e-5)
    set_random_seed(0)
    kept = torch.empty(3, 4).bernoulli_(0.5).numpy() * 2
    set_random_seed(0)
    trained = layer(DATA, training=True).numpy()
    np.testing.assert_allclose(trained, numpy_run(layer, DATA * kept[:, None], zeros(layer))[0], atol=1e-5)


@LAYERS
def test_recurrent_dropout_has_a_mask_for_each_gate(cls):
    layer = randomized(cls(3, recurrent_dropout=0.5))
    gates = {SimpleRNN: 1, LSTM: 4, GRU: 3}[cls]
    masks = [torch.empty(3, 3).bernoulli_(0.5) * 2 for _ in range(gates)]
    layer.cell.get_recurrent_dropout_mask = lambda _: masks if gates > 1 else masks[0]
    h = np.random.RandomState(0).randn(3, 3).astype("float32")
    kernel, recurrent, bias = layer.get_weights()
    parts = [(h * m.numpy()) @ u for m, u in zip(masks, np.split(recurrent, gates, 1))]
    output = layer(DATA[:, :1], initial_state=[h] * STATES[cls], training=True).numpy()
    x = DATA[:, 0] @ kernel
    if cls is SimpleRNN:
        expected = np.tanh(x + parts[0] + bias)
    elif cls is LSTM:
        i, f, g, o = np.split(x + np.concatenate(parts, 1) + bias, 4, 1)
        expected = sigmoid(o) * np.tanh(sigmoid(f) * h + sigmoid(i) * np.tanh(g))
    else:
        z, r, n = (a + b for a, b in zip(np.split(x + bias[0], 3, 1), np.zeros((3, 3, 3))))
        hz, hr, hn = (p + b for p, b in zip(parts, np.split(bias[1], 3)))
        z, r = sigmoid(z + hz), sigmoid(r + hr)
        expected = z * h + (1 - z) * np.tanh(n + r * hn)
    np.testing.assert_allclose(output, expected, atol=1e-5)


@LAYERS
def test_seeded_dropout_repeats_and_each_call_draws_anew(cls):
    options = {"dropout": 0.4, "recurrent_dropout": 0.4, "seed": 3}
    first, second = randomized(cls(3, **options)), randomized(cls(3, **options))
    a, b = (first(DATA, training=True).numpy() for _ in range(2))
    assert np.abs(a - b).max() > 0
    np.testing.assert_array_equal(second(DATA, training=True), a)
    np.testing.assert_array_equal(second(DATA, training=True), b)


# masks and shapes -----------------------------------------------------------------------------------------------------


def test_compute_mask():
    mask = convert_to_tensor(MASK)
    assert LSTM(3).compute_mask(None, mask) is None
    assert LSTM(3, return_state=True).compute_mask(None, mask) == [None, None, None]
    both = GRU(3, return_sequences=True, return_state=True).compute_mask(None, mask)
    assert both[0].numpy().tolist() == MASK.tolist() and both[1] is None
    assert LSTM(3, return_sequences=True).compute_mask(None, [mask]).numpy().tolist() == MASK.tolist()


@pytest.mark.parametrize("mask", [MASK, MASK[..., None], MASK.astype("int32")])
def test_masks_of_other_forms(mask):
    layer = randomized(GRU(3))
    np.testing.assert_array_equal(layer(DATA, mask=mask), layer(DATA, mask=MASK))


@LAYERS
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("state", [False, True])
def test_symbolic_shapes_are_the_eager_ones(cls, sequences, state):
    layer = cls(3, return_sequences=sequences, return_state=state)
    symbolic = tree.flatten(layer(Input((None, 4))))
    eager = tree.flatten(layer(DATA))
    assert [tuple(x.shape)[1:] for x in symbolic] == [(None, 3) if x.ndim == 3 else tuple(x.shape)[1:] for x in eager]
    shapes = layer.compute_output_shape((3, 5, 4))
    assert shapes == (tuple(tuple(x.shape) for x in eager) if state else tuple(eager[0].shape))


# models ---------------------------------------------------------------------------------------------------------------


def test_encoder_and_decoder():
    source, target = Input((5, 4)), Input((None, 2))
    encoder, decoder, head = LSTM(6, return_state=True), LSTM(6, return_sequences=True), Dense(3)
    _, h, c = encoder(source)
    model = Functional([source, target], head(decoder(target, initial_state=[h, c])))
    given = np.random.RandomState(0).randn(3, 7, 2).astype("float32")
    _, *states = encoder(DATA)
    expected = head(decoder(given, initial_state=states)).numpy()
    np.testing.assert_allclose(model([DATA, given]), expected, atol=1e-6)
    keras_2 = Functional([source, target], head(decoder([target, h, c])))
    np.testing.assert_allclose(keras_2([DATA, given]), expected, atol=1e-6)
    np.testing.assert_allclose(decoder([given, *(s.numpy() for s in states)]), decoder(given, initial_state=states))
    twin = copy.deepcopy(model)
    np.testing.assert_allclose(twin([DATA, given]), expected, atol=1e-6)
    model.compile(optimizer="adam", loss="mse")
    model.fit([DATA, given], np.zeros((3, 7, 3)), epochs=2, verbose=0)
    assert np.abs(model([DATA, given]).numpy() - expected).max() > 0
    np.testing.assert_allclose(twin([DATA, given]), expected, atol=1e-6)


def test_masks_travel_through_a_model():
    tokens = np.array([[1, 2, 0, 0], [3, 0, 4, 5], [0, 0, 0, 0]])
    embedding, first, second = (
        Embedding(7, 4, mask_zero=True),
        LSTM(3, return_sequences=True),
        GRU(2, return_state=True),
    )
    entry = Input((None,), dtype="int32")
    model = Functional(entry, second(first(embedding(entry))))
    output, _ = model(tokens)
    vectors = embedding(tokens).numpy()
    middle = first(vectors, mask=tokens != 0).numpy()
    np.testing.assert_allclose(output, second(middle, mask=tokens != 0)[0], atol=1e-6)
    assert not output.numpy()[2].any()


def test_a_model_learns():
    set_random_seed(0)
    x = np.random.rand(64, 6, 1).astype("float32")
    model = Sequential([Input((6, 1)), LSTM(8, return_sequences=True), GRU(8, dropout=0.1), Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    losses = model.fit(x, x.sum(1), epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


# configuration --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        SimpleRNN(3, activation="relu", return_state=True),
        LSTM(3, unit_forget_bias=False, dropout=0.1, go_backwards=True, kernel_regularizer="l2"),
        GRU(3, reset_after=False, recurrent_activation="tanh", stateful=True, zero_output_for_mask=True),
        RNN(LSTMCell(3), return_sequences=True),
        RNN([SimpleRNNCell(2), GRUCell(3)]),
        LSTMCell(3, recurrent_dropout=0.2, seed=5),
        GRUCell(2, use_bias=False),
        SimpleRNNCell(2),
    ],
    ids=lambda layer: layer.name,
)
def test_config_round_trip(layer):
    with registry.CustomObjectScope(NAMES):
        twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()


def test_config_has_kerass_keys():
    common = {
        "name", "trainable", "dtype", "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
        "zero_output_for_mask", "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer",
        "bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer",
        "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout", "recurrent_dropout",
    }  # fmt: skip
    assert set(SimpleRNN(3).get_config()) == common
    assert set(LSTM(3).get_config()) == common | {"recurrent_activation", "unit_forget_bias", "seed"}
    assert set(GRU(3).get_config()) == common | {"recurrent_activation", "reset_after", "seed"}


def test_a_layers_attributes_are_its_cells():
    layer = LSTM(3, dropout=0.5)
    assert (layer.units, layer.use_bias, layer.activation) == (3, True, activations.tanh)
    layer.dropout = 0.0
    assert layer.cell.dropout == 0.0
    assert layer.state_size == [3, 3] and GRU(3).state_size == [3]
    layer.trainable = False
    layer(DATA)
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 3


@pytest.mark.parametrize("kind", [LSTM, GRU, SimpleRNN, lambda units, **rest: RNN(GRUCell(units), **rest)])
def test_time_major_puts_the_steps_first(kind):
    plain = kind(4, return_sequences=True, return_state=True)
    turned = kind(4, return_sequences=True, return_state=True, time_major=True)
    steps, mask = DATA.swapaxes(0, 1), np.arange(5) < np.array([[2], [5], [3]])
    outputs, *states = plain(DATA, mask=mask)
    turned(steps)
    turned.set_weights(plain.get_weights())
    others, *last = turned(steps, mask=mask.T)
    np.testing.assert_allclose(others, np.swapaxes(outputs, 0, 1), rtol=1e-5)
    for a, b in zip(states, last, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    assert type(turned).from_config(turned.get_config()).time_major and "time_major" not in plain.get_config()
    inputs = Input(batch_shape=(5, None, DATA.shape[-1]))
    assert turned(inputs)[0].shape == (5, None, 4) and turned(inputs)[1].shape == (None, 4)


def test_states_of_stacked_cells_in_programs_for_keras_2_are_tensors(monkeypatch):
    layer = RNN([GRUCell(3), LSTMCell(2)], return_state=True)
    assert [type(state) for state in layer(DATA)[1:]] == [list, list]
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    _, first, second = outputs = layer(DATA)
    assert first.shape == (3, 3) and [state.shape for state in second] == [(3, 2), (3, 2)]
    symbolic = layer(Input((5, DATA.shape[-1])))
    assert symbolic[1].shape == (None, 3) and len(symbolic[2]) == 2
    assert not np.allclose(layer(DATA, initial_state=outputs[1:])[0], outputs[0])


# errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LSTM(0), "argument `units`, expected a positive integer, got 0"),
        (lambda: SimpleRNNCell(-1), "argument `units`, expected a positive integer, got -1"),
        (lambda: GRU(None), "argument `units`"),
        (lambda: LSTM(3, foo=2), "Unrecognized keyword arguments passed to LSTM"),
        (lambda: LSTM(3, use_cudnn="x"), "argument `use_cudnn`. Expected one of"),
        (lambda: RNN(object()), "Argument `cell` should have a `call` method"),
        (lambda: RNN(Dense(3)), "The RNN cell should have a `state_size` attribute"),
        (lambda: StackedRNNCells([object()]), "All cells must have a `call` method"),
        (lambda: StackedRNNCells([Dense(3)]), "All cells must have a `state_size` attribute"),
        (lambda: LSTM(3)(DATA[0]), "expected ndim=3, found ndim=2"),
        (lambda: LSTM(3)(Input((5, None))), "axis -1 of its input must be known"),
        (lambda: LSTM(3)(DATA, initial_state=[np.zeros((3, 3))]), "has 2 states but was passed 1 states"),
        (lambda: GRU(3)(DATA, initial_state=[np.zeros((3, 4))]), r"Expected shape=\(3, 3\). Received: shape=\(3, 4\)"),
        (lambda: LSTM(3)(DATA, mask=np.ones((3, 4), bool)), r"mask of layer .* Expected shape=\(3, 5\)"),
        (lambda: LSTM(3)(DATA[:, :0]), "sequences without time steps"),
        (lambda: LSTM(3, activation="relu", use_cudnn=True)(DATA), "use_cudnn=True was specified, but cuDNN is not"),
    ],
)
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("cell", "own"), [("float64", "float32"), ("mixed_float16", "float32"), ("float32", "bfloat16")]
)
def test_outputs_and_states_have_the_dtype_of_the_layer_not_of_the_cell(cell, own):
    layer = RNN(LSTMCell(2, dtype=cell), return_state=True, return_sequences=True, dtype=own)
    assert [t.dtype.name for t in layer(np.ones((2, 3, 1), "float32"))] == [own] * 3
