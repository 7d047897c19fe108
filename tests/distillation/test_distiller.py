"""Distiller: what it computes, keeps and refuses; numbers of the real one are in compat/recorded."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.distillation import Distiller, FeatureDistillation, LogitsDistillation

X = np.random.RandomState(0).randn(12, 4).astype("float32")
Y = np.random.RandomState(1).randint(0, 3, 12)


def net(units, name="h"):
    return keras.Sequential([keras.Input((4,)), layers.Dense(units, name=name), layers.Dense(3)])


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_the_loss_of_logits_is_the_divergence_times_the_squared_temperature():
    a, b = X[:, :3], X[:, 1:]
    p, q = softmax(a / 2.0), softmax(b / 2.0)
    expected = 4.0 * np.mean(np.sum(p * np.log(p / q), -1))
    np.testing.assert_allclose(LogitsDistillation(2.0).compute_loss(a, b), expected, rtol=1e-4)


def test_the_student_learns_and_the_file_comes_back(tmp_path):
    teacher, student = net(8), net(8)
    losses = [LogitsDistillation(3.0), FeatureDistillation("mse", "h", "h")]
    distiller = Distiller(teacher, student, losses, [1.0, 0.5], student_loss_weight=0.3)
    distiller.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    before = teacher.get_weights()
    history = distiller.fit(X, Y, epochs=5, verbose=0).history
    assert {"student_loss", "distillation_loss", "total_loss", "accuracy"} <= set(history)
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_array_equal(teacher.get_weights()[0], before[0])
    distiller.save(tmp_path / "d.keras")
    loaded = keras.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), student.predict(X, verbose=0))
    assert loaded.optimizer is not None and loaded.distillation_losses[0].temperature == 3.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Distiller(1, net(2), LogitsDistillation()), "Teacher must be"),
        (lambda: Distiller(net(2), net(2), None), "cannot be `None`"),
        (lambda: Distiller(net(2), net(2), LogitsDistillation(), student_loss_weight=2.0), "between 0.0 and 1.0"),
        (lambda: Distiller(net(2), net(2), [LogitsDistillation()], [1.0, 2.0]), "must match number of"),
        (lambda: Distiller(net(2), net(2), FeatureDistillation("mse", "no", "h")), "In teacher model"),
        (lambda: LogitsDistillation(0.0), "temperature must be positive"),
        (lambda: FeatureDistillation(None), "at least one"),
    ],
)
def test_what_does_not_fit_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_loss_of_your_own_says_what_it_computes():
    loss = keras.distillation.DistillationLoss()
    assert loss.validate_model_compatibility(None, None) is None
    with pytest.raises(NotImplementedError, match="compute_loss"):
        loss.compute_loss(np.ones(1), np.ones(1))
