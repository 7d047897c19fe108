"""keras.utils.Config."""

import copy

import pytest

from kerasish.utils import Config


def test_settings_are_attributes_and_items():
    config = Config(rate=0.1, steps=3)
    config.more = [1]
    config["name"] = "x"
    assert (config.rate, config["more"], config.get("none", 7), "name" in config, len(config)) == (0.1, [1], 7, True, 4)
    assert list(config) == ["more", "name", "rate", "steps"]
    assert config.pop("rate") == 0.1
    assert config.to_json() == '{"steps": 3, "more": [1], "name": "x"}'
    assert copy.deepcopy(config).as_dict() == config.as_dict()


def test_a_frozen_config_refuses_changes():
    config = Config(a=1)
    config.freeze()
    for change in (
        lambda: setattr(config, "a", 2),
        lambda: config.update(b=1),
        lambda: config.pop("a"),
        lambda: config.__delitem__("a"),
    ):
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    config.a = 2
    assert (config.a, config.frozen) == (2, False)


def test_an_unknown_name_is_told_with_a_near_one():
    with pytest.raises(AttributeError, match="Did you mean 'steps'"):
        _ = Config(steps=1).step
    with pytest.raises(KeyError):
        _ = Config()["a"]
