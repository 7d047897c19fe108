"""Masks through layers of the user's own, symbolic and on data."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops

IDS = np.array([[3, 1, 0, 0], [2, 0, 0, 0]])


class OwnEmbedding(layers.Layer):
    """Makes a mask though its inputs have none."""

    def build(self, input_shape):
        self.table = self.add_weight(shape=(10, 3), initializer="ones")

    def call(self, inputs):
        return ops.take(self.table, inputs, axis=0)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0)


class MaskedShare(layers.Layer):
    """Each step's share of the masked steps' sum."""

    supports_masking = True

    def call(self, inputs, mask=None):
        kept = inputs * ops.expand_dims(ops.cast(mask, inputs.dtype), -1)
        return kept / ops.sum(kept, axis=1, keepdims=True)


@pytest.mark.parametrize("embed", [OwnEmbedding, lambda: layers.Embedding(10, 3, "ones", mask_zero=True)])
def test_mask_of_an_embedding_reaches_a_users_layer(embed):
    expected = np.array([[0.5, 0.5, 0, 0], [1, 0, 0, 0]])[..., None] * np.ones(3)
    layer = embed()
    on_data = MaskedShare()(layer(IDS))
    np.testing.assert_allclose(on_data.numpy(), expected)
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, MaskedShare()(layers.Activation("linear")(layer(inputs))))
    np.testing.assert_allclose(model(IDS).numpy(), expected)
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected)


def test_a_layer_that_splits_its_input_splits_the_mask():
    class Halves(layers.Layer):
        def call(self, inputs):
            return ops.split(inputs, 2, axis=1)

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else ops.split(mask, 2, axis=1)

    first, second = Halves()(layers.Embedding(10, 3, mask_zero=True)(IDS))
    assert first._keras_mask.numpy().tolist() == [[True, True], [True, False]]
    assert not second._keras_mask.numpy().any()
    plain, _ = Halves()(np.ones((2, 4, 3), "float32"))
    assert getattr(plain, "_keras_mask", None) is None


def test_a_layer_without_masking_warns_and_drops_the_mask():
    class Plain(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    with pytest.warns(UserWarning, match=r"plain.*does not support masking"):
        out = Plain()(layers.Embedding(10, 3, mask_zero=True)(IDS))
    assert getattr(out, "_keras_mask", None) is None


class AsksFirst(layers.Layer):
    """Like layers written for Keras 2: a mask there is of every input, or none at all."""

    supports_masking = True

    def call(self, inputs, mask=None):
        x, y = inputs
        if mask is not None:
            x = x * ops.cast(mask[0], "float32")[..., None]
        return x + y


class HandsOn(layers.Layer):
    def call(self, inputs, mask=None):
        return self.chosen(*inputs, mask=mask)

    def chosen(self, x, y, mask=None):
        return x + y if mask is None else x * mask[0]


class Unpacks(layers.Layer):
    def call(self, inputs, mask=None):
        first, second = mask
        return inputs[0] if first is second else inputs[1]


@pytest.mark.parametrize("kind", [AsksFirst, HandsOn, Unpacks])
def test_a_layer_that_asks_for_a_mask_gets_none_where_no_input_has_one(kind):
    x = np.ones((2, 3, 4), "float32")
    expected = 1 if kind is Unpacks else 2
    assert (ops.convert_to_numpy(kind()([x, x])) == expected).all()
    inputs = keras.Input((3, 4))
    assert kind()([inputs, inputs]).shape == (None, 3, 4)


def test_a_layer_that_asks_for_a_mask_gets_all_where_one_input_has_one():
    x = np.ones((1, 2, 4), "float32")
    masked = layers.Masking()(x * [[[1.0], [0.0]]])
    assert ops.convert_to_numpy(AsksFirst()([masked, x]))[0, :, 0].tolist() == [2.0, 1.0]


def _attending(kind):
    """A model in which other operations use what attention has been given."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((5,))
    words = layers.Embedding(10, 8, mask_zero=True)(inputs)
    attended = layers.MultiHeadAttention(2, 4)(words, words)
    mixed = layers.Add()([attended, words])
    return keras.Model(inputs, layers.Dense(1)(mixed if kind == "steps" else layers.GlobalAveragePooling1D()(mixed)))


WORDS = np.array([[1, 2, 3, 0, 0], [4, 1, 0, 0, 0], [2, 2, 2, 2, 0]])


def test_losses_see_no_mask_that_attention_has_taken_off():
    """Recorded from Keras 3.15: attention takes the masks off its inputs, those given when the model is drawn stay."""
    model = _attending("steps")
    model.compile("sgd", "mse")
    targets = np.tile(np.arange(3.0)[:, None, None], (1, 5, 1))
    assert model.evaluate(WORDS, targets, verbose=0) == pytest.approx(1.47078, abs=1e-5)
    history = model.fit(WORDS, targets, epochs=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(history, [1.47078, 1.17642], atol=1e-5)
    pooled = _attending("pooled").predict(WORDS, verbose=0)
    np.testing.assert_allclose(pooled[:, 0], [0.10117, -0.02325, 0.13333], atol=1e-5)


def test_attention_takes_the_masks_off_its_inputs_in_users_code():
    words = layers.Embedding(10, 8, mask_zero=True)(WORDS)
    assert words._keras_mask is not None
    attended = layers.MultiHeadAttention(2, 4)(words, words)
    assert getattr(words, "_keras_mask", None) is None
    np.testing.assert_array_equal(attended._keras_mask, WORDS != 0)
