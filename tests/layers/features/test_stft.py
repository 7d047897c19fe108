"""STFTSpectrogram against the definition of the Fourier transform; numbers of Keras are in compat/recorded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.layers import STFTSpectrogram

CHECKED = settings(deadline=None, max_examples=25)


def transforms(signal, frame, step, length):
    """(windows, frequencies): numpy's transforms of each window of a signal, as it is."""
    starts = range(0, len(signal) - frame + 1, step)
    return np.stack([np.fft.rfft(signal[i : i + frame], length) for i in starts])


@CHECKED
@given(
    frame=st.integers(2, 9),
    step=st.integers(1, 9),
    extra=st.integers(0, 20),
    seed=st.integers(0, 99),
    last=st.booleans(),
)
def test_it_is_the_fourier_transform_of_each_window(frame, step, extra, seed, last):
    step, length = min(step, frame), 16
    x = np.random.RandomState(seed).standard_normal((2, frame + extra, 2))
    layer = STFTSpectrogram(
        "stft",
        frame,
        step,
        length,
        window=None,
        dtype="float64",
        data_format="channels_last" if last else "channels_first",
    )
    y = np.asarray(layer(x if last else x.transpose(0, 2, 1)))
    y = y if last else y.transpose(0, 2, 1)
    for batch in range(2):
        expected = [transforms(x[batch, :, channel], frame, step, length) for channel in range(2)]
        parts = np.concatenate([part for e in expected for part in (e.real, e.imag)], axis=1)
        np.testing.assert_allclose(y[batch], parts, atol=1e-10)


def test_modes_agree_with_each_other():
    x = np.random.RandomState(0).standard_normal((1, 32, 1))

    def made(mode):
        return np.asarray(STFTSpectrogram(mode, 8, dtype="float64", scaling=None)(x))

    real, imag = made("real"), made("imag")
    magnitude = np.sqrt(np.maximum(real**2 + imag**2, 1e-7))
    np.testing.assert_allclose(made("magnitude"), magnitude)
    np.testing.assert_allclose(made("log"), np.log(magnitude))
    np.testing.assert_allclose(np.cos(made("angle")), np.cos(np.arctan2(imag, real)))
    power = real**2 + imag**2
    power[..., 1:-1] *= 2
    np.testing.assert_allclose(made("psd"), power)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mode", ["log", "stft", "imag"])
def test_shapes_are_the_stated_ones(data_format, expand, padding, mode):
    layer = STFTSpectrogram(mode, 8, 3, padding=padding, expand_dims=expand, data_format=data_format)
    shape = (2, 20, 3) if data_format == "channels_last" else (2, 3, 20)
    expected = layer.compute_output_shape(shape)
    assert tuple(layer(np.ones(shape, "float32")).shape) == tuple(expected)
    assert tuple(layer(keras.Input(shape[1:])).shape) == (None, *expected[1:])


def test_kernels_are_trained_unless_frozen():
    x = np.random.RandomState(0).standard_normal((4, 32, 1)).astype("float32")
    for trainable in (True, False):
        layer = STFTSpectrogram("magnitude", 8, trainable=trainable)
        model = keras.Sequential([keras.Input((32, 1)), layer, keras.layers.Flatten(), keras.layers.Dense(1)])
        before = layer.real_kernel.numpy()
        model.compile("sgd", "mse")
        model.fit(x, np.ones((4, 1)), epochs=1, verbose=0)
        assert np.array_equal(before, layer.real_kernel.numpy()) != trainable


def test_config_with_a_window_of_numbers_makes_an_equal_layer():
    for numbers in ([1.0, 2.0, 1.0, 0.5], np.array([1.0, 2.0, 1.0, 0.5])):
        model = keras.Sequential([keras.Input((12, 1)), STFTSpectrogram("log", 4, window=numbers)])
        twin = keras.models.model_from_json(model.to_json())
        x = np.random.RandomState(1).standard_normal((1, 12, 1)).astype("float32")
        np.testing.assert_array_equal(model(x), twin(x))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "power"}, "`mode`"),
        ({"scaling": "none"}, "`scaling`"),
        ({"padding": "causal"}, "`padding`"),
        ({"window": "kaiser"}, "Invalid window name"),
        ({"frame_length": 4, "frame_step": 5}, "`frame_step`"),
        ({"frame_step": 0}, "`frame_step`"),
        ({"frame_length": 9, "fft_length": 8}, "`fft_length`"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        STFTSpectrogram(**arguments)


def test_bad_inputs_are_refused():
    with pytest.raises(TypeError, match="Invalid input type"):
        STFTSpectrogram(frame_length=4)(np.ones((1, 9, 1), "int32"))
    with pytest.raises(ValueError, match="zero or negative"):
        STFTSpectrogram(frame_length=4)(np.ones((1, 3, 1), "float32"))
    with pytest.raises(ValueError, match="window does not fit"):
        STFTSpectrogram(frame_length=4, window=[1.0])(np.ones((1, 9, 1), "float32"))


def test_lengths_that_are_no_powers_of_two_are_warned_of():
    with pytest.warns(UserWarning, match="power of two"):
        STFTSpectrogram(frame_length=4, fft_length=6)
