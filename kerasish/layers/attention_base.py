"""What attention layers with projections and several heads share.

Without scores to return it runs on torch's fused kernels, which never hold the matrix of scores; a mask is made only where
there is one, and the causal one alone is the kernel's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from kerasish import constraints, initializers, regularizers
from kerasish.core import dispatch, registry
from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.attention_protected import ProtectedNames
from kerasish.layers.calling import adapt
from kerasish.layers.einsum_dense import EinsumDense
from kerasish.ops.attention import attend, causal_mask, hidden


class ProjectedAttention(ProtectedNames):
    """The common part: projections of query, key and value, attention, a projection of what was attended to.

    A subclass makes ``_query_dense``, ``_key_dense``, ``_value_dense`` and ``_output_dense`` in ``build``, of which the first
    three give tensors (batch, ..., heads, features).
    """

    _not_in_config: tuple[str, ...] = ("flash_attention",)
    _scale: float
    _groups = 1  # queries' heads for each of the keys'

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_compute_attention" in cls.__dict__:
            cls._attend = adapt(cls.__dict__["_compute_attention"])  # a user's own attention, on Tensors

    def _set_common(self, arguments: dict) -> None:
        """Set the attributes for the arguments that both layers have."""
        self.dropout = arguments["dropout"]
        self.use_bias = arguments["use_bias"]
        window = arguments["sliding_window"]
        if window is not None and (not isinstance(window, int) or window <= 0):
            raise ValueError(
                f"`sliding_window` must be `None` or a positive integer. Received: sliding_window={window}"
            )
        self.sliding_window = window
        self.kernel_initializer = initializers.get(arguments["kernel_initializer"])
        self.bias_initializer = initializers.get(arguments["bias_initializer"])
        self.kernel_regularizer = regularizers.get(arguments["kernel_regularizer"])
        self.bias_regularizer = regularizers.get(arguments["bias_regularizer"])
        self._activity_regularizer = regularizers.get(arguments["activity_regularizer"])
        self.kernel_constraint = constraints.get(arguments["kernel_constraint"])
        self.bias_constraint = constraints.get(arguments["bias_constraint"])
        self.use_gate = arguments["use_gate"]
        self.seed = arguments["seed"]
        self.supports_masking = True
        self._flash_attention = arguments["flash_attention"] or settings.flash_attention
        if self._flash_attention and self.dropout > 0.0:
            raise ValueError(
                "Dropout is not supported when flash attention is enabled. Please set dropout to 0.0 to use flash attention."
            )

    # weights

    def _projection(
        self, name: str, equation: str, output_shape: Sequence, bias_axes: str, input_shape: Any, activation: Any = None
    ) -> EinsumDense:
        """A built projection."""
        layer = EinsumDense(
            equation,
            output_shape=output_shape,
            bias_axes=bias_axes if self.use_bias else None,
            activation=activation,
            name=name,
            **self._get_common_kwargs_for_sublayer(),
        )
        layer.supports_masking = True
        layer.build(input_shape)
        return layer

    # the call

    def call(
        self,
        query: torch.Tensor,
        value: torch.Tensor,
        key: torch.Tensor | None = None,
        query_mask: torch.Tensor | None = None,
        value_mask: torch.Tensor | None = None,
        key_mask: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        if key is None:
            key = value
        masks = (query_mask, value_mask, key_mask, attention_mask)
        only_causal = use_causal_mask and self.sliding_window is None and all(mask is None for mask in masks)
        only_causal = only_causal and type(self)._attend is ProjectedAttention._attend
        seen = None
        if not only_causal:
            seen = self._seen(query.shape[1], value.shape[1], *masks, use_causal_mask, query.device)
        gate = self._projected(self._gate_dense, query) if self.use_gate else None
        options = {"use_causal_mask": True} if only_causal else {}
        outputs, scores = self._attend(
            self._projected(self._query_dense, query),
            self._projected(self._key_dense, key),
            self._projected(self._value_dense, value),
            seen,
            training,
            return_attention_scores,
            **options,
        )
        outputs = self._projected(self._output_dense, outputs if gate is None else outputs * gate)
        return (outputs, scores) if return_attention_scores else outputs

    def _projected(self, layer: EinsumDense, x: torch.Tensor) -> torch.Tensor:
        """A projection without the steps of a layer's call, where those would do nothing."""
        if (
            layer._user_call
            or layer.activity_regularizer is not None
            or layer._dtype_policy is not self._dtype_policy
            or layer._k_has_hooks()
        ):
            return layer(x)
        return layer._raw_call(x)

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attention of projected tensors: what was attended to, and the scores where they are wanted."""
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is enabled. Please disable flash attention "
                "to access attention scores."
            )
        drops = bool(self.dropout and training)
        if not query.dtype == key.dtype == value.dtype:  # projections with policies of their own
            common = torch.promote_types(torch.promote_types(query.dtype, key.dtype), value.dtype)
            query, key, value = query.to(common), key.to(common), value.to(common)
        stepwise = return_attention_scores or (drops and self.seed is not None)
        if use_causal_mask and (stepwise or not self._is_usual):
            attention_mask = causal_mask(query.shape[1], value.shape[1], query.device).unsqueeze(0)
            use_causal_mask = False
        q, k, v = self._heads(query), self._heads(key), self._heads(value)
        seen = None if attention_mask is None else self._for_heads(attention_mask.bool(), query, value)
        if stepwise:
            attended, scores = self._step_by_step(q, k, v, seen, training)
            return self._positions(attended, query), self._score_positions(scores, query, value)
        attended = attend(
            q,
            k,
            v,
            seen,
            self._scale,
            use_causal_mask,
            flash=self._flash_attention,
            dropout=float(self.dropout) if drops else 0.0,
            blind_to_zero=self.dropout > 0 or query.ndim != 4,
        )
        return self._positions(attended, query), None

    _compute_attention = dispatch.boundary(_attend)

    def _step_by_step(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, seen: torch.Tensor | None, training: bool | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self._groups > 1:
            k, v = k.repeat_interleave(self._groups, 1), v.repeat_interleave(self._groups, 1)
        logits = (q * self._scale) @ k.transpose(-1, -2)
        scores = torch.softmax(logits if seen is None else hidden(logits, seen), -1)
        if seen is not None:
            scores = scores.masked_fill(seen.logical_not(), 0.0)  # also of a target that sees nothing
        weights = self._dropout_layer._raw_call(scores, training=training) if self.dropout else scores
        return weights @ v, scores

    # axes: kernels want (batch, heads, positions, features)

    def _heads(self, t: torch.Tensor) -> torch.Tensor:
        """A projected tensor with all positions along one axis, and one batch axis."""
        if self._is_usual:
            return t.transpose(1, 2)
        others, sizes = self._other_axes(t), t.shape
        moved = t.permute(*others, *self._axes, t.ndim - 1)
        return moved.reshape(-1, sizes[others[-1]], math.prod(sizes[axis] for axis in self._axes), sizes[-1])

    def _positions(self, attended: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        """What was attended to with the axes of the projected query."""
        if self._is_usual:
            return attended.transpose(1, 2)
        order = (*self._other_axes(query), *self._axes)
        result = attended.reshape(*(query.shape[axis] for axis in order), attended.shape[-1])
        return result.permute(*(order.index(axis) for axis in range(len(order))), len(order))

    def _score_positions(self, scores: torch.Tensor, query: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        if self._is_usual:
            return scores
        return scores.reshape(self._score_shape(query, value))

    def _score_shape(self, query: Any, value: Any) -> tuple:
        """(batch, ..., heads, targets, sources), from projected tensors."""
        targets, sources = query.shape, value.shape
        others = self._other_axes(query)
        return tuple([targets[i] for i in others] + [targets[i] for i in self._axes] + [sources[i] for i in self._axes])

    def _other_axes(self, t: Any) -> list[int]:
        return [axis for axis in range(len(t.shape) - 1) if axis not in self._axes]

    def _for_heads(self, mask: torch.Tensor, query: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """The mask with an axis for the heads, as it broadcasts to the kernels' scores."""
        if self._is_usual and mask.shape == (query.shape[0], query.shape[1], value.shape[1]):
            return mask.unsqueeze(1)
        shape = self._score_shape(query, value)
        before = mask.ndim - 2 * len(self._axes)
        missing = len(shape) - mask.ndim
        sizes = (*mask.shape[:before], *(1,) * missing, *mask.shape[before:])
        if before < 0 or missing < 0 or any(size not in (1, whole) for size, whole in zip(sizes, shape)):
            raise fail(
                ValueError,
                f"The masks of layer '{self.name}' do not fit its scores",
                f"a mask that broadcasts to {shape} after axes of size 1 were put in front of its last {2 * len(self._axes)}",
                f"a mask of shape {tuple(mask.shape)}",
            )
        mask = mask.reshape(sizes)
        if self._is_usual:
            return mask
        count = len(shape) - 2 * len(self._axes)
        mask = mask.expand(*shape[: count - 1], sizes[count - 1], *shape[count:])
        places = (math.prod(shape[count : count + len(self._axes)]), math.prod(shape[count + len(self._axes) :]))
        return mask.reshape(-1, sizes[count - 1], *places)

    # shapes

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        shape = self.compute_output_shape(query.shape, value.shape, None if key is None else key.shape)
        outputs = KerasTensor(shape, self.compute_dtype)
        if not return_attention_scores:
            return outputs
        projected = (
            KerasTensor((*x.shape[:-1], *layer.partial_output_shape[-2:]), self.compute_dtype)
            for layer, x in ((self._query_dense, query), (self._query_dense, value))
        )
        return outputs, KerasTensor(self._score_shape(*projected), self.compute_dtype)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "activity_regularizer": registry.serialize_keras_object(self._activity_regularizer),
        }
