"""Keras 2's ``keras.utils.data_utils``."""

from __future__ import annotations

from kerasish.utils.download import get_file as get_file
from kerasish.utils.download import hash_file
from kerasish.utils.download import validate_file as validate_file
from kerasish.utils.py_dataset import PyDataset
from kerasish.utils.sequences import pad_sequences as pad_sequences

Sequence = PyDataset
_hash_file = hash_file
