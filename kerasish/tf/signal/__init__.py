"""``tf.signal``: Fourier and cosine transforms, spectrograms, windows and the mel scale."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.signal.fourier import dct as dct
from kerasish.tf.signal.fourier import fft as fft
from kerasish.tf.signal.fourier import fft2d as fft2d
from kerasish.tf.signal.fourier import fft3d as fft3d
from kerasish.tf.signal.fourier import fftnd as fftnd
from kerasish.tf.signal.fourier import fftshift as fftshift
from kerasish.tf.signal.fourier import idct as idct
from kerasish.tf.signal.fourier import ifft as ifft
from kerasish.tf.signal.fourier import ifft2d as ifft2d
from kerasish.tf.signal.fourier import ifft3d as ifft3d
from kerasish.tf.signal.fourier import ifftnd as ifftnd
from kerasish.tf.signal.fourier import ifftshift as ifftshift
from kerasish.tf.signal.fourier import irfft as irfft
from kerasish.tf.signal.fourier import irfft2d as irfft2d
from kerasish.tf.signal.fourier import irfft3d as irfft3d
from kerasish.tf.signal.fourier import irfftnd as irfftnd
from kerasish.tf.signal.fourier import rfft as rfft
from kerasish.tf.signal.fourier import rfft2d as rfft2d
from kerasish.tf.signal.fourier import rfft3d as rfft3d
from kerasish.tf.signal.fourier import rfftnd as rfftnd
from kerasish.tf.signal.framing import frame as frame
from kerasish.tf.signal.framing import inverse_mdct as inverse_mdct
from kerasish.tf.signal.framing import inverse_stft as inverse_stft
from kerasish.tf.signal.framing import inverse_stft_window_fn as inverse_stft_window_fn
from kerasish.tf.signal.framing import mdct as mdct
from kerasish.tf.signal.framing import overlap_and_add as overlap_and_add
from kerasish.tf.signal.framing import stft as stft
from kerasish.tf.signal.mel import linear_to_mel_weight_matrix as linear_to_mel_weight_matrix
from kerasish.tf.signal.mel import mfccs_from_log_mel_spectrograms as mfccs_from_log_mel_spectrograms
from kerasish.tf.signal.windows import hamming_window as hamming_window
from kerasish.tf.signal.windows import hann_window as hann_window
from kerasish.tf.signal.windows import kaiser_bessel_derived_window as kaiser_bessel_derived_window
from kerasish.tf.signal.windows import kaiser_window as kaiser_window
from kerasish.tf.signal.windows import vorbis_window as vorbis_window


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
