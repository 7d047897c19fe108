"""``tf.compat.v1``: names of TensorFlow 1 that mean something without graphs and sessions."""

from __future__ import annotations

import logging as python_logging
from types import SimpleNamespace
from typing import Any

import kerasish
from kerasish.core.errors import NotServedError
from kerasish.core.random import set_seed
from kerasish.tf import config as config
from kerasish.tf import debugging as debugging
from kerasish.tf import errors as errors
from kerasish.tf import math as math
from kerasish.tf import nest as nest
from kerasish.tf.compat.v1_text import ragged as ragged
from kerasish.tf.compat.v1_text import string_split as string_split
from kerasish.tf.compat.v1_text import strings as strings
from kerasish.tf.creation import cast
from kerasish.tf.diagonals import set_diag
from kerasish.tf.math import log as log
from kerasish.tf.random import normal, shuffle, uniform
from kerasish.tf.random import truncated_normal as truncated_normal
from kerasish.tf.scopes import executing_eagerly as executing_eagerly
from kerasish.tf.sparse_spec import SparseTensorValue as SparseTensorValue

random_normal, random_uniform, random_shuffle = normal, uniform, shuffle
set_random_seed = set_seed
matrix_set_diag = set_diag


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Run operations as they are called, as is always done."""


def enable_v2_behavior() -> None:
    """Behave as TensorFlow 2, as is always done."""


enable_v2_tensorshape = enable_tensor_equality = enable_resource_variables = enable_control_flow_v2 = enable_v2_behavior


def disable_eager_execution() -> None:
    """Graphs and sessions of TensorFlow 1 are not served.

    Raises:
        NotServedError: always.
    """
    raise _unserved("disable_eager_execution")


disable_v2_behavior = disable_eager_execution


def to_float(x: Any, name: str = "ToFloat") -> Any:
    """x as float32."""
    return cast(x, "float32")


def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """x as int32."""
    return cast(x, "int32")


def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """x as int64."""
    return cast(x, "int64")


def _set_verbosity(v: Any) -> None:
    python_logging.getLogger("tensorflow").setLevel(v)


def _writer(level: int) -> Any:
    return lambda msg, *args: python_logging.getLogger("tensorflow").log(level, msg, *args)


logging = SimpleNamespace(
    DEBUG=python_logging.DEBUG,
    INFO=python_logging.INFO,
    WARN=python_logging.WARNING,
    ERROR=python_logging.ERROR,
    FATAL=python_logging.FATAL,
    set_verbosity=_set_verbosity,
    get_verbosity=lambda: python_logging.getLogger("tensorflow").getEffectiveLevel(),
    debug=_writer(python_logging.DEBUG),
    info=_writer(python_logging.INFO),
    warn=_writer(python_logging.WARNING),
    warning=_writer(python_logging.WARNING),
    error=_writer(python_logging.ERROR),
    fatal=_writer(python_logging.FATAL),
)


class ConfigProto(SimpleNamespace):
    """Options of a session, which are kept and change nothing: devices and memory are torch's business."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"gpu_options": SimpleNamespace(), "graph_options": SimpleNamespace(), **options})


class GPUOptions(SimpleNamespace):
    """Options of a ``ConfigProto``."""


class Session:
    """What scripts make to hand a ``ConfigProto`` to ``keras.backend.set_session``; it runs nothing."""

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        self.config = config

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Nothing to free."""

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """There is no graph to run.

        Raises:
            NotServedError: always.
        """
        raise _unserved("Session.run")


InteractiveSession = Session


def _unserved(name: str) -> NotServedError:
    return NotServedError(
        f"'tf.compat.v1.{name}' belongs to TensorFlow 1, whose graphs and sessions kerasish does not have. Write the program "
        "in TensorFlow 2's style (TensorFlow's guide 'Migrate from TensorFlow 1.x' shows how)."
    )


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    if name == "keras":
        return kerasish
    raise _unserved(name)
