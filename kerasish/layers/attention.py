"""Attention without weights of its own, or nearly: Attention (products), AdditiveAttention (sums)."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.errors import ShapeMismatchError
from kerasish.core.random import SeedGenerator
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.core import known_axis
from kerasish.layers.layer import Layer
from kerasish.ops.attention import causal_mask, fused


class Attention(Layer):
    """The values' mean, weighted by softmax(query · key) (Luong et al. 2015).

    Args:
        use_scale: whether the scores are multiplied with a number that is learnt.
        score_mode: "dot" for products, "concat" for the sum of tanh(query + key), times a number that is learnt.
        dropout: part of the weights that is dropped in training.
        seed: of the dropout; an integer.

    Call arguments: a list of ``query`` (batch, targets, features), ``value`` (batch, sources, features) and, if it is
        another, ``key``. ``mask``: a list of the query's mask (batch, targets), where the output is 0, and the value's
        (batch, sources), which is not seen; by default the masks that the tensors carry. ``use_causal_mask``: nothing
        later is seen. ``return_attention_scores``: whether the weights, (batch, targets, sources), are returned as well.

    Output shape: ``(batch, targets, features)``, features of the value.

    Raises:
        ValueError: an unknown ``score_mode``, or inputs or masks that are no list of 2 or 3.

    >>> Attention()([np.ones((1, 4, 5)), np.ones((1, 6, 5))]).shape
    TensorShape([1, 4, 5])
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                "Invalid value for argument score_mode. Expected one of {'dot', 'concat'}. "
                f"Received: score_mode={score_mode}"
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def call(
        self,
        inputs: list[torch.Tensor],
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = mask[:2] if mask else (None, None)
        drops = bool(training and self.dropout > 0)
        stepwise = return_attention_scores or (drops and self.seed is not None)
        if self._is_product and value_mask is None and not stepwise:
            dropout = float(self.dropout) if drops else 0.0
            outputs, weights = self._fused(query, key, value, use_causal_mask, dropout), None
        else:
            scores = self._scores(query, key)
            hidden = self._hidden(scores, value_mask, use_causal_mask)
            weights = torch.softmax(scores if hidden is None else scores + hidden, -1)
            outputs = torch.matmul(self._dropped(weights) if drops else weights, value)
        if query_mask is not None:
            outputs = outputs.masked_fill(query_mask.bool().unsqueeze(-1).logical_not(), 0.0)
        return (outputs, weights) if return_attention_scores else outputs

    @property
    def _is_product(self) -> bool:
        return self.score_mode == "dot"

    def _scores(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """(batch, targets, sources), before masks and softmax."""
        weights = self._parameters
        if self._is_product:
            scores = torch.matmul(query, key.transpose(-1, -2))
            return scores * weights["scale"] if self.use_scale else scores
        sums = query.unsqueeze(-2) + key.unsqueeze(-3)
        sums = torch.tanh(sums * weights["scale"] if self.use_scale else sums).sum(-1)
        return sums * weights["concat_score_weight"]

    def _hidden(self, scores: torch.Tensor, value_mask: torch.Tensor | None, causal: bool) -> torch.Tensor | None:
        """What is added to the scores: a large negative number where nothing may be seen; None without a mask.

        Where that is everywhere, the scores count nevertheless, as far as they do not vanish beside it.
        """
        seen = None
        if value_mask is not None:
            seen = value_mask.bool()
            seen = seen.unsqueeze(-2) if causal or seen.ndim == 2 else seen
        if causal:
            earlier = causal_mask(*scores.shape[-2:], scores.device).unsqueeze(0)
            seen = earlier if seen is None else seen & earlier
        if seen is None:
            return None
        large = 65504.0 if scores.dtype == torch.float16 else 1e9
        return torch.zeros(seen.shape, dtype=scores.dtype, device=scores.device).masked_fill(seen.logical_not(), -large)

    def _fused(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool, dropout: float
    ) -> torch.Tensor:
        """The outputs by torch's kernel, which does not hold the matrix of scores.

        With the value's mask it would not do: where nothing is seen, its backward pass loses the small differences.
        """
        if self.use_scale:
            query = query * self._parameters["scale"]
        if key.shape[:-1] != value.shape[:-1]:  # torch 2.13 would read beyond the shorter one's end
            raise ShapeMismatchError(f"Keys and values do not fit: {tuple(key.shape)} vs. {tuple(value.shape)}")
        if query.ndim != 3:
            return fused(query, key, value, dropout_p=dropout, is_causal=causal, scale=1.0)
        heads = (t.unsqueeze(1) for t in (query, key, value))  # the kernel's fast form wants an axis for them
        return fused(*heads, dropout_p=dropout, is_causal=causal, scale=1.0).squeeze(1)

    def _dropped(self, weights: torch.Tensor) -> torch.Tensor:
        rate = float(self.dropout)
        if self.seed is None:
            return F.dropout(weights, rate, True)
        return weights * (self.seed_generator.noise(weights, weights.shape, "bernoulli_", 1.0 - rate) / (1.0 - rate))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The query's mask."""
        self._check(inputs, mask)
        return mask[0] if mask else None

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        outputs = KerasTensor(self.compute_output_shape([query.shape, value.shape]), self.compute_dtype)
        if not return_attention_scores:
            return outputs
        return outputs, KerasTensor((*query.shape[:-1], key.shape[-2]), self.compute_dtype)

    def _check(self, inputs: Any, mask: Any = None) -> None:
        name = type(self).__name__
        if not isinstance(inputs, list):
            raise ValueError(
                f"{name} layer must be called on a list of inputs, namely [query, value] or [query, value, key]. "
                f"Received: inputs={inputs}."
            )
        if len(inputs) not in (2, 3):
            raise ValueError(
                f"{name} layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. "
                f"Received length: {len(inputs)}."
            )
        if mask is not None and not isinstance(mask, list):
            raise ValueError(
                f"{name} layer mask must be a list, namely [query_mask, value_mask]. Received: mask={mask}."
            )
        if mask is not None and len(mask) not in (2, 3):
            raise ValueError(
                f"{name} layer accepts mask list of length 2 or 3. Received: inputs={inputs}, mask={mask}."
            )


class AdditiveAttention(Attention):
    """The values' mean, weighted by softmax of the sum of tanh(query + key) (Bahdanau et al. 2015).

    Args:
        use_scale: whether the features of the tanh are multiplied with a vector that is learnt.
        dropout: part of the weights that is dropped in training.

    Call arguments and output shape: as of ``Attention``.

    Raises:
        ValueError: inputs or masks that are no list of 2 or 3.

    >>> AdditiveAttention()([np.ones((1, 4, 5)), np.ones((1, 6, 5))]).shape
    TensorShape([1, 4, 5])
    """

    _is_product = False

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = None
        if self.use_scale:
            features = known_axis(input_shape[0], -1, self)
            self.scale = self.add_weight(name="scale", shape=(features,), initializer="glorot_uniform")

    def _scores(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        features = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        return torch.matmul(features, self._parameters["scale"]) if self.use_scale else features.sum(-1)

    def get_config(self) -> dict:
        return {**super().get_config(), "seed": self.seed}
