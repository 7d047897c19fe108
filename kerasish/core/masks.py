"""Masks travel on tensors, as ``_keras_mask``, and cross with them between user code (Tensors) and library code (raw).

So do other attributes that users set on Tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable


def mask_of(x: Any) -> Any:
    """The mask that a tensor carries, or None."""
    return getattr(x, "_keras_mask", None)


def copy_mask(source: Any, target: Any) -> None:
    """Give ``target`` the mask of ``source``, in the form that fits it: raw on raw tensors, ours on ours."""
    mask = getattr(source, "_keras_mask", None)
    if mask is None:
        return
    if isinstance(target, torch.Tensor):
        target._keras_mask = dispatch.raw(mask)  # type: ignore[attr-defined]
    else:
        target._keras_mask = dispatch.wrap(mask) if isinstance(mask, torch.Tensor) else mask


def without_masks(inputs: Any) -> None:
    """Take the masks off the tensors in a structure."""
    for x in tree.flatten(inputs):
        for holder in (x, getattr(x, "_t", None)):
            if mask_of(holder) is not None:
                del holder._keras_mask  # type: ignore[union-attr]


def wrap_with_mask(x: Any) -> Any:
    """A raw tensor as ours, for user code; anything else stays what it is."""
    if not isinstance(x, torch.Tensor):
        return dispatch.wrap(x) if type(x) is np.ndarray and x.dtype == object else x  # text
    out = dispatch.wrap(x)
    copy_mask(x, out)
    given = getattr(x, "_attributes_of_user", None)
    if given is not None:
        out.__dict__.update(given)
    return out


def raw_with_mask(x: Any) -> Any:
    """A Tensor, variable or array as a raw one, for library code; Python values and symbolic tensors stay."""
    if not isinstance(x, (Tensor, Variable)) and (isinstance(x, torch.Tensor) or not hasattr(x, "__array__")):
        return x
    if dispatch.is_symbolic(x):
        return x
    out = dispatch.raw(x)
    if isinstance(out, torch.Tensor):
        copy_mask(x, out)
        if isinstance(x, Tensor) and x.__dict__ and x.__dict__.keys() != {"_keras_mask"}:  # what a user has set on it
            given = {key: value for key, value in x.__dict__.items() if key != "_keras_mask"}
            out._attributes_of_user = given  # type: ignore[attr-defined]
    return out
