"""Keras 2's ``keras.utils.vis_utils``."""

from __future__ import annotations

from kerasish.utils.model_plots import model_to_dot as model_to_dot
from kerasish.utils.model_plots import plot_model as plot_model
