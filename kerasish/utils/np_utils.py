"""Keras 2's ``keras.utils.np_utils``."""

from __future__ import annotations

from kerasish.utils.numerical import normalize as normalize
from kerasish.utils.numerical import to_categorical as to_categorical
