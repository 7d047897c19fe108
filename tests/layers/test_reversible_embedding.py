"""ReversibleEmbedding. Expected numbers are those of Keras 3.15."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.layers import ReversibleEmbedding

IDS = np.array([[1, 0, 4], [2, 2, 0]])


def made(**arguments):
    """A layer of 5 rows of 3, with weights that do not depend on the library."""
    layer = ReversibleEmbedding(5, 3, **arguments)
    layer(IDS)
    layer.set_weights([np.random.RandomState(i).normal(size=w.shape) for i, w in enumerate(layer.weights)])
    return layer


@pytest.mark.parametrize(
    ("arguments", "scores", "gradients"),
    [
        ({}, [3.143, 3.131, 0.696, 2.009, 1.327], [630.52]),
        ({"tie_weights": False}, [0.785, -0.927, -1.612, -1.138, 1.75], [302.47, 193.85]),
        ({"mask_zero": True, "logit_soft_cap": 3.0}, [2.343, 2.338, 0.683, 1.754, 1.246], [196.87]),
        ({"dtype": "mixed_bfloat16", "reverse_dtype": "float32"}, [3.146, 3.125, 0.695, 2.008, 1.327], [629.59]),
    ],
)
def test_the_way_back_has_kerass_numbers(arguments, scores, gradients):
    layer = made(**arguments)
    np.testing.assert_allclose(layer(np.ones((1, 3)), reverse=True)[0], scores, atol=1e-3)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.cast(layer(layer(IDS), reverse=True), "float64") ** 2)
    for gradient, size in zip(tape.gradient(total, layer.trainable_weights), gradients, strict=True):
        assert np.abs(np.asarray(tf.convert_to_tensor(gradient), "float64")).sum() == pytest.approx(size, rel=5e-3)


def test_dtypes_of_both_ways():
    layer = made(dtype="mixed_bfloat16", reverse_dtype="float32")
    assert layer(IDS).dtype == "bfloat16"
    assert layer(layer(IDS), reverse=True).dtype == "float32"
    assert made(dtype="mixed_bfloat16")(layer(IDS), reverse=True).dtype == "bfloat16"
    assert made(reverse_dtype="float64")(np.ones((1, 3), "float32"), reverse=True).dtype == "float64"


def test_indices_have_a_mask_and_scores_have_none():
    layer = made(mask_zero=True)
    vectors = layer(IDS)
    assert vectors._keras_mask.numpy().tolist() == (IDS != 0).tolist()
    assert getattr(layer(vectors, reverse=True), "_keras_mask", None) is None


@pytest.mark.parametrize("tie_weights", [True, False])
def test_a_model_uses_the_layer_both_ways_and_is_kept_in_files(tie_weights, tmp_path):
    x = keras.Input((3,), dtype="int32")
    layer = ReversibleEmbedding(5, 3, tie_weights=tie_weights, logit_soft_cap=2.0)
    y = layer(layer(x), reverse=True)
    assert y.shape == (None, 3, 5)
    model = keras.Model(x, y)
    assert model.count_params() == (15 if tie_weights else 30)
    assert [w.path.split("/")[-1] for w in layer.weights] == ["embeddings", "reverse_embeddings"][: 2 - tie_weights]
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(IDS, IDS, epochs=1, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(IDS, verbose=0), model.predict(IDS, verbose=0))


def test_the_configuration_has_kerass_keys():
    config = ReversibleEmbedding(5, 3, reverse_dtype="float32").get_config()
    expected = """activity_regularizer dtype embeddings_constraint embeddings_initializer embeddings_regularizer input_dim
    logit_soft_cap mask_zero name output_dim quantization_config reverse_dtype tie_weights trainable""".split()
    assert sorted(config) == expected
    assert ReversibleEmbedding.from_config(config).reverse_dtype == "float32"


def test_vectors_of_another_length_are_refused():
    with pytest.raises(InvalidArgumentError, match="last axis has 3"):
        made()(np.ones((1, 4)), reverse=True)
