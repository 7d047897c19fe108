"""Attention layers: against the formula in NumPy, kernels used, masks, weights; recorded numbers from Keras 3.15."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

import kerasish as keras
from kerasish.layers import AdditiveAttention, Attention, GroupedQueryAttention, GroupQueryAttention, MultiHeadAttention

X = (np.arange(24).reshape(2, 3, 4) % 7 / 7 - 0.4).astype("float32")
SOME = np.array([[1, 1, 0], [0, 0, 0]], bool)  # the second sample may see nothing
SHOWN = [0, 5, 9, 13, 17, 23]


def shown(y):
    return np.asarray(y).ravel()[SHOWN]


def data(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


class Recorded:
    """Layers filled from one generator, in the order in which Keras's were when the numbers below were recorded."""

    def __init__(self):
        self.generator = np.random.default_rng(0)

    def __call__(self, layer, *shapes):
        layer.build(*shapes)
        layer.set_weights([self.generator.normal(size=w.shape).astype("float32") for w in layer.weights])
        return layer


# against Keras --------------------------------------------------------------------------------------------------------


def test_recorded_numbers():
    fill = Recorded()

    def check(y, expected):
        np.testing.assert_allclose(shown(y), expected, atol=2e-5)

    layer = fill(MultiHeadAttention(2, 3), X.shape, X.shape)
    check(layer(X, X, value_mask=SOME), [-0.11208, -5.21607, -4.3741, -5.20816, -5.20816, 0.58183])
    check(layer(X, X, use_causal_mask=True), [1.4014, -5.21607, -4.19269, -3.6269, -3.35966, 0.47203])
    outputs, _ = layer(X, X, value_mask=SOME, return_attention_scores=True)
    check(outputs, [-0.11208, -5.21607, -4.3741, -0.75837, -0.75837, 0.72609])
    masked = keras.ops.convert_to_tensor(X)
    masked._keras_mask = SOME
    check(layer(masked, X), [0.19336, -4.74989, -4.33517, -5.20816, -5.20816, 0.58183])
    layer = fill(MultiHeadAttention(2, 3, sliding_window=2), X.shape, X.shape)
    check(layer(X, X), [1.65403, 1.67, 0.54683, 3.01751, 3.53005, -1.55709])
    layer = fill(MultiHeadAttention(2, 3, activity_regularizer="l2"), X.shape, X.shape)
    layer(X, X)
    losses = [0.15956886112689972, 0.22323806583881378, 0.1462586671113968, 0.45704612135887146]
    np.testing.assert_allclose([float(loss) for loss in layer.losses], losses, rtol=1e-5)
    layer = fill(GroupQueryAttention(3, 4, 2, use_gate=True, activity_regularizer="l2"), X.shape, X.shape)
    check(layer(X, X, query_mask=SOME, use_causal_mask=True), [2.54091, -1.56136, -1.03543, -0.47382, -0.4546, -4.0682])
    losses = [0.86486309, 0.77242583, 0.28177199, 0.09792471, 0.22459452, 0.86486309]
    np.testing.assert_allclose(sorted(float(loss) for loss in layer.losses), sorted(losses), rtol=1e-5)
    layer = fill(Attention(use_scale=True), [X.shape] * 2)
    check(layer([X, X], mask=[None, SOME]), [-0.05879, -0.05684, 0.06184, 0.02857, 0.02857, -0.01905])
    check(layer([X, X[:, ::-1]], use_causal_mask=True), [-0.25714, 0.04257, 0.00707, -0.4, -0.21216, 0.01516])
    check(layer([X, X], mask=[SOME, None]), [-0.11957, -0.07854, 0.0, 0.0, 0.0, 0.0])
    layer = fill(Attention(use_scale=True, score_mode="concat"), [X.shape] * 2)
    check(layer([X, X], mask=[None, SOME]), [-0.19059, -0.04801, -0.04839, 0.02857, 0.02857, -0.01905])
    check(layer([X, X[:, ::-1]], use_causal_mask=True), [-0.25714, 0.06784, -0.07026, -0.4, -0.21824, -0.03841])
    layer = fill(AdditiveAttention(), [X.shape] * 2)
    check(layer([X, X], mask=[None, SOME]), [-0.22856, -0.05895, -0.08459, 0.02857, 0.02857, -0.01905])


def test_weights_under_a_seed_are_keras_ones():
    def firsts(layer, *shapes):
        layer.build(*shapes)
        return [w.numpy().ravel()[0] for w in layer.weights]

    keras.utils.set_random_seed(7)
    found = firsts(MultiHeadAttention(2, 3, value_dim=2, dropout=0.1, use_gate=True), (1, 4, 5), (1, 4, 5))
    expected = [0.6329019665, 0, 0.7220465540, 0, 0.5784118175, 0, 0.4169638156, 0, -0.7128450870, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(firsts(keras.layers.Dense(2), (1, 3)), [0.7100485563, 0], rtol=1e-6)
    keras.utils.set_random_seed(7)
    found = firsts(GroupQueryAttention(3, 4, 2), (1, 4, 5), (1, 4, 5))
    np.testing.assert_allclose(found, [0.50910616, 0, 0.72204655, 0, 0.52319312, 0, 0.30338573, 0], rtol=1e-6)


def test_weights_have_keras_paths_and_shapes():
    layer = MultiHeadAttention(2, 3, value_dim=4, output_shape=(5, 6), use_gate=True, name="m")
    layer.build((None, 7, 8), (None, 9, 10), (None, 9, 11))
    assert {w.path: tuple(w.shape) for w in layer.weights} == {
        "m/query/kernel": (8, 2, 3), "m/query/bias": (2, 3), "m/key/kernel": (11, 2, 3), "m/key/bias": (2, 3),
        "m/gate/kernel": (8, 2, 4), "m/gate/bias": (2, 4), "m/value/kernel": (10, 2, 4), "m/value/bias": (2, 4),
        "m/attention_output/kernel": (2, 4, 5, 6), "m/attention_output/bias": (5, 6),
    }  # fmt: skip
    assert layer.query_dense.equation == "abc,cde->abde" and layer.output_dense.equation == "abcd,cdef->abef"
    assert layer.attention_axes == (1,)
    assert layer.compute_output_shape((None, 7, 8), (None, 9, 10)) == (None, 7, 5, 6)


def test_configs_are_keras_ones():
    layer = MultiHeadAttention(2, 3, output_shape=4, activity_regularizer="l2", seed=1)
    config = layer.get_config()
    assert set(config) == set(
        "name trainable dtype num_heads key_dim value_dim dropout use_bias use_gate output_shape attention_axes "
        "sliding_window kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
        "kernel_constraint bias_constraint seed".split()
    )
    assert config["output_shape"] == (4,) and config["value_dim"] == 3
    for made in (layer, GroupQueryAttention(2, 4, 2), Attention(True, "concat", 0.1, 3), AdditiveAttention(seed=2)):
        assert type(made).from_config(made.get_config()).get_config() == made.get_config()
    assert set(AdditiveAttention().get_config()) == {"name", "trainable", "dtype", "use_scale", "dropout", "seed"}
    named = keras.saving.serialize_keras_object(GroupQueryAttention(2, 4, 2))
    assert (named["module"], named["class_name"]) == ("keras.layers", "GroupQueryAttention")
    assert GroupedQueryAttention is GroupQueryAttention


# against the formula --------------------------------------------------------------------------------------------------


def attention(weights, q, v, k, seen, scale, blind):
    """Attention in float64 with one head after another; ``blind``: what a target that sees nothing gets."""
    wq, bq, wk, bk, wv, bv, wo, bo = weights
    groups = wq.shape[1] // wk.shape[1]
    result, scores = 0, []
    for head in range(wq.shape[1]):
        shared = head // groups
        query = q @ wq[:, head] + bq[head]
        key, value = k @ wk[:, shared] + bk[shared], v @ wv[:, shared] + bv[shared]
        logits = np.where(seen, query @ key.swapaxes(1, 2) * scale, -1e30)
        parts = np.exp(logits - logits.max(-1, keepdims=True))
        parts /= parts.sum(-1, keepdims=True)
        if blind == "zero":
            parts = parts * seen
        scores.append(parts)
        result = result + parts @ value @ wo[head]
    return result + bo, np.stack(scores, 1)


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    heads=st.sampled_from([(1, 1), (2, 2), (4, 2), (3, 1)]),
    masks=st.sets(st.sampled_from(["value", "key", "own", "causal", "window", "query"])),
    scored=st.booleans(),
    other_key=st.booleans(),
    dropout=st.sampled_from([0.0, 0.4]),
)
def test_projected_attention_follows_its_formula(sizes, heads, masks, scored, other_key, dropout):
    b, t, s = sizes
    options = {"sliding_window": 2 if "window" in masks else None, "dropout": dropout, "dtype": "float64"}
    layer = (
        MultiHeadAttention(heads[0], 3, **options)
        if heads[0] == heads[1]
        else GroupQueryAttention(3, *heads, **options)
    )
    q, v = data(b, t, 5), data(b, s, 5, seed=1)
    k = data(b, s, 5, seed=2) if other_key else v
    layer.build(q.shape, v.shape)
    layer.set_weights([data(*w.shape, seed=i) for i, w in enumerate(layer.weights)])
    seen, call, random = np.ones((b, t, s), bool), {}, np.random.default_rng(3)
    for name in ("value", "key"):
        if name in masks:
            call[f"{name}_mask"] = random.random((b, s)) > 0.4
            seen &= call[f"{name}_mask"][:, None]
    if "own" in masks:
        call["attention_mask"] = (random.random((t, s)) > 0.4).astype("int32")
        seen &= call["attention_mask"].astype(bool)
    if "query" in masks:
        call["query_mask"] = random.random((b, t)) > 0.4
        if isinstance(layer, GroupQueryAttention):  # MultiHeadAttention knows only the mask that the query carries
            seen &= call["query_mask"][..., None]
    far = np.arange(t)[:, None] - np.arange(s)
    seen &= (far >= 0) | ("causal" not in masks)
    seen &= (abs(far) < 2) | ("window" not in masks)
    y = layer(
        q, v, *([k] if other_key else []), use_causal_mask="causal" in masks, return_attention_scores=scored, **call
    )
    expected, scores = attention(layer.get_weights(), q, v, k, seen, 3**-0.5, "zero" if scored or dropout else "mean")
    np.testing.assert_allclose(y[0] if scored else y, expected, atol=1e-9)
    if scored:
        np.testing.assert_allclose(y[1], scores, atol=1e-9)


@pytest.mark.parametrize("axes", [None, 1, (2,), -2, (1, 2)])
def test_attention_axes_are_attended_over_and_others_are_batches(axes):
    layer = MultiHeadAttention(2, 3, attention_axes=axes, dtype="float64")
    x = data(2, 3, 4, 5)
    layer.build(x.shape, x.shape)
    layer.set_weights([data(*w.shape, seed=i) for i, w in enumerate(layer.weights)])
    y, scores = layer(x, x, return_attention_scores=True)
    flat = MultiHeadAttention(2, 3, dtype="float64")
    rows = {1: x.swapaxes(1, 2).reshape(8, 3, 5), 2: x.reshape(6, 4, 5)}
    over = layer.attention_axes
    rows = rows[over[0]] if len(over) == 1 else x.reshape(2, 12, 5)
    flat.build(rows.shape, rows.shape)
    flat.set_weights(layer.get_weights())
    expected = flat(rows, rows).numpy()
    expected = expected.reshape(2, 4, 3, 5).swapaxes(1, 2) if over == (1,) else expected.reshape(x.shape)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    np.testing.assert_allclose(layer(x, x), expected, atol=1e-12)
    shapes = {(1,): (2, 4, 2, 3, 3), (2,): (2, 3, 2, 4, 4), (1, 2): (2, 2, 3, 4, 3, 4)}
    assert scores.shape == shapes[over]
    entry = keras.Input((3, 4, 5), dtype="float64")
    assert layer(entry, entry, return_attention_scores=True)[1].shape == (None, *shapes[over][1:])


def test_a_target_that_sees_nothing_gives_no_gradient_to_queries_and_keys():
    layer = MultiHeadAttention(2, 3)
    x, seen = torch.from_numpy(X), torch.from_numpy(SOME)
    layer(x, x)
    y = layer(x, x, value_mask=seen)[1].sum()
    kernels = [layer.query_dense.kernel.stored, layer.key_dense.kernel.stored, layer.value_dense.kernel.stored]
    query, key, value = torch.autograd.grad(y, kernels)
    assert not query.any() and not key.any() and value.any()


# how it is done -------------------------------------------------------------------------------------------------------


class Kernels(TorchDispatchMode):
    """Notes the names of torch's kernels that run."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(function.overloadpacket.__name__)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("make", [lambda: MultiHeadAttention(2, 4), lambda: GroupQueryAttention(4, 4, 2)])
@pytest.mark.parametrize("causal", [False, True])
def test_without_masks_there_are_five_kernels_and_no_mask_is_made(make, causal):
    layer, x = make(), torch.ones(2, 3, 4)
    layer(x, x)
    with torch.no_grad(), Kernels() as kernels:
        layer._raw_call(x, x, use_causal_mask=causal)
    moves = ("view", "transpose", "t", "reshape", "_unsafe_view", "clone", "detach", "as_strided", "alias")
    computing = [name for name in kernels.names if name not in moves]
    assert computing == ["addmm"] * 3 + ["_scaled_dot_product_flash_attention_for_cpu", "addmm"]


@pytest.mark.parametrize("options", [{"use_gate": True, "dropout": 0.2}])
@pytest.mark.parametrize(
    "call", [{}, {"use_causal_mask": True}, {"value_mask": torch.from_numpy(SOME)}, {"return_attention_scores": True}]
)
def test_it_compiles_as_one_graph_and_is_traced(options, call):
    layer, x = MultiHeadAttention(2, 3, **options), torch.from_numpy(X)
    expected = layer(x, x, **call)
    torch.testing.assert_close(torch.compile(layer, fullgraph=True, backend="eager")(x, x, **call), expected)
    traced = make_fx(lambda t: layer._raw_call(t, t, **call))(x)
    torch.testing.assert_close(traced(x), expected)
    parameters = dict(torch.nn.Module.named_parameters(layer))
    torch.testing.assert_close(torch.func.functional_call(layer, parameters, (x, x), call), expected)


def test_hooks_on_projections_run():
    layer, x = MultiHeadAttention(2, 3), torch.from_numpy(X)
    layer(x, x)
    calls = []
    layer.query_dense.register_forward_hook(lambda *_: calls.append("query"))
    layer(x, x)
    assert calls == ["query"]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
def test_dtype_policies(policy):
    layer = MultiHeadAttention(2, 3, dtype=policy)
    y = layer(X, X)
    assert y.dtype == policy.removeprefix("mixed_")
    assert layer.weights[0].dtype == ("float32" if policy == "mixed_bfloat16" else policy)
    exact = MultiHeadAttention(2, 3)
    exact.build(X.shape, X.shape)
    exact.set_weights([keras.ops.cast(w, "float32") for w in layer.weights])
    np.testing.assert_allclose(keras.ops.cast(y, "float32"), exact(X, X), atol=0.05)


@pytest.mark.parametrize("seed", [None, 5])
def test_dropout_drops_weights_in_training_only(seed):
    layer = MultiHeadAttention(1, 2, dropout=0.5, seed=seed)
    x = np.ones((1, 64, 2), "float32")
    assert np.array_equal(layer(x, x), layer(x, x))
    assert len(np.unique(np.round(layer(x, x, training=True).numpy()[0, :, 0], 5))) > 3
    plain = Attention(dropout=0.5, seed=seed)
    y, weights = plain([x, x], training=True, return_attention_scores=True)
    assert np.allclose(weights, 1 / 64) and len(np.unique(np.round(y.numpy(), 5))) > 3
    assert np.allclose(plain([x, x]), 1.0)
    assert plain([x, x], training=True).shape == x.shape


def test_a_users_own_attention_gets_tensors():
    class Uniform(MultiHeadAttention):
        def _compute_attention(
            self, query, key, value, attention_mask=None, training=None, return_attention_scores=False
        ):
            _, scores = super()._compute_attention(query, key, value, attention_mask, training, True)
            self.seen = type(query), attention_mask.shape
            return keras.ops.mean(value, axis=1, keepdims=True) + 0.0 * query, scores

    layer = Uniform(2, 3)
    y = layer(X, X, use_causal_mask=True)
    assert layer.seen == (keras.tf.Tensor, (1, 3, 3))
    assert np.allclose(y, y.numpy()[:, :1], atol=1e-6)


# in models ------------------------------------------------------------------------------------------------------------


def model():
    tokens = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(9, 8, mask_zero=True)(tokens)
    y, scores = MultiHeadAttention(2, 4, dropout=0.1, output_shape=8)(
        x, x, return_attention_scores=True, use_causal_mask=True
    )
    y = keras.layers.Add()([x, y])
    y = GroupQueryAttention(4, 4, 2)(y, y)
    y = AdditiveAttention()([Attention(use_scale=True)([y, y]), y])
    return keras.Model(tokens, [keras.layers.GlobalAveragePooling1D()(y), scores])


def test_models_train_are_saved_and_copied(tmp_path):
    tokens = np.random.default_rng(0).integers(0, 9, (16, 6))
    made = model()
    made.compile("adam", loss=["mse", None])
    made.fit(tokens, [np.ones((16, 8)), np.zeros((16, 2, 6, 6))], epochs=1, verbose=0)
    expected = made.predict(tokens, verbose=0)
    assert expected[1].shape == (16, 2, 6, 6)
    made.save(tmp_path / "m.keras")
    made.save_weights(tmp_path / "m.weights.h5")
    other = keras.models.clone_model(made)
    other.load_weights(tmp_path / "m.weights.h5")
    for same in (keras.models.load_model(tmp_path / "m.keras"), copy.deepcopy(made), other):
        for a, b in zip(same.predict(tokens, verbose=0), expected):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_files_name_the_projections_as_keras_does(tmp_path):
    from kerasish.saving.keras_file import objects

    layer = MultiHeadAttention(2, 3)
    layer(X, X)
    paths = [path for path, _ in objects(layer)]
    assert {"query_dense", "key_dense", "value_dense", "output_dense", "_dropout_layer", "_softmax"} <= set(paths)
    old = [path for path, _ in objects(layer, private_last=False)]
    assert {"_query_dense", "_key_dense", "_value_dense", "_output_dense"} <= set(old)


def test_masks_in_a_model_are_those_of_the_eager_call():
    tokens = np.array([[1, 2, 0], [0, 0, 0], [3, 0, 4]])
    entry = keras.Input((3,), dtype="int32")
    embedding, layer = keras.layers.Embedding(9, 4, mask_zero=True), MultiHeadAttention(2, 3)
    x = embedding(entry)
    outputs = layer(x, x)
    assert outputs._keras_mask.shape == (None, 3)
    x = embedding(tokens)
    y = layer(x, x)
    np.testing.assert_allclose(keras.Model(entry, outputs)(tokens), y, atol=1e-6)
    assert np.array_equal(y._keras_mask, tokens != 0)
    explicit = np.array([[True, False, True]] * 3)
    assert np.array_equal(Attention()([x, x], mask=[explicit, None])._keras_mask, explicit)


# errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: MultiHeadAttention(0, 2), "invalid value for argument `num_heads`"),
        (lambda: MultiHeadAttention(2, 1.5), "invalid value for argument `key_dim`"),
        (lambda: MultiHeadAttention(2, 2, value_dim=-1), "expected a positive integer or `None`"),
        (lambda: MultiHeadAttention(2, 2, attention_axes="1"), "`attention_axes` must be an int, list, or tuple"),
        (lambda: MultiHeadAttention(2, 2, output_shape=1.5), "Invalid `output_shape`: 1.5"),
        (lambda: MultiHeadAttention(2, 2, sliding_window=0), "`sliding_window` must be `None` or a positive integer"),
        (lambda: MultiHeadAttention(2, 2, dropout=0.1, flash_attention=True), "Dropout is not supported"),
        (lambda: MultiHeadAttention(2, 2)(X, X, np.ones((2, 4, 4))), "except the last one, must be equal"),
        (lambda: MultiHeadAttention(2, 2)(X, X, attention_mask=np.ones((2, 3, 2))), "do not fit its scores"),
        (lambda: MultiHeadAttention(2, 2)(X, X, attention_mask=np.ones(3)), "do not fit its scores"),
        (
            lambda: MultiHeadAttention(2, 2, flash_attention=True)(X, X, return_attention_scores=True),
            "Returning attention scores is not supported",
        ),
        (lambda: GroupQueryAttention(2, 3, 2), "must be divisible by `num_key_value_heads`"),
        (
            lambda: GroupQueryAttention(2, 2, 2)(keras.Input((3, 4)), keras.Input((3, 5))),
            "must be equal, but are 4, 5",
        ),
        (lambda: Attention(score_mode="sum"), "Expected one of {'dot', 'concat'}"),
        (lambda: Attention()(X), "Attention layer must be called on a list of inputs"),
        (lambda: AdditiveAttention()([X]), "AdditiveAttention layer accepts inputs list of length 2 or 3"),
        (lambda: Attention()([X, X], mask=SOME), "Attention layer mask must be a list"),
        (lambda: Attention()([X, X], mask=[SOME]), "accepts mask list of length 2 or 3"),
    ],
)
def test_wrong_arguments_raise(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)


def test_flash_attention_is_a_setting():
    assert keras.config.is_flash_attention_enabled() is None
    keras.config.disable_flash_attention()
    try:
        layer, x = MultiHeadAttention(2, 4), torch.ones(2, 3, 4)
        layer(x, x)
        with torch.no_grad(), Kernels() as kernels:
            layer(x, x)
        assert keras.config.is_flash_attention_enabled() is False
    finally:
        keras.config.enable_flash_attention()
    assert not any("flash" in name for name in kernels.names)


@pytest.mark.parametrize("scores", [False, True])
def test_projections_may_have_policies_of_their_own(scores):
    policies = keras.dtype_policies.DTypePolicyMap(policy_map={"own/query": keras.DTypePolicy("mixed_bfloat16")})
    layer, plain = MultiHeadAttention(2, 4, name="own", dtype=policies), MultiHeadAttention(2, 4)
    x = data(2, 3, 8)
    layer(x, x), plain(x, x)
    plain.set_weights(layer.get_weights())
    result, expected = (m(x, x, return_attention_scores=scores) for m in (layer, plain))
    result, expected = (result[0], expected[0]) if scores else (result, expected)
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, expected, atol=0.02)
