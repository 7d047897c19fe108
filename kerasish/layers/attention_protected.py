"""The protected side of attention layers, which subclasses in packages build on: Keras's own names, equations and masks."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import torch

from kerasish import initializers
from kerasish.core import dispatch
from kerasish.layers.advanced_activations import Softmax
from kerasish.layers.layer import Layer
from kerasish.layers.noise import Dropout
from kerasish.ops.attention import causal_mask


def other_name(attribute: str) -> Any:
    """A property that reads and sets an attribute of another name."""
    return property(lambda self: getattr(self, attribute), lambda self, value: setattr(self, attribute, value))


class ProtectedNames(Layer):
    """What a subclass with a ``build`` or a ``call`` of its own may use, and what it may set itself."""

    _axes: tuple[int, ...] = (1,)  # of the projected tensors, over which attention is computed
    _is_usual = True  # whether they are (batch, positions, heads, features) and the positions that axis
    _softmax: Softmax
    _dropout_layer: Dropout

    def _get_common_kwargs_for_sublayer(self) -> dict:
        """Arguments of the projections. Each has initializers of its own, so that those without a seed give other numbers."""
        return {
            "kernel_regularizer": self.kernel_regularizer,
            "bias_regularizer": self.bias_regularizer,
            "activity_regularizer": self._activity_regularizer,
            "kernel_constraint": self.kernel_constraint,
            "bias_constraint": self.bias_constraint,
            "dtype": self.dtype_policy,
            "kernel_initializer": _cloned(self.kernel_initializer),
            "bias_initializer": _cloned(self.bias_initializer),
        }

    def _set_axes(self, rank: int, axes: Sequence[int] | None) -> None:
        """Say over which axes attention is computed, for projected tensors of a rank; None: all positions."""
        self._is_usual = rank == 4
        self._axes = tuple(axis % (rank - 1) for axis in (range(1, rank - 2) if axes is None else axes))
        self._dot_product_equation, self._combine_equation = attention_equations(rank, self._axes)

    def _make_weighting(self) -> None:
        # A layer of the user's may use this one, and later automatic names depend on its having been made.
        self._softmax = Softmax(axis=tuple(range(-len(self._axes), 0)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(rate=self.dropout, dtype=self.dtype_policy, seed=self.seed)

    @dispatch.boundary
    def _masked_softmax(
        self, attention_scores: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Weights of scores (batch, heads, targets, sources); the mask has no axis for the heads, or as many axes."""
        if attention_mask is not None:
            axis = -2 * len(self._axes) - 1
            while attention_mask.ndim < attention_scores.ndim:
                attention_mask = attention_mask.unsqueeze(axis)
        return self._softmax(attention_scores, mask=attention_mask)

    @dispatch.boundary
    def _compute_attention_mask(
        self,
        query: torch.Tensor,
        value: torch.Tensor,
        query_mask: torch.Tensor | None = None,
        value_mask: torch.Tensor | None = None,
        key_mask: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        use_causal_mask: bool = False,
    ) -> torch.Tensor | None:
        """All masks as one, of shape (batch, targets, sources) or what broadcasts to it; None if there is none."""
        masks = (query_mask, value_mask, key_mask, attention_mask)
        return self._seen(query.shape[1], value.shape[1], *masks, use_causal_mask, query.device)

    @dispatch.boundary
    def _compute_causal_mask(self, query: torch.Tensor, value: torch.Tensor | None = None) -> torch.Tensor:
        """(1, targets, sources): true where the source is not later than the target."""
        sources = query.shape[1] if value is None else value.shape[1]
        return causal_mask(query.shape[1], sources, query.device).unsqueeze(0)

    def _seen(
        self,
        targets: int,
        sources: int,
        query_mask: torch.Tensor | None,
        value_mask: torch.Tensor | None,
        key_mask: torch.Tensor | None,
        attention_mask: torch.Tensor | None,
        causal: bool,
        device: torch.device,
    ) -> torch.Tensor | None:
        """All masks as one, of shape (batch, targets, sources) or what broadcasts to it; None if there is none."""
        masks = []
        if query_mask is not None:
            masks.append(query_mask.bool().unsqueeze(-1))
        masks.extend(mask.bool().unsqueeze(-2) for mask in (value_mask, key_mask) if mask is not None)
        if causal:
            masks.append(causal_mask(targets, sources, device).unsqueeze(0))
        if self.sliding_window is not None:
            band = torch.ones(1, targets, sources, dtype=torch.bool, device=device)
            masks.append(band.tril(self.sliding_window - 1).triu(1 - self.sliding_window))
        if attention_mask is not None:
            masks.append(attention_mask.bool())
        seen = masks[0] if masks else None
        for mask in masks[1:]:
            seen = seen & mask
        return seen


def attention_equations(rank: int, axes: Sequence[int]) -> tuple[str, str]:
    """Einsum equations of Keras's: scores of projected keys and queries, and what scores make of projected values.

    Args:
        rank: of the projected tensors, (batch, ..., heads, features).
        axes: over which attention is computed; the other axes before the features are common to all tensors.
    """
    targets = string.ascii_lowercase[:rank]
    common = [axis for axis in range(rank - 1) if axis not in axes]
    new = iter(string.ascii_lowercase[rank:])
    sources = "".join(letter if i in common or i == rank - 1 else next(new) for i, letter in enumerate(targets))
    scores = "".join([*(targets[i] for i in common), *(targets[i] for i in axes), *(sources[i] for i in axes)])
    return f"{sources},{targets}->{scores}", f"{scores},{sources}->{targets}"


def _cloned(initializer: Any) -> Any:
    return initializer.clone() if isinstance(initializer, initializers.Initializer) else initializer
