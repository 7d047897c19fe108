"""``keras.random``: the numbers are those that Keras 3.15 gives for the same seeds on TensorFlow."""

import numpy as np
import pytest

from kerasish import ops, random, utils
from kerasish.core.errors import InvalidArgumentError

CLOSE = {"rtol": 2e-7, "atol": 2e-7}


def test_parameters_may_be_arrays():
    normal = random.normal((2, 3), mean=[1.0, 2.0, 3.0], stddev=[[1.0], [2.0]], seed=1)
    expected = [[1.12665033, 1.50698340, 3.63119078], [-0.57769310, 3.13661766, -0.11398745]]
    np.testing.assert_allclose(normal, expected, **CLOSE)
    truncated = random.truncated_normal((2, 2), mean=[1.0, 2.0], seed=1)
    np.testing.assert_allclose(truncated, [[1.12665033, 1.50698340], [1.63119078, 1.21115351]], **CLOSE)


def test_uniform_takes_limits_that_make_the_result_wider():
    wide = random.uniform((3,), minval=[[0.1], [0.2]], seed=1)
    expected = [[0.89063936, 0.51398224, 0.64026213], [0.90279055, 0.56798422, 0.68023300]]
    np.testing.assert_allclose(wide, expected, **CLOSE)
    double = random.uniform((2,), minval=np.array([0.1, 0.2]), maxval=1.0, dtype="float64", seed=1)
    np.testing.assert_allclose(double, [0.1251154298223224, 0.8418647161015833], rtol=1e-15)


@pytest.mark.parametrize("draw", [random.uniform, random.normal, random.truncated_normal])
def test_none_is_no_parameter(draw):
    with pytest.raises(ValueError, match="None"):
        draw((2,), None)


def test_scalars_keep_rank_zero():
    assert random.normal((), mean=2, seed=1).shape == ()
    assert random.uniform((), seed=1).shape == ()


def test_randint_takes_limits_modulo_the_drawn_type():
    drawn = random.randint((4,), 2**33, 2**31 - 1, seed=1337)
    assert drawn.numpy().tolist() == [784837188, 900974838, 611879863, 1458323057]
    with pytest.raises(InvalidArgumentError, match="minval"):
        random.randint((4,), 5, 2**35)
    with pytest.raises(TypeError, match="integers"):
        random.randint((4,), 0.0, 10)


def test_dropout_decides_in_the_shape_of_the_noise():
    kept = random.dropout(np.arange(1, 6, dtype="float32"), 0.3, noise_shape=(3, 5), seed=4)
    np.testing.assert_allclose(kept, [[1.4285715, 2.857143, 0.0, 5.7142859, 7.1428571]] * 3, rtol=1e-6)
    rows = random.dropout(np.ones((6, 2), "float32"), 0.5, noise_shape=(None, 1), seed=4)
    assert rows.numpy().tolist() == [[2, 2], [2, 2], [0, 0], [2, 2], [2, 2], [0, 0]]


def test_dropout_of_nothing_and_of_everything_draws_nothing():
    seeds = random.SeedGenerator(3)
    x = np.arange(3)
    assert random.dropout(x, 0.0, seed=seeds) is x
    assert random.dropout(x, 1.0, seed=seeds).numpy().tolist() == [0, 0, 0]
    assert seeds.state.numpy().tolist() == [3, 0]


def test_dropout_refuses_what_it_cannot_do():
    x = np.ones((2, 3), "float32")
    for rate in (-0.1, 1.5):
        with pytest.raises(ValueError, match="`rate`"):
            random.dropout(x, rate)
    with pytest.raises(ValueError, match="floating point"):
        random.dropout(x.astype("int32"), 0.5)
    with pytest.raises(InvalidArgumentError, match="noise_shape"):
        random.dropout(x, 0.5, noise_shape=(2, 2))


@pytest.mark.parametrize(
    ("count", "probability", "expected"),
    [
        (100, 0.9, [87, 94, 88, 81, 90, 85]),
        (1000, 0.99, [990, 995, 991, 987, 988, 993]),
        (1000, 0.01, [13, 6, 12, 19, 10, 15]),
    ],
)
def test_binomial_decides_in_float32_how_to_draw(count, probability, expected):
    for dtype in ("float32", "float64"):
        assert random.binomial((6,), count, probability, seed=5, dtype=dtype).numpy().tolist() == expected


def test_binomial_of_double_tensors_decides_in_float64():
    count, probability = (ops.convert_to_tensor(v, "float64") for v in (100.0, 0.9))
    assert random.binomial((6,), count, probability, seed=5).numpy().tolist() == [89, 94, 90, 87, 88, 93]


def test_binomial_gives_integers_on_demand():
    drawn = random.binomial((4,), 30, 0.4, seed=5, dtype="int32")
    assert drawn.dtype == "int32"
    assert drawn.numpy().tolist() == [15, 8, 14, 9]


def test_shapes_end_with_those_of_the_parameters():
    for draw in (lambda: random.binomial((2, 3), [[1.0], [2.0]], 0.5), lambda: random.gamma((2, 3), [2.0])):
        with pytest.raises(InvalidArgumentError, match="end with"):
            draw()


def test_gamma_of_no_distribution_is_nan():
    drawn = random.gamma((2,), [-1.0, 1.0], seed=3).numpy()
    assert np.isnan(drawn[0])
    np.testing.assert_allclose(drawn[1], 0.0235459, rtol=1e-6)
    assert np.isnan(random.beta((2,), float("nan"), 1.0, seed=3).numpy()).all()


def test_global_seed_is_one_that_numpy_takes():
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match="between 0 and"):
            utils.set_random_seed(seed)
    utils.set_random_seed(True)
