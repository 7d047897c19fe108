"""``tf.compat.v1.data``: datasets, and functions that ask what they give."""

from __future__ import annotations

from typing import Any

from kerasish.core import tree
from kerasish.core.errors import NotServedError
from kerasish.core.tensor import Tensor
from kerasish.tf import data as modern
from kerasish.tf.spec import TensorSpec

Dataset = modern.Dataset


def make_one_shot_iterator(dataset: Any) -> Any:
    """An iterator over a dataset."""
    return iter(dataset)


def make_initializable_iterator(dataset: Any, shared_name: str | None = None) -> Any:
    """Iterators that a session starts are not served.

    Raises:
        NotServedError: always.
    """
    raise NotServedError("make_initializable_iterator belongs to TensorFlow 1's sessions. Use iter(dataset) instead.")


make_initializable_iterator.__kerasish_stub__ = True  # type: ignore[attr-defined]


def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """The shapes of a dataset's elements, in their structure."""
    return tree.map_structure(lambda spec: getattr(spec, "shape", spec), dataset_or_iterator.element_spec)


def get_output_types(dataset_or_iterator: Any) -> Any:
    """The dtypes of a dataset's elements, in their structure."""
    return tree.map_structure(lambda spec: getattr(spec, "dtype", spec), dataset_or_iterator.element_spec)


def get_output_classes(dataset_or_iterator: Any) -> Any:
    """The classes of a dataset's elements, in their structure."""
    return tree.map_structure(
        lambda spec: Tensor if isinstance(spec, TensorSpec) else spec.value_type, dataset_or_iterator.element_spec
    )


def __getattr__(name: str) -> Any:
    return getattr(modern, name)
