"""The protected names of attention layers, as subclasses in packages use them; equations are Keras's own."""

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.layers.attention_protected import attention_equations


@pytest.mark.parametrize(
    ("rank", "axes", "scores", "combined"),
    [
        (4, (1,), "aecd,abcd->acbe", "acbe,aecd->abcd"),
        (5, (2,), "abfde,abcde->abdcf", "abdcf,abfde->abcde"),
        (6, (1, 2, 3), "aghief,abcdef->aebcdghi", "aebcdghi,aghief->abcdef"),
    ],
)
def test_equations(rank, axes, scores, combined):
    assert attention_equations(rank, axes) == (scores, combined)


class Own(layers.MultiHeadAttention):
    """Attention whose projections and computation are a subclass's own, by the protected names."""

    def build(self, query_shape, value_shape, key_shape=None):
        for name, size in (("query", self._key_dim), ("key", self._key_dim), ("value", self._value_dim)):
            dense = layers.EinsumDense(
                "abc,cde->abde",
                output_shape=(None, self._num_heads, size),
                bias_axes="de" if self._use_bias else None,
                name=name,
                **self._get_common_kwargs_for_sublayer(),
            )
            dense.build(query_shape)
            setattr(self, f"_{name}_dense", dense)
        self._build_attention(4)
        self._output_dense = layers.EinsumDense("abcd,cde->abe", (None, query_shape[-1]), name="attention_output")
        self._output_dense.build((None, None, self._num_heads, self._value_dim))
        self.built = True

    def call(self, query, value, attention_mask=None):
        scores = ops.einsum(self._dot_product_equation, self._key_dense(value), self._query_dense(query))
        weights = self._masked_softmax(scores * self._inverse_sqrt_key_dim, attention_mask)
        return self._output_dense(ops.einsum(self._combine_equation, weights, self._value_dense(value)))


@pytest.mark.parametrize("dtype", ["bool", "int32", "float32"])
def test_a_subclass_with_its_own_build_and_call_computes_the_same(dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, 6)).astype("float32")
    mask = np.tril(np.ones((4, 4)))[None].astype(dtype)
    own, usual = Own(2, 3, use_bias=False), layers.MultiHeadAttention(2, 3)
    own(x, x)
    usual(x, x)
    own.set_weights([rng.normal(size=w.shape) for w in own.get_weights()])
    for name in ("query", "key", "value"):
        getattr(usual, f"{name}_dense").kernel.assign(getattr(own, f"_{name}_dense").kernel)
    usual.output_dense.kernel.assign(own._output_dense.kernel)
    expected = usual(x, x, attention_mask=mask.astype(bool))
    np.testing.assert_allclose(own(x, x, attention_mask=mask), expected, atol=1e-5)
    np.testing.assert_allclose(usual(x, x, attention_mask=mask), expected, atol=1e-6)
    attended, _ = usual._compute_attention(
        usual.query_dense(x), usual.key_dense(x), usual.value_dense(x), attention_mask=mask
    )
    np.testing.assert_allclose(usual.output_dense(attended), expected, atol=1e-5)


def test_protected_names_are_the_public_values():
    layer = layers.MultiHeadAttention(2, 3, value_dim=5, dropout=0.1, use_bias=False)
    assert (layer._num_heads, layer._key_dim, layer._value_dim, layer._dropout, layer._use_bias) == (
        2,
        3,
        5,
        0.1,
        False,
    )
    layer._num_heads = 4
    assert layer.num_heads == 4
    assert sorted(layer._get_common_kwargs_for_sublayer()) == [
        "activity_regularizer", "bias_constraint", "bias_initializer", "bias_regularizer", "dtype", "kernel_constraint",
        "kernel_initializer", "kernel_regularizer",
    ]  # fmt: skip


def test_masks_are_joined():
    layer = layers.MultiHeadAttention(1, 2)
    x = np.ones((1, 3, 2), "float32")
    seen = layer._compute_attention_mask(x, x, value_mask=np.array([[True, True, False]]), use_causal_mask=True)
    assert np.asarray(seen).tolist() == [[[True, False, False], [True, True, False], [True, True, False]]]
    assert np.asarray(layer._compute_causal_mask(x, np.ones((1, 2, 2)))).astype(int).tolist() == [
        [[1, 0], [1, 1], [1, 1]]
    ]
