"""keras.optimizers as a module: names, configs, legacy names."""

from __future__ import annotations

import pytest

from kerasish import optimizers
from kerasish.core.registry import CustomObjectScope
from kerasish.optimizers import SGD, Adam, legacy

NAMES = {
    "adadelta": "Adadelta", "adafactor": "Adafactor", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW",
    "adamax": "Adamax", "ftrl": "Ftrl", "lamb": "Lamb", "lion": "Lion", "muon": "Muon", "nadam": "Nadam",
    "rmsprop": "RMSprop", "sgd": "SGD", "schedulefreeadamw": "ScheduleFreeAdamW",
}  # fmt: skip


@pytest.mark.parametrize(("name", "cls"), list(NAMES.items()))
def test_optimizer_is_found_by_name_in_any_case(name, cls):
    for written in (name, cls, name.upper()):
        assert type(optimizers.get(written)) is getattr(optimizers, cls)


def test_get_takes_what_compile_takes():
    optimizer = Adam()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None
    for config in (
        {"class_name": "adam", "config": {}},
        {"class_name": "Adam", "config": {"learning_rate": 0.5}},
        {"module": "keras.src.optimizers.adam", "class_name": "Adam", "config": {}, "registered_name": "Adam"},
        optimizers.serialize(optimizer),
    ):
        assert type(optimizers.get(config)) is Adam
    with pytest.raises(TypeError, match="Could not locate class 'Foo'"):
        optimizers.get({"class_name": "Foo", "config": {}})


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("foo", "Could not interpret optimizer identifier: foo"),
        ("adamm", "Could not interpret optimizer identifier: adamm. Did you mean 'Adam'"),
        ("rmsprob", "Did you mean 'RMSprop'"),
        (3, "Could not interpret optimizer identifier: 3"),
        (Adam, "Could not interpret optimizer identifier: <class 'kerasish.optimizers.Adam'>"),
    ],
)
def test_unknown_identifier_is_refused_with_close_matches(identifier, message):
    with pytest.raises(ValueError, match=message):
        optimizers.get(identifier)


class _Mine(SGD):
    pass


def test_own_optimizers_are_found_in_scope():
    with CustomObjectScope({"Mine": _Mine}):
        assert type(optimizers.get("Mine")) is _Mine
    data = optimizers.serialize(_Mine(0.5))
    again = optimizers.deserialize(data, custom_objects={"_Mine": _Mine})
    assert type(again) is _Mine
    assert again._k_rate() == 0.5


def test_public_names_are_those_of_keras():
    assert sorted(optimizers.__all__) == optimizers.__all__
    assert set(NAMES.values()) < set(optimizers.__all__)
    assert optimizers.serialize(Adam())["module"] == "keras.optimizers"
    assert Adam.__module__ == "kerasish.optimizers"
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = optimizers.Nonsense


def test_legacy_names_are_the_same_classes():
    for name in ("SGD", "Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "Optimizer", "RMSprop"):
        assert getattr(legacy, name) is getattr(optimizers, name)
    assert legacy.Adam(lr=0.5, decay=0.1).decay == 0.1
    with pytest.raises(AttributeError):
        _ = legacy.AdamW


def test_legacy_classes_take_a_name_by_position():
    optimizer = legacy.Adam(0.1, 0.8, 0.9, 1e-6, False, "mine")
    assert (optimizer.name, optimizer.weight_decay) == ("mine", None)
    assert legacy.SGD(0.1, 0.9, True, "mine").name == "mine"


def test_a_rule_of_keras_2_on_a_builtin_class_has_its_arguments_in_the_config():
    class Decayed(legacy.Adam):
        def _resource_apply_dense(self, grad, var, apply_state=None):
            return super()._resource_apply_dense(grad, var, apply_state)

    config = Decayed(0.1, beta_1=0.7).get_config()
    assert config["beta_1"] == 0.7 and abs(config["learning_rate"] - 0.1) < 1e-6
    assert Decayed.from_config(config).beta_1 == 0.7
