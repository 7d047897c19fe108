"""``tf.random.experimental``: older names of ``tf.random``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.random.draws import Algorithm as Algorithm
from kerasish.tf.random.generator import Generator as Generator
from kerasish.tf.random.generator import create_rng_state as create_rng_state
from kerasish.tf.random.generator import get_global_generator as get_global_generator
from kerasish.tf.random.generator import set_global_generator as set_global_generator
from kerasish.tf.random.permuted import index_shuffle as index_shuffle
from kerasish.tf.random.stateless import fold_in, split
from kerasish.tf.random.stateless import stateless_shuffle as stateless_shuffle

stateless_split, stateless_fold_in = split, fold_in


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
