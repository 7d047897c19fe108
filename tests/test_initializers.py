import copy
import random

import numpy as np
import pytest
import torch

import kerasish
from kerasish import initializers
from kerasish.core import registry
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.random import SeedGenerator
from kerasish.core.tensor import Tensor
from kerasish.initializers import (
    STFT,
    Constant,
    GlorotUniform,
    HeNormal,
    Identity,
    Initializer,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
    make,
)


def first(tensor, n=4):
    return tensor.numpy().astype("float64").ravel()[:n].tolist()


# The first four numbers for the shape (3, 2, 4, 6) and seed 7, recorded from Keras 3.15 on TensorFlow 2.21.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RandomNormal", [-0.03370863944, -0.01793462783, -0.09397908300, -0.07364466041]),
        ("TruncatedNormal", [-0.03370863944, -0.01793462783, -0.09397908300, -0.07364466041]),
        ("RandomUniform", [0.02470787987, 0.01721801981, -0.04422204569, 0.01442131773]),
        ("GlorotUniform", [0.15626633167, 0.10889631510, -0.27968478203, 0.09120842814]),
        ("GlorotNormal", [-0.13993059099, -0.07444985211, -0.39012402296, -0.30571216345]),
        ("HeUniform", [0.24707877636, 0.17218017578, -0.44222044945, 0.14421319962]),
        ("HeNormal", [-0.22124969959, -0.11771555990, -0.61684024334, -0.48337337375]),
        ("LecunUniform", [0.17471107841, 0.12174975872, -0.31269708276, 0.10197412968]),
        ("LecunNormal", [-0.15644715726, -0.08323746920, -0.43617191911, -0.34179660678]),
        ("VarianceScaling", [-0.15644715726, -0.08323746920, -0.43617191911, -0.34179660678]),
        ("Orthogonal", [-0.13742470741, -0.06955753267, -0.39312943816, -0.32505208254]),
    ],
)
def test_numbers_are_tensorflow_s(name, expected):
    values = getattr(initializers, name)(seed=7)((3, 2, 4, 6))
    assert type(values) is Tensor and values.dtype == "float32"
    np.testing.assert_allclose(first(values), expected, rtol=2e-6 if name == "Orthogonal" else 2e-7)


@pytest.mark.parametrize(
    ("initializer", "shape", "dtype", "expected"),
    [
        (RandomUniform(seed=7), (4,), "bfloat16", [0.00537109375, -0.050048828125, 0.013916015625, -0.034423828125]),
        (RandomUniform(seed=7), (4,), "float16", [-0.043060302734, 0.0, -0.016998291016, -0.010559082031]),
        (RandomUniform(seed=7), (4,), "float64", [0.04766302695, -0.00377631013, 0.00624688848, 0.01515732426]),
        (RandomUniform(-5, 50, seed=3), (4,), "int32", [13, 47, 12, 12]),
        (RandomUniform(seed=2**31), (4,), None, [0.03009790555, 0.02047168091, 0.01971782371, 0.02146083489]),
        (RandomUniform(seed=-1), (4,), None, [-0.02663092688, 0.00715676695, -0.00146283954, -0.00947866589]),
        (VarianceScaling(2.0, "fan_out", "untruncated_normal", 3), (4, 5), None, [-0.4247475, 1.06002736, -0.59719324]),
        (GlorotUniform(7, input_axes=(0,), output_axes=(1, 2)), (3, 4, 5), None, [0.25239289, 0.17588341, -0.45173165]),
        (STFT("imag", "hamming", "spectrum", True), (4, 1, 3), None, [0, 0, 0, 0, -0.25, 0]),
    ],
)
def test_numbers_of_other_arguments(initializer, shape, dtype, expected):
    values = initializer(shape, dtype=dtype)
    assert values.dtype == (dtype or "float32")
    np.testing.assert_allclose(first(values, len(expected)), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("shape", "fan_in", "fan_out"),
    [((), 1, 1), ((5,), 5, 5), ((3, 4), 3, 4), ((3, 4, 5), 12, 15), ((2, 3, 4, 5), 24, 30)],
)
def test_fans_of_kernels(shape, fan_in, fan_out):
    unit = RandomUniform(-1.0, 1.0, seed=1)(shape).numpy()
    for mode, n in (("fan_in", fan_in), ("fan_out", fan_out), ("fan_avg", (fan_in + fan_out) / 2)):
        values = VarianceScaling(1.0, mode, "uniform", seed=1)(shape).numpy()
        np.testing.assert_allclose(values, unit * np.sqrt(3 / n), rtol=1e-5)


def test_without_a_seed_one_is_drawn_at_construction():
    random.seed(0)
    initializer = GlorotUniform()
    after = random.getstate()
    random.seed(0)
    assert initializer.seed == random.randint(1, 10**9) and random.getstate() == after
    assert np.array_equal(initializer((3, 3)).numpy(), initializer((3, 3)).numpy())
    assert initializer.get_config()["seed"] is None
    assert initializer.clone().seed != initializer.seed
    state = random.getstate()
    Zeros(), GlorotUniform(seed=1), Identity(), Constant(2.0)
    assert random.getstate() == state


def test_a_seed_generator_gives_other_numbers_at_each_call():
    initializer = RandomUniform(seed=SeedGenerator(3))
    np.testing.assert_allclose(first(initializer((3,))), [-0.03040871583, 0.04393452779, 0.00322752073], rtol=1e-6)
    np.testing.assert_allclose(first(initializer((3,))), [-0.00585852936, 0.01855038479, -0.01828100532], rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 3, 4)])
def test_orthogonal_rows_or_columns(shape):
    q = Orthogonal(gain=2.0, seed=1)(shape).numpy().reshape(-1, shape[-1])
    q = q if q.shape[0] >= q.shape[1] else q.T
    np.testing.assert_allclose(q.T @ q, 4 * np.eye(q.shape[1]), atol=1e-5)


def test_constants():
    assert Zeros()((2, 3)).numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    assert Ones()([2], "bool").numpy().tolist() == [True, True]
    assert Constant(2.5)((2,), "int32").numpy().tolist() == [2, 2]
    assert Constant([1, 2, 3])((2, 3)).numpy().tolist() == [[1, 2, 3], [1, 2, 3]]
    assert Identity(2.0)((2, 3)).numpy().tolist() == [[2, 0, 0], [0, 2, 0]]
    np.testing.assert_allclose(first(STFT()((5, 1, 3))[1]), [0.40824828, 0.0, -0.40824828], atol=1e-7)


def test_draws_stay_within_two_standard_deviations():
    values = TruncatedNormal(1.0, 0.5, seed=1)((10000,)).numpy()
    assert values.min() > 0 and values.max() < 2 and abs(values.mean() - 1) < 0.02


NAMES = sorted(set(initializers.__all__) - {"Initializer", "deserialize", "get", "serialize"})


@pytest.mark.parametrize("name", [*NAMES, "uniform", "normal", "zero", "one"])
def test_names_are_found(name):
    assert isinstance(initializers.get(name), Initializer)


@pytest.mark.parametrize("name", sorted({cls.__name__ for cls in map(initializers.__dict__.get, NAMES)}))
def test_configs_make_equal_initializers(name):
    options = {} if name in ("Zeros", "Ones", "Constant", "Identity", "STFT") else {"seed": 3}
    original = getattr(initializers, name)(**options)
    data = initializers.serialize(original)
    assert data["module"] == "keras.initializers" and data["class_name"] == name and data["registered_name"] is None
    shape = (4, 1, 3) if name == "STFT" else (4, 3)
    for other in (initializers.deserialize(data), initializers.get(data), copy.deepcopy(original), original.clone()):
        assert type(other) is type(original) and other.get_config() == original.get_config()
        assert np.array_equal(other(shape).numpy(), original(shape).numpy())


def test_configs_are_keras_s():
    assert VarianceScaling(seed=1, input_axes=(0,)).get_config() == {
        "seed": 1,
        "scale": 1.0,
        "mode": "fan_in",
        "distribution": "truncated_normal",
        "input_axes": (0,),
        "output_axes": None,
    }
    assert HeNormal().get_config() == {"seed": None, "input_axes": None, "output_axes": None}
    assert RandomNormal(seed=2).get_config() == {"seed": 2, "mean": 0.0, "stddev": 0.05}
    assert Orthogonal(seed=2).get_config() == {"seed": 2, "gain": 1.0}
    assert VarianceScaling(distribution="normal").distribution == "truncated_normal"
    config = initializers.serialize(Constant(np.ones(2)))
    assert initializers.get(config)((2,)).numpy().tolist() == [1, 1]
    window = initializers.get(initializers.serialize(STFT(window=np.ones(4))))
    assert window((4, 1, 3)).numpy()[:, 0, 0].tolist() == [0.5] * 4
    assert initializers.get({"class_name": "glorot_uniform", "config": {"seed": 3}}).seed == 3


def test_get_takes_classes_callables_and_arrays():
    assert isinstance(initializers.get(Zeros), Zeros)
    assert initializers.get(None) is None

    def mine(shape, dtype=None):
        return np.full(shape, 3.0, "float64")

    assert initializers.get(mine) is mine
    with registry.CustomObjectScope({"mine": mine}):
        assert initializers.get("mine") is mine
    assert initializers.get(np.ones(3))((3,)).numpy().tolist() == [1, 1, 1]
    assert initializers.get(torch.ones(2, 3))((2, 3)).shape == (2, 3)
    with pytest.raises(ValueError, match="weight's shape"):
        initializers.get(torch.ones(3))((2, 3))
    assert Constant(np.ones(3))((2, 3)).shape == (2, 3)  # asked for by name, it broadcasts
    assert isinstance(initializers.get(np.str_("zeros")), Zeros)


def test_variance_scaling_takes_names_in_any_case():
    assert VarianceScaling(distribution="NORMAL").get_config()["distribution"] == "truncated_normal"
    assert VarianceScaling(distribution="Uniform").distribution == "uniform"


def test_axes_count_only_in_pairs():
    one = GlorotUniform(seed=5, input_axes=[0])((2, 2)).numpy()
    np.testing.assert_allclose(one, [[-1.07323587, 0.81242001], [1.16002238, -0.38028145]], rtol=1e-6)
    both = initializers.HeNormal(seed=1, input_axes=[0, 1], output_axes=[2])((1, 2, 1)).numpy()
    np.testing.assert_allclose(both.ravel(), [0.14398205, -0.56048453], rtol=1e-6)


def test_make_gives_raw_tensors():
    raw = make(GlorotUniform(seed=7), (3, 2, 4, 6), "float32")
    assert type(raw) is torch.Tensor
    np.testing.assert_allclose(raw.ravel()[:2].tolist(), [0.15626633167, 0.10889631510])
    calls = []

    class Mine(Initializer):
        def __call__(self, shape, dtype=None):
            calls.append((shape, dtype))
            return Ones()(shape, dtype) * 2

    assert make(Mine(), [2], torch.float16).tolist() == [2, 2] and calls == [((2,), "float16")]
    kept = np.zeros(2, "float32")
    made = make(lambda shape, dtype: torch.from_numpy(kept), (2,), "float32")
    made += 1
    assert kept.tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"another shape.*Expected \(3,\)"):
        make(lambda shape, dtype: kept, (3,), "float32")


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (
            ValueError,
            lambda: initializers.get("glorot_unifrom"),
            "Could not interpret initializer identifier: glorot_unifrom",
        ),
        (ValueError, lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
        (ValueError, lambda: initializers.get(3), "Could not interpret initializer identifier: 3"),
        (ValueError, lambda: GlorotUniform(seed="a"), "SeedGenerator()` or an integer. Received: seed=a"),
        (ValueError, lambda: VarianceScaling(scale=0), "Argument `scale` must be positive float. Received: scale=0"),
        (ValueError, lambda: VarianceScaling(mode="x"), "Invalid `mode` argument: x"),
        (ValueError, lambda: VarianceScaling(distribution="x"), "Invalid `distribution` argument: x"),
        (ValueError, lambda: STFT("x"), "side should be 'real' or 'imag', not x"),
        (ValueError, lambda: STFT(window="x"), "Invalid window name 'x'"),
        (ValueError, lambda: STFT(scaling="x"), "Received: scaling=x"),
        (ValueError, lambda: STFT()((4, 3)), "frame length"),
        (ValueError, lambda: STFT(window=np.ones(3))((4, 1, 3)), "window does not fit"),
        (ValueError, lambda: Identity()((2,)), "Identity matrix initializer can only be used for 2D matrices"),
        (ValueError, lambda: Orthogonal()((2,)), "must be at least two-dimensional. Received: shape=(2,) of rank 1"),
        (ValueError, lambda: Zeros()((None, 2)), "without unknown dimensions"),
        (ValueError, lambda: GlorotUniform()((2,), "int32"), "GlorotUniform draws floating-point numbers"),
        (InvalidArgumentError, lambda: Constant([1, 2])((3,)), "Incompatible shapes: [2] vs. [3]"),
        (NotImplementedError, lambda: Initializer()((2,)), "must implement the `__call__()` method"),
        (
            TypeError,
            lambda: initializers.deserialize({"class_name": "Foo", "config": {}}),
            "Could not locate class 'Foo'",
        ),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)


def test_module_of_public_classes():
    assert GlorotUniform.__module__ == "kerasish.initializers"
    assert initializers.glorot_uniform is GlorotUniform
    with pytest.raises(AttributeError):
        initializers.glorot  # noqa: B018


def test_weights_of_text_have_constants_or_what_a_function_gives():
    layer = kerasish.layers.Layer()
    names = layer.add_weight(shape=(2,), dtype="string", initializer=initializers.Constant("a"), trainable=False)
    made = layer.add_weight(shape=(1,), dtype="string", initializer=lambda shape, dtype: ["b"], trainable=False)
    assert names.numpy().tolist() == [b"a", b"a"] and made.numpy().tolist() == [b"b"]
    names.assign(["x", "y"])
    assert names.numpy().tolist() == [b"x", b"y"]
    with pytest.raises(TypeError, match="gives numbers, no text"):
        layer.add_weight(shape=(1,), dtype="string", initializer="zeros")


def test_constants_of_as_many_elements_or_one_fit_in_keras_2(monkeypatch):
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        initializers.Constant([0.5])(())
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert initializers.Constant([0.5])(()).shape == ()
    np.testing.assert_array_equal(initializers.Constant([1.0, 2.0])((2, 1)), [[1.0], [2.0]])
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        initializers.Constant([1.0, 2.0])((3,))
