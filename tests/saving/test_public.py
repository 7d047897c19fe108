"""The namespace ``keras.saving``."""

import pytest

from kerasish import models, saving
from kerasish.core.errors import NotServedError


def test_all_names_are_there_and_public():
    assert saving.__all__ == sorted(saving.__all__)
    for name in saving.__all__:
        assert getattr(saving, name).__module__ == "kerasish.saving"
    assert models.load_model is saving.load_model
    assert saving.custom_object_scope is saving.CustomObjectScope


def test_what_is_not_served_says_so():
    with pytest.raises(NotServedError, match="'keras.saving.KerasFileEditor' is part of the real library"):
        saving.KerasFileEditor  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        saving.nothing  # noqa: B018
