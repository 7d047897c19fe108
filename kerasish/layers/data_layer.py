"""DataLayer: the base of layers that prepare data."""

from __future__ import annotations

from typing import Any

from kerasish.layers.layer import Layer


class DataLayer(Layer):
    """A layer that is also used in pipelines of data, such as a dataset's ``map``."""

    _is_base = True

    def convert_weight(self, weight: Any) -> Any:
        """``weight`` as it is: there is one backend."""
        return weight
