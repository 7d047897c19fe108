"""Gamma and beta numbers; expected values from TensorFlow 2.21 and Keras 3.15."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.core.random_gamma import beta_raw, gamma_raw

# seed, alpha -> the first numbers of tf.random.stateless_gamma([9], seed, alpha)
GAMMA = {
    ((1, 2), 0.05, "float32"): [1.2449024279088928e-15, 0.0003302142722532153, 4.766216935014889e-12],
    ((1, 2), 0.05, "float64"): [1.2449017341646019e-15, 0.00033021422930185334, 4.7662150109693425e-12],
    ((1, 2), 0.2, "float32"): [0.00029574267682619393, 0.14654220640659332, 0.002730143256485462],
    ((1, 2), 0.2, "float64"): [0.0002957426310174973, 0.14654220250647937, 0.0027301430020443976],
    ((5, 0), 0.5, "float32"): [0.01041305810213089, 0.579139769077301, 0.007300383411347866],
    ((5, 0), 0.5, "float64"): [0.010413057864372592, 0.5791397623212831, 0.007300383502529094],
    ((5, 0), 1.0, "float32"): [1.5540850162506104, 0.13517284393310547, 1.2969609498977661],
    ((5, 0), 1.0, "float64"): [1.5540849673936052, 0.1351728419166577, 1.296961002334951],
    ((123456, 789), 1.5, "float32"): [0.26633086800575256, 0.8063710927963257, 0.2383481115102768],
    ((123456, 789), 1.5, "float64"): [0.26633087063895466, 0.8063711210062242, 0.23834811483737323],
    ((123456, 789), 20.0, "float32"): [14.591530799865723, 18.04851722717285, 14.331622123718262],
    ((123456, 789), 20.0, "float64"): [14.591531004262636, 18.048517192445193, 14.33162210024133],
}


@pytest.mark.parametrize(("seed", "alpha", "dtype"), GAMMA)
def test_gamma_numbers_are_tensorflows(seed, alpha, dtype):
    expected = GAMMA[seed, alpha, dtype]
    made = gamma_raw((9,), seed, alpha, dtype).numpy()
    assert made.dtype == dtype
    np.testing.assert_allclose(made[: len(expected)], expected, rtol=3e-7 if dtype == "float32" else 1e-13)


def test_samples_of_several_alphas_are_drawn_one_alpha_after_the_other():
    made = gamma_raw((5, 3), (3, 4), [0.3, 1.0, 4.0]).numpy()
    np.testing.assert_allclose(
        made[:2],
        [
            [0.003980346489697695, 2.6179914474487305, 4.928129196166992],
            [0.09830193221569061, 0.2958261966705322, 1.6603245735168457],
        ],
        rtol=3e-7,
    )


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 0.2), (1.0, 3.0), (5.0, 0.5)])
def test_beta_numbers_have_their_moments(alpha, beta):
    made = beta_raw((20000,), (7, 0), alpha, beta).numpy()
    assert ((made >= 0) & (made <= 1)).all()
    assert made.mean() == pytest.approx(alpha / (alpha + beta), abs=0.01)
    variance = alpha * beta / (alpha + beta) ** 2 / (alpha + beta + 1)
    assert made.var() == pytest.approx(variance, abs=0.005)


@pytest.mark.parametrize("alpha", [0.05, 0.7, 1.0, 2.5, 30.0])
def test_gamma_numbers_have_their_moments(alpha):
    made = gamma_raw((20000,), (11, 3), alpha, "float64").numpy()
    assert made.mean() == pytest.approx(alpha, rel=0.05)
    assert made.var() == pytest.approx(alpha, rel=0.15)
    assert (made > 0).all()


def test_keras_random_draws_keras_numbers():
    random = keras.random
    np.testing.assert_allclose(
        random.beta((4,), 0.2, 0.4, seed=5),
        [0.00021961455058772117, 0.021237077191472054, 1.0640748769219499e-05, 0.007851959206163883],
        rtol=1e-5,
    )
    np.testing.assert_array_equal(random.shuffle(np.arange(10), seed=7), [2, 4, 6, 8, 3, 5, 1, 9, 0, 7])
    np.testing.assert_array_equal(random.randint((5,), 1, 8, dtype="uint8", seed=3), [5, 4, 3, 2, 6])


def test_a_generator_with_a_large_seed_draws_keras_numbers():
    np.testing.assert_allclose(
        random_uniform(2**33 + 5), [0.9361063241958618, 0.6369631290435791, 0.11726045608520508], rtol=1e-6
    )


def random_uniform(seed):
    return keras.random.uniform((3,), seed=keras.random.SeedGenerator(seed))


def test_numbers_without_a_seed_are_keras_after_set_random_seed():
    for _ in range(2):
        keras.utils.set_random_seed(3)
        np.testing.assert_allclose(keras.random.uniform((2,)), [0.49793148040771484, 0.015926837921142578], rtol=1e-6)
        np.testing.assert_allclose(keras.random.uniform((2,)), [0.4419647455215454, 0.9056631326675415], rtol=1e-6)
