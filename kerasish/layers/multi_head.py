"""Attention with projections and several heads: MultiHeadAttention, GroupedQueryAttention."""

from __future__ import annotations

import math
import string
from typing import Any

from kerasish.layers.attention_base import ProjectedAttention
from kerasish.layers.attention_protected import other_name
from kerasish.layers.einsum_dense import EinsumDense


def _same_positions(value_shape: Any, key_shape: Any) -> None:
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            "All dimensions of `value` and `key`, except the last one, must be equal. Received: "
            f"value_shape={tuple(value_shape)} and key_shape={tuple(key_shape)}"
        )


class MultiHeadAttention(ProjectedAttention):
    """Attention with several heads (Vaswani et al. 2017).

    Query, key and value are projected for each head, each target gets the mean of the values, weighted by
    softmax(query · key / √key_dim), and the heads' results are projected together.

    Args:
        num_heads: how many.
        key_dim: features of a head's query and key.
        value_dim: features of a head's value; default: ``key_dim``.
        dropout: part of the weights that is dropped in training.
        use_bias: whether the projections have one.
        output_shape: of the last projection, an integer or a tuple; default: the features of the query.
        attention_axes: axes over which attention is computed; default: all between the batch and the features.
        sliding_window: how far a target sees, itself included, in both directions; default: everything.
        flash_attention: True demands torch's flash kernel; default: torch chooses.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
        bias_constraint: of the projections; names, objects or configs.
        use_gate: whether the heads' results are multiplied with the sigmoid of another projection of the query.
        seed: of the dropout; an integer.

    Call arguments: ``query`` (batch, targets, features), ``value`` and, if it is another, ``key`` (batch, sources, features).
        ``attention_mask`` (batch, targets, sources) is true where a source may be seen; it broadcasts.
        ``value_mask`` and ``key_mask`` (batch, sources) are by default those that the tensors carry, the mask of the
        query always is: ``query_mask`` is not used, as in Keras 3.15. ``use_causal_mask``: nothing later is seen.
        ``return_attention_scores``: whether the weights, (batch, heads, targets, sources), are returned as well.

    The three tensors carry no mask after the call, as in Keras 3.

    Output shape: ``(batch, targets, features)`` or ``(batch, targets, *output_shape)``.

    Raises:
        ValueError: an argument is not a positive integer where one is needed, or shapes and masks do not fit together.

    >>> layer = MultiHeadAttention(num_heads=2, key_dim=3)
    >>> layer(np.ones((1, 4, 5)), np.ones((1, 6, 5))).shape
    TensorShape([1, 4, 5])
    """

    _takes_masks_off = True  # query, value and key have none after the call, as in Keras 3

    _config_first = (
        "num_heads",
        "key_dim",
        "value_dim",
        "dropout",
        "use_bias",
        "use_gate",
        "output_shape",
        "attention_axes",
        "sliding_window",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
    )

    _not_in_config = ("flash_attention", "output_shape", "activity_regularizer")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = dict(locals())
        for name, given in (("num_heads", num_heads), ("key_dim", key_dim), ("value_dim", value_dim)):
            if (given is not None or name != "value_dim") and (not isinstance(given, int) or given <= 0):
                raise ValueError(
                    f"Received an invalid value for argument `{name}`, expected a positive integer"
                    f"{' or `None`' if name == 'value_dim' else ''}. Received: {name}={given}"
                )
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim or key_dim
        self._output_shape = _output_sizes(output_shape)
        self.attention_axes = _listed_axes(attention_axes)
        self._set_common(arguments)
        self._scale = 1.0 / math.sqrt(key_dim)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        _same_positions(value_shape, key_shape)
        heads, features = self.num_heads, query_shape[-1]
        self._query_dense = self._head_projection("query", query_shape, self.key_dim)
        self._key_dense = self._head_projection("key", key_shape, self.key_dim)
        if self.use_gate:
            self._gate_dense = self._head_projection("gate", query_shape, self.value_dim, "sigmoid")
        self._value_dense = self._head_projection("value", value_shape, self.value_dim)
        rank = len(query_shape)
        self._build_attention(rank + 1)
        output_shape = self._output_shape or (features,)
        equation, bias_axes = _equation(rank - 1, 2, len(output_shape))
        self._output_dense = self._projection(
            "attention_output",
            equation,
            [None] * (rank - 2) + list(output_shape),
            bias_axes,
            (*query_shape[:-1], heads, self.value_dim),
        )

    def _head_projection(self, name: str, input_shape: Any, features: int, activation: Any = None) -> EinsumDense:
        rank = len(input_shape)
        equation, bias_axes = _equation(rank - 1, 1, 2)
        sizes = [*[None] * (rank - 2), self.num_heads, features]
        return self._projection(name, equation, sizes, bias_axes, input_shape, activation)

    def _build_attention(self, rank: int) -> None:
        """Settle the axes for projected tensors of a rank, and make the layers between scores and weights."""
        self._set_axes(rank, self.attention_axes)
        self.attention_axes = self._axes
        self._make_weighting()

    # as Keras names them, for subclasses
    _num_heads = other_name("num_heads")
    _key_dim = other_name("key_dim")
    _value_dim = other_name("value_dim")
    _attention_axes = other_name("attention_axes")
    _dropout = other_name("dropout")
    _use_bias = other_name("use_bias")
    _use_gate = other_name("use_gate")
    _sliding_window = other_name("sliding_window")
    _kernel_initializer = other_name("kernel_initializer")
    _bias_initializer = other_name("bias_initializer")
    _kernel_regularizer = other_name("kernel_regularizer")
    _bias_regularizer = other_name("bias_regularizer")
    _kernel_constraint = other_name("kernel_constraint")
    _bias_constraint = other_name("bias_constraint")
    _inverse_sqrt_key_dim = other_name("_scale")

    query_dense = property(lambda self: self._query_dense)
    key_dense = property(lambda self: self._key_dense)
    value_dense = property(lambda self: self._value_dense)
    output_dense = property(lambda self: self._output_dense)

    # the query's mask is the one that it carries, whatever is given

    def _take_masks(self, args: tuple, kwargs: dict) -> Any:
        kwargs.pop("query_mask", None)
        return super()._take_masks(args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("query_mask", None)
        return super().symbolic_call(*args, **kwargs)

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> tuple:
        _same_positions(value_shape, value_shape if key_shape is None else key_shape)
        query_shape = tuple(query_shape)
        return (*query_shape[:-1], *self._output_shape) if self._output_shape else query_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "output_shape": self._output_shape}


def _equation(free: int, summed: int, new: int) -> tuple[str, str]:
    """The einsum equation of a projection that keeps ``free`` axes, and the letters of the new ones."""
    letters = string.ascii_lowercase
    kept, gone = letters[:free], letters[free : free + summed]
    made = letters[free + summed : free + summed + new]
    return f"{kept}{gone},{gone}{made}->{kept}{made}", made


def _output_sizes(output_shape: Any) -> Any:
    if not output_shape:
        return output_shape
    if isinstance(output_shape, int):
        return (output_shape,)
    try:
        return tuple(output_shape)
    except TypeError:
        raise ValueError(
            f"Invalid `output_shape`: {output_shape}. When specified, the `output_shape` should be of type tuple, list, or "
            "int."
        ) from None


def _listed_axes(axes: Any) -> Any:
    if isinstance(axes, int):
        return (axes,)
    if axes and not isinstance(axes, (list, tuple)):
        raise ValueError(f"`attention_axes` must be an int, list, or tuple. Received: attention_axes={axes}")
    return axes


class GroupedQueryAttention(ProjectedAttention):
    """Attention in which groups of queries share a head of keys and values (Ainslie et al. 2023).

    Args:
        head_dim: features of a head.
        num_query_heads: heads of the query.
        num_key_value_heads: heads of key and value; a divisor of that number.
        dropout: part of the weights that is dropped in training.
        use_bias: whether the projections have one.
        sliding_window: how far a target sees, itself included, in both directions; default: everything.
        flash_attention: True demands torch's flash kernel; default: torch chooses.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
        bias_constraint: of the projections; names, objects or configs.
        use_gate: whether the heads' results are multiplied with the sigmoid of another projection of the query.
        seed: of the dropout; an integer.

    Call arguments: as of ``MultiHeadAttention``, and ``query_mask`` (batch, targets).

    Output shape: ``(batch, targets, features)``, of the query.

    Raises:
        ValueError: the numbers of heads do not fit, or shapes and masks do not.

    >>> layer = GroupedQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    >>> layer(np.ones((1, 4, 5)), np.ones((1, 6, 5))).shape
    TensorShape([1, 4, 5])
    """

    _config_first = (
        "head_dim",
        "num_query_heads",
        "num_key_value_heads",
        "use_bias",
        "use_gate",
        "sliding_window",
        "dropout",
    )

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = dict(locals())
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if num_query_heads % num_key_value_heads != 0:
            raise ValueError("`num_query_heads` must be divisible by `num_key_value_heads`.")
        self.head_dim = head_dim
        self.num_query_heads = num_query_heads
        self.num_key_value_heads = num_key_value_heads
        self._groups = num_query_heads // num_key_value_heads
        self._set_common(arguments)
        self._scale = 1.0 / math.sqrt(head_dim)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        queries = (None, self.num_query_heads, self.head_dim)
        keys = (None, self.num_key_value_heads, self.head_dim)
        self._query_dense = self._projection("query", "bqm,muh->bquh", queries, "uh", query_shape)
        self._key_dense = self._projection("key", "bkm,mvh->bkvh", keys, "vh", key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", "bqm,muh->bquh", queries, "uh", query_shape, "sigmoid")
        self._value_dense = self._projection("value", "bkm,mvh->bkvh", keys, "vh", value_shape)
        self._set_axes(4, (1,))
        self._make_weighting()
        self._output_dense = self._projection(
            "attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m", (None, *queries)
        )

    _inverse_sqrt_head_dim = other_name("_scale")
    num_repeats = other_name("_groups")

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> tuple:
        if query_shape[-1] != value_shape[-1]:
            raise ValueError(
                "The last dimension of `query_shape` and `value_shape` must be equal, but are "
                f"{query_shape[-1]}, {value_shape[-1]}. Received: query_shape={tuple(query_shape)}, "
                f"value_shape={tuple(value_shape)}"
            )
        _same_positions(value_shape, value_shape if key_shape is None else key_shape)
        return tuple(query_shape)
