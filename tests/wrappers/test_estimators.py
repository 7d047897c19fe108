"""Models as scikit-learn's estimators."""

import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer
from kerasish.wrappers.scikit_learn import KerasClassifier, KerasRegressor

sklearn = pytest.importorskip("sklearn")

_random = np.random.RandomState(0)
X = _random.randn(30, 4)
LABELS = np.where(X[:, 0] > 0, "yes", "no")


def build(X, y, loss, units=8):
    inputs = keras.Input((X.shape[1],))
    outputs = layers.Dense(y.shape[1], activation="softmax" if "cross" in loss else None)
    model = keras.Model(inputs, outputs(layers.Dense(units, activation="relu")(inputs)))
    model.compile(keras.optimizers.Adam(0.05), loss)
    return model


def test_a_classifier_learns_labels():
    made = SKLearnClassifier(build, model_kwargs={"loss": "categorical_crossentropy"}, fit_kwargs={"verbose": 0})
    made.fit(X, LABELS, epochs=20)
    assert made.classes_.tolist() == ["no", "yes"] and len(made.epoch_) == 20
    assert made.score(X, LABELS) > 0.9
    assert made.decision_function(X).shape == (30, 2)
    assert sklearn.base.clone(made).fit_kwargs == {"verbose": 0} and made.fit_kwargs == {"verbose": 0}


def test_warm_start_goes_on_with_the_model():
    made = SKLearnRegressor(build, warm_start=True, model_kwargs={"loss": "mse"}, fit_kwargs={"verbose": 0})
    first = made.fit(X, X[:, 0]).model_
    assert made.fit(X, X[:, 0]).model_ is first and made.predict(X).shape == (30,)


def test_a_given_model_is_copied():
    model = build(X, X[:, :1], "mse")
    weights = model.get_weights()
    made = SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(X, X[:, 0])
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    assert made.model_ is not model and made.transform(X).shape == (30, 1)


def seeded(X, y, loss):
    keras.utils.set_random_seed(0)  # scikit-learn compares two runs
    return build(X, y, loss, units=2)


# Keras's own classifier fails these: it may give a class less than there are, and its outputs may be no logits.
EXPECTED = {"check_classifiers_classes", "check_classifiers_train"}


@pytest.mark.parametrize(("made", "loss"), [(SKLearnRegressor, "mse"), (SKLearnClassifier, "categorical_crossentropy")])
def test_scikit_learns_own_checks_pass(made, loss):
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    estimator = made(seeded, model_kwargs={"loss": loss}, fit_kwargs={"verbose": 0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 40
    assert {found["check_name"] for found in results if found["status"] == "failed"} <= EXPECTED


@pytest.mark.parametrize("y", [np.zeros(30), X[:, 0]])
def test_targets_that_are_no_classes_are_refused(y):
    with pytest.raises(ValueError):
        SKLearnClassifier(build, model_kwargs={"loss": "categorical_crossentropy"}).fit(X, y)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(RuntimeError, match="needs to be compiled"):
        SKLearnRegressor(keras.Sequential([keras.Input((4,)), layers.Dense(1)])).fit(X, X[:, 0])


def binary(units=4):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    return model


def test_keras_2s_classifier_in_a_search():
    from sklearn.model_selection import GridSearchCV

    found = GridSearchCV(KerasClassifier(binary, epochs=15, verbose=0), {"units": [3, 6]}, cv=2).fit(X, LABELS == "yes")
    assert found.best_score_ > 0.7
    assert found.best_estimator_.predict_proba(X).shape == (30, 2)


def test_keras_2s_regressor_scores_by_its_loss():
    def build_fn():
        model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    made = KerasRegressor(build_fn, verbose=0)
    made.fit(X, X[:, 0])
    expected = -np.mean((made.predict(X) - X[:, 0]) ** 2)
    assert made.score(X, X[:, 0]) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="rate is not a legal parameter"):
        KerasRegressor(build_fn, rate=1)
