"""The families of cases: for each, what lists its cases and what runs one."""

from __future__ import annotations

import functools

import names_data
import names_files
import names_layers
import names_objects
import names_training
import plan_applications
import plan_attention
import plan_augment
import plan_backend
import plan_callbacks
import plan_conv_lstm
import plan_features
import plan_fft
import plan_functions
import plan_histories
import plan_images
import plan_losses
import plan_metrics
import plan_ops
import plan_programs
import plan_quantized
import plan_ragged
import plan_seeds
import plan_sequences
import plan_training
import program_help
import run_applications
import run_augment
import run_callbacks
import run_features
import run_histories
import run_images
import run_layers
import run_losses
import run_metrics
import run_ops
import run_programs
import run_quantized
import run_ragged
import run_seeds
import run_training

FAMILIES = {
    "attention": (plan_attention.cases, run_layers.run),
    "applications": (plan_applications.cases, run_applications.run),
    "augment": (plan_augment.cases, run_augment.run),
    "layers": (plan_sequences.cases, run_layers.run),
    "sequences": (plan_sequences.sequence_cases, run_layers.run),
    "losses": (plan_losses.cases, run_losses.run),
    "metrics": (plan_metrics.cases, run_metrics.run),
    "ops": (plan_ops.cases, run_ops.run),
    "backend": (plan_backend.cases, run_ops.run),
    "callbacks": (plan_callbacks.cases, run_callbacks.run),
    "conv_lstm": (plan_conv_lstm.cases, run_layers.run),
    "features": (plan_features.cases, run_features.run),
    "fft": (plan_fft.cases, run_ops.run),
    "quantized": (plan_quantized.cases, run_quantized.run),
    "ragged": (plan_ragged.cases, run_ragged.run),
    "images": (plan_images.cases, run_images.run),
    "functions": (plan_functions.cases, run_ops.run),
    "names_layers": (functools.partial(program_help.cases, names_layers.USES), run_programs.run),
    "names_objects": (functools.partial(program_help.cases, names_objects.USES), run_programs.run),
    "names_training": (functools.partial(program_help.cases, names_training.USES), run_programs.run),
    "names_data": (functools.partial(program_help.cases, names_data.USES), run_programs.run),
    "names_files": (functools.partial(program_help.cases, names_files.USES), run_programs.run),
    "programs": (plan_programs.cases, run_programs.run),
    "seeds": (plan_seeds.cases, run_seeds.run),
    "histories": (plan_histories.cases, run_histories.run),
    "training": (plan_training.cases, run_training.run),
}
