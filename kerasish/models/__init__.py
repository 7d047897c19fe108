"""Models, and loading and saving them (``keras.models``)."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names
from kerasish.core.registry import publish, publish_alias
from kerasish.models.cloning import clone_model as clone_model
from kerasish.models.functional import Functional
from kerasish.models.model import Model as Model
from kerasish.models.sequential import Sequential as Sequential
from kerasish.saving.model_files import load_model as load_model
from kerasish.saving.model_files import model_from_json as model_from_json
from kerasish.saving.model_files import save_model as save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

publish("kerasish", globals(), ("Model", "Sequential"))  # the path that Keras's files have
publish(__name__, globals(), ("Model", "Sequential", "clone_model"))
publish("kerasish.src.models.functional", globals(), ("Functional",))  # as above
Functional.__module__ = "kerasish.models.functional"
publish_alias("keras.models.Functional", Functional)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())
