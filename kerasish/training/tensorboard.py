"""TensorBoard: the logs, weights and graph of a model as event files."""

from __future__ import annotations

import math
import os
import time
import warnings
from typing import Any

import numpy as np
import torch

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.layers.core import Embedding
from kerasish.training.callback import Callback
from kerasish.training.events import EventWriter
from kerasish.training.monitor import optimizers_of


class TensorBoard(Callback):
    """Writes event files for TensorBoard to the folders ``train`` and ``validation``; ``tensorboard`` need not be installed.

    Args:
        log_dir: the folder.
        histogram_freq: epochs between histograms of the weights; 0: none.
        write_graph: whether the model's graph is written, of models that can be written as JSON.
        write_images: whether weights are written as images too, with their histograms.
        write_steps_per_second: whether the speed is written.
        update_freq: "epoch"; "batch" or a number of batches writes ``batch_...`` values too.
        profile_batch: a batch, or the first and last of several ("10,20" or a pair), that torch's profiler records; 0: none.
            The traces are in ``train/plugins/profile``.
        embeddings_freq: epochs between saved weights for the projector; 0: none.
        embeddings_metadata: name of an Embedding layer → file with a label for each of its rows; or one file for all.

    Raises:
        ValueError: another ``update_freq`` or ``profile_batch``; in ``fit``, metadata for layers that are not there.
    """

    only_writes = True
    _kept = ("_test_batch", "_train_batch")

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        if update_freq not in ("batch", "epoch") and not (isinstance(update_freq, int) and update_freq > 0):
            raise fail(ValueError, "Invalid `update_freq` of TensorBoard", "'batch', 'epoch' or a number of batches",
                       f"update_freq={update_freq!r}")  # fmt: skip
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._start_batch, self._stop_batch = _profiled(profile_batch)
        self._profiler: Any = None
        self._writers: dict[str, EventWriter] = {}
        self._train_batch = self._test_batch = 0
        self._epoch_iterations, self._epoch_start, self._batch_start = 0, 0.0, 0.0

    @property
    def summary(self) -> EventWriter:
        """The writer of the ``train`` folder."""
        return self._writer("train")

    def _writer(self, name: str) -> EventWriter:
        if name not in self._writers:
            self._writers[name] = EventWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._writers = {}
        if self.embeddings_freq:
            self._configure_embeddings()
        if self.write_graph and getattr(model, "_k_network", None) is not None:
            try:
                self._writer("train").keras_model("keras", model.to_json(), 0)
            except (TypeError, ValueError, NotImplementedError) as error:
                warnings.warn(f"Model failed to serialize as JSON. Ignoring... {error}", stacklevel=2)

    def _configure_embeddings(self) -> None:
        """Tell the projector about the Embedding layers."""
        metadata = self.embeddings_metadata
        left = dict(metadata) if isinstance(metadata, dict) else {}
        lines = []
        for layer in self.model.layers:
            if isinstance(layer, Embedding):
                path = left.pop(layer.name, None) if isinstance(metadata, dict) else metadata
                lines.append("embeddings {")
                lines.append('  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"')
                lines += [f'  metadata_path: "{os.fspath(path)}"'] if path is not None else []
                lines.append("}")
        if left:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` `embeddings_metadata` "
                f"argument: {left.keys()}"
            )
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    # training

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._train_batch = 0
        self._epoch_iterations = 0
        self._writer("train")

    def on_train_end(self, logs: dict | None = None) -> None:
        if self._profiler is not None:
            self._stop_profiler()
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._train_batch += 1
        if self.write_steps_per_second:
            self._batch_start = time.time()
        if self._start_batch and self._train_batch == self._start_batch:
            self._profiler = torch.profiler.profile()
            self._profiler.start()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.update_freq != "epoch" and self._train_batch % self.update_freq == 0:
            writer = self._writer("train")
            if self.write_steps_per_second:
                writer.scalar("batch_steps_per_second", _rate(1, self._batch_start), self._train_batch)
            for name, value in (logs or {}).items():
                writer.scalar(f"batch_{name}", value, self._train_batch)
        if self._profiler is not None and self._train_batch >= self._stop_batch:
            self._stop_profiler()

    def _stop_profiler(self) -> None:
        profiler, self._profiler = self._profiler, None
        profiler.stop()
        folder = os.path.join(self.log_dir, "train", "plugins", "profile", time.strftime("%Y_%m_%d_%H_%M_%S"))
        os.makedirs(folder, exist_ok=True)
        profiler.export_chrome_trace(os.path.join(folder, f"batch_{self._stop_batch}.pt.trace.json"))

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self.write_steps_per_second:
            self._epoch_iterations = int(self.model.optimizer.iterations)
            self._epoch_start = time.time()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._write_epoch(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            os.makedirs(os.path.join(self.log_dir, "train"), exist_ok=True)
            path = os.path.join(self.log_dir, "train", f"keras_embedding.ckpt-{epoch}.weights.h5")
            self.model.save_weights(path)
        for writer in self._writers.values():
            writer.flush()

    def _write_epoch(self, epoch: int, logs: dict) -> None:
        if not logs:
            return
        values = {name: value for name, value in logs.items() if not name.startswith("val_")}
        optimizers = optimizers_of(self.model) if self.model.optimizer is not None else {}
        values.update((name, float(optimizer.learning_rate)) for name, optimizer in optimizers.items())
        if self.write_steps_per_second:
            done = int(self.model.optimizer.iterations) - self._epoch_iterations
            values["steps_per_second"] = _rate(done, self._epoch_start)
        for name, value in values.items():
            self._writer("train").scalar(f"epoch_{name}", value, epoch)
        for name, value in logs.items():
            if name.startswith("val_"):
                self._writer("validation").scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name, value = weight.path.replace(":", "_"), weight.numpy()
                writer.histogram(f"{name}/histogram", value, epoch)
                images = _as_images(value) if self.write_images else None
                if images is not None:
                    writer.images(f"{name}/image", images, epoch)

    # evaluation

    def on_test_begin(self, logs: dict | None = None) -> None:
        if self.update_freq != "epoch":
            self._writer("validation")

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._test_batch += 1

    def on_test_end(self, logs: dict | None = None) -> None:
        optimizer = self.model.optimizer
        if optimizer is None or not hasattr(optimizer, "iterations"):
            return
        writer = self._writer("validation")
        for name, value in (logs or {}).items():
            writer.scalar(f"evaluation_{name}_vs_iterations", value, int(optimizer.iterations))
        writer.flush()


def _profiled(batches: Any) -> tuple[int, int]:
    """The first and the last batch to profile, both 0 for none."""
    given = [int(part) for part in batches.split(",")] if isinstance(batches, str) else batches
    if isinstance(given, int):
        given = (given, given)
    elif isinstance(given, list) and len(given) == 1:
        given = (given[0], given[0])
    if not isinstance(given, (list, tuple)) or len(given) != 2 or given[0] < 0 or given[1] < given[0]:
        raise fail(
            ValueError,
            "profile_batch must be a non-negative integer or 2-tuple of positive integers",
            received=f"profile_batch={batches!r}",
            hint="A pair of positive integers signifies a range of batches to profile.",
        )
    return given[0], given[1]


def _rate(count: int, start: float) -> float:
    seconds = time.time() - start
    return count / seconds if seconds > 0 else math.inf


def _as_images(weight: np.ndarray) -> np.ndarray | None:
    """A weight as images of one channel (or 3 or 4): a kernel as one image, those of a convolution one by one."""
    image = np.squeeze(weight)
    if image.ndim == 1:
        image = image.reshape(1, -1, 1, 1)
    elif image.ndim == 2:
        image = image.T if image.shape[0] > image.shape[1] else image
        image = image[None, :, :, None]
    elif image.ndim == 3:
        image = image.transpose(2, 0, 1) if settings.image_data_format == "channels_last" else image
        image = image[..., None]
    return image if image.ndim == 4 and image.shape[-1] in (1, 3, 4) else None
