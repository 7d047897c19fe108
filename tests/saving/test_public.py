"""The namespace ``keras.saving``."""

import pytest

from kerasish import models, saving


def test_all_names_are_there_and_public():
    assert saving.__all__ == sorted(saving.__all__)
    for name in saving.__all__:
        assert getattr(saving, name).__module__ == "kerasish.saving"
    assert models.load_model is saving.load_model
    assert saving.custom_object_scope is saving.CustomObjectScope


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        saving.nothing  # noqa: B018
