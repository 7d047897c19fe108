"""How classes of tensors and variables print: under TensorFlow's names where programs find them there."""

from __future__ import annotations

import sys

from kerasish.core.context import local


class Named(type):
    """The class of a class that prints as TensorFlow's where programs find it under TensorFlow's name."""

    _shown = ""

    def __repr__(cls) -> str:
        if not cls._shown or "tensorflow" not in sys.modules:
            return super().__repr__()
        shown = cls._shown
        if shown.endswith(".EagerTensor") and local.function is not None and local.function.tracing:
            shown = shown.replace("EagerTensor", "SymbolicTensor")
        return f"<class '{shown}'>"
