"""Trainer: the methods of a model that compile, train, evaluate and predict."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from kerasish import optimizers
from kerasish.core import device as devices
from kerasish.core import dispatch, registry, tree
from kerasish.core.autodiff import GradientTape, recording
from kerasish.core.context import asks_for_keras_2, scope, settings
from kerasish.core.errors import fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.ragged import RaggedTensor
from kerasish.core.replicas import together
from kerasish.core.sparse import SparseTensor
from kerasish.layers.overridable import overridable
from kerasish.layers.tracking import structure, structure_changed
from kerasish.training import loop, replicas
from kerasish.training.callback import to_numbers
from kerasish.training.capture import Tiers
from kerasish.training.compiled import CompiledLoss, CompiledMetrics, LossTracker
from kerasish.training.feed import class_weights, pack_x_y_sample_weight, to_batch, unpack_x_y_sample_weight
from kerasish.training.functions import BatchFunction, users_function
from kerasish.training.old_calls import OldCalls, keras_2_workers
from kerasish.training.step import NO_LOSS, Step


class Compiled:
    """The state of a compiled model.

    Attributes:
        optimizer, loss, metrics: ready to use.
        arguments: what ``compile`` was given, for files and for Keras 2's attributes.
        trainable: which layers were trainable at that time; training keeps to it.
    """

    def __init__(self, model: Any, arguments: dict) -> None:
        self.arguments = arguments
        self.optimizer = optimizers.get(arguments["optimizer"])
        loss, weighted, unweighted = arguments["loss"], arguments["weighted_metrics"], arguments["metrics"]
        names = model._k_output_names
        by_rows = arguments["run_eagerly"]
        self.loss = None if loss is None else CompiledLoss(loss, arguments["loss_weights"], names, by_rows)
        has_metrics = unweighted is not None or weighted is not None
        before = model._k_compiled.metrics if model._k_compiled is not None else None
        self.metrics = CompiledMetrics(unweighted, weighted, names, self.loss) if has_metrics else before
        if self.metrics is not None:  # metrics stay until others are given
            self.metrics.follow(self.loss)
        self.loss_tracker = LossTracker(name="loss")
        self.trainable = [(layer, layer.trainable) for layer in model._flatten_layers()]
        self.trainable_version = structure.trainable_version

    def loss_metrics(self) -> list:
        """The running losses: the total, then one for each output if there are several."""
        return [self.loss_tracker, *(self.loss.trackers if self.loss is not None else [])]


def _keeps_quiet_about_extras(method: Callable) -> Callable:
    """Leave the arguments of Keras 2 out of a method's signature, by which packages sort arguments."""
    signature = inspect.signature(method)
    shown = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    method.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    return method


class _RunningLoss:
    """``_loss_tracker``: the metric that custom steps update with their loss. A model may have an attribute of that name."""

    def __get__(self, model: Any, owner: type) -> Any:
        if model is None:
            return self
        if model._k_compiled is None:
            raise AttributeError("'_loss_tracker': the model is not compiled")
        return model._k_compiled.loss_tracker


class Trainer(OldCalls):
    """What ``Model`` adds to ``Layer`` for training. Needs ``__call__``, ``trainable_variables`` and ``_flatten_layers``."""

    history: Any = None  # of the last run
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    _loss_tracker = _RunningLoss()
    train_function = test_function = predict_function = None  # what ``make_train_function`` and its like set

    # compilation

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure the model for training.

        Args:
            optimizer: name, config or object.
            loss: name, function or ``Loss``; a list or dict of them for several outputs.
            loss_weights: factors of the outputs' losses in the total.
            metrics, weighted_metrics: lists of names, functions or ``Metric``s; nested or by name for several outputs. The
                weighted ones are given the sample weights.
            run_eagerly: whether the layers are called one by one, as Python code, rather than as a lowered program.
            steps_per_execution: batches between calls of the callbacks' batch hooks.
            jit_compile: whether the training step is captured as a whole (``training/capture.py``): True at once, which waits
                for the compiler; "auto" where a long run pays for it; False never.
            auto_scale_loss: whether the policy "mixed_float16" gets a ``LossScaleOptimizer``.

        Raises:
            ValueError: an unknown optimizer, loss or argument.
        """
        kwargs.pop("experimental_run_tf_function", None)
        if kwargs:
            raise fail(TypeError, f"compile() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if jit_compile not in ("auto", True, False, None):
            raise fail(ValueError, "`jit_compile` must be 'auto' or a boolean", received=repr(jit_compile))
        if steps_per_execution is None and asks_for_keras_2():
            steps_per_execution = 1
        if not isinstance(steps_per_execution, (int, float, np.number)) or steps_per_execution < 1:
            kind = ValueError if isinstance(steps_per_execution, (int, float, np.number)) else TypeError
            raise fail(kind, "`steps_per_execution` must be a positive integer", received=repr(steps_per_execution))
        optimizer = optimizers.get(optimizer)
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16" and not hasattr(optimizer, "inner_optimizer"):
            optimizer = optimizers.LossScaleOptimizer(optimizer)
        arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": bool(run_eagerly),
            "steps_per_execution": int(steps_per_execution),
            "jit_compile": jit_compile,
        }
        self.__dict__["_k_compiled"] = Compiled(self, arguments)
        self.__dict__["_k_step"] = None
        for mode in ("train", "test", "predict"):
            self.__dict__.pop(f"{mode}_function", None)
        self.stop_training = False
        structure_changed()  # calls may have to run layer by layer from here on

    @property
    def compiled(self) -> bool:
        return self._k_compiled is not None

    _is_compiled = overridable(lambda self: self.compiled)  # Keras 2's

    @property
    def optimizer(self) -> Any:
        return self._k_compiled.optimizer if self._k_compiled is not None else self._k_optimizer_attribute

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        try:
            known = optimizers.get(value)
        except ValueError:
            if self._k_compiled is not None or isinstance(value, (str, dict)):
                raise
            self.__dict__["_k_optimizer_attribute"] = value  # of a program that trains by itself
            return
        if self._k_compiled is None:
            Trainer.compile(self, known)
        self._k_compiled.optimizer = known

    loss = property(lambda self: self._k_argument("loss"))
    run_eagerly = property(lambda self: bool(self._k_argument("run_eagerly")) or settings.run_functions_eagerly)
    steps_per_execution = property(lambda self: self._k_argument("steps_per_execution") or 1)
    jit_compile = property(lambda self: self._k_argument("jit_compile") in (True, 1) and not self.run_eagerly)
    distribute_strategy = overridable(lambda self: None)
    distribute_reduction_method = overridable(lambda self: "auto")
    _k_optimizer_attribute: Any = None

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._k_check_compiled("run_eagerly")
        self._k_compiled.arguments["run_eagerly"] = bool(value)
        structure_changed()

    @jit_compile.setter
    def jit_compile(self, value: bool) -> None:
        self._k_check_compiled("jit_compile")
        self._k_compiled.arguments["jit_compile"] = bool(value)
        structure_changed()

    @loss.setter
    def loss(self, value: Any) -> None:
        object.__setattr__(self, "_loss_attribute", value)

    def _k_argument(self, name: str) -> Any:
        if name == "loss" and "_loss_attribute" in self.__dict__:
            return self.__dict__["_loss_attribute"]
        return self._k_compiled.arguments[name] if self._k_compiled is not None else None

    def _k_check_compiled(self, what: str) -> None:
        if self._k_compiled is None:
            if self._k_overrides("train_step") or self._k_overrides("test_step"):
                Trainer.compile(self)  # the user's steps need none of it, but metrics and callbacks look for it
                return
            raise ValueError(f"You must call `compile()` before using the model: {what} needs an optimizer and a loss.")

    def get_compile_config(self) -> dict:
        """What ``compile_from_config`` needs to compile the model again; nothing if it is not compiled."""
        if self._k_compiled is None:
            return {}
        return {key: registry.serialize_keras_object(value) for key, value in self._k_compiled.arguments.items()}

    def compile_from_config(self, config: dict) -> None:
        """Compile from a config of ``get_compile_config``; a class with a ``compile`` of its own has to do that itself."""
        if self._k_overrides("compile"):
            warnings.warn(
                "`compile()` was not called as part of model loading because the model's `compile()` method is custom. "
                "Override get_compile_config() and compile_from_config(config) as well, or call compile() after loading.",
                stacklevel=4,
            )
            return
        config = {key: registry.deserialize_keras_object(value) for key, value in config.items()}
        self.compile(**config)
        if self.built and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    # metrics

    @property
    def metrics(self) -> list:
        """The running loss, all that ``compile`` was given as one metric, the outputs' losses, and those held by layers."""
        return [*self._compiled_metrics(), *self._held_metrics()]

    def _compiled_metrics(self) -> list:
        if self._k_compiled is None:
            return []
        total, *of_outputs = self._k_compiled.loss_metrics()
        own = self._k_compiled.metrics
        return [total, *([own] if own is not None else []), *of_outputs]

    def _held_metrics(self) -> list:
        """Metrics in attributes of the model and its layers, each once."""
        held = {id(metric): metric for layer in self._k_parts() for metric in layer._metrics}
        return list(held.values())

    @property
    def metrics_names(self) -> list[str]:
        return list(self.get_metrics_result_raw()) if self._k_compiled is not None else []

    def reset_metrics(self) -> None:
        """Set all metrics to zero."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result_raw(self) -> dict[str, Any]:
        """Name → raw result of each metric, the loss first."""
        if self._k_overrides("metrics"):
            metrics = self.metrics
        else:
            compiled = self._k_compiled
            losses = compiled.loss_metrics() if compiled is not None else []
            own = [compiled.metrics] if compiled is not None and compiled.metrics is not None else []
            metrics = [*losses, *own, *self._held_metrics()]
        results: dict[str, Any] = {}
        with dispatch.grad_mode(False):
            for metric in metrics:
                value = metric.raw_result()
                results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def get_metrics_result(self) -> dict[str, Any]:
        """Name → result of each metric, as scalar Tensors."""
        return dispatch.wrap(self.get_metrics_result_raw())

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the compiled metrics with a batch; returns all results. A subclass may do more here."""
        y, y_pred, sample_weight = tree.map_structure(raw_with_mask, (y, y_pred, sample_weight))
        with dispatch.grad_mode(False):
            self._the_step().update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss of a batch, penalties included. A subclass may compute another one.

        Called from a user's ``train_step`` it also counts for the running loss, unless that code updates it itself.
        """
        self._k_check_compiled("compute_loss()")
        value = self._loss_for_user(self._the_step().compute_loss, y, y_pred, sample_weight)
        if value is None:
            raise ValueError(NO_LOSS)
        return value

    def compiled_loss(self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
        """Keras 2's: the loss of the outputs, and of ``regularization_losses``; counts for the running loss."""
        penalties = [dispatch.raw(loss) for loss in regularization_losses or ()]

        def compute(*batch: Any) -> Any:
            loss = self._k_compiled.loss.total(*batch) if self._k_compiled.loss is not None else None
            return sum(penalties, loss) if loss is not None else sum(penalties) if penalties else None

        return self._loss_for_user(compute, y, y_pred, sample_weight)

    def _loss_for_user(self, compute: Callable, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        y, y_pred, sample_weight = tree.map_structure(raw_with_mask, (y, y_pred, sample_weight))
        with dispatch.recorded_only():
            value = compute(y, y_pred, sample_weight)
            if value is None:
                return None
        self._k_compiled.loss_tracker.note(value, next((t.shape[0] for t in tree.flatten(y_pred) if t.ndim), 1))
        return dispatch.wrap(value)

    @property
    def compiled_metrics(self) -> Any:
        """Keras 2's object with ``update_state(y, y_pred, sample_weight)``."""
        return self._k_compiled.metrics if self._k_compiled.metrics is not None else CompiledMetrics(None, None, list)

    # steps

    def train_step(self, data: Any) -> dict[str, Any]:
        """One batch of training: returns the metrics so far. A subclass may do it its own way.

        Args:
            data: what the data yields: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.
        """
        return self._k_results(self._the_step().train(*_raw_batch(data)))

    def test_step(self, data: Any) -> dict[str, Any]:
        """One batch of evaluation: returns the metrics so far."""
        return self._k_results(self._the_step().test(*_raw_batch(data)))

    def predict_step(self, data: Any) -> Any:
        """The predictions for one batch."""
        x, _, _ = _raw_batch(data)
        return dispatch.wrap(self._the_step().predict(x))

    def _k_results(self, own: dict | None) -> dict[str, Any]:
        """What a step returned, or else the metrics' results."""
        return self.get_metrics_result() if own is None else own

    def make_train_function(self, force: bool = False) -> Callable:
        """Set ``train_function``, from an iterator of batches to logs, as a training loop of one's own calls it.

        A subclass may set another one, which ``fit`` then calls for each batch.
        """
        return self._make_function("train", force)

    def make_test_function(self, force: bool = False) -> Callable:
        """Set ``test_function``, as ``make_train_function`` does for training."""
        return self._make_function("test", force)

    def make_predict_function(self, force: bool = False) -> Callable:
        """Set ``predict_function``, from an iterator of batches to predictions."""
        return self._make_function("predict", force)

    def _make_function(self, mode: str, force: bool) -> Callable:
        found = self.__dict__.get(f"{mode}_function")
        if found is None or force:
            found = self.__dict__[f"{mode}_function"] = BatchFunction(self, mode)
        return found

    def _the_step(self) -> Step:
        step = self.__dict__.get("_k_step")
        if step is None or step.compiled is not self._k_compiled:
            step = self.__dict__["_k_step"] = Step(self)
        return step

    def _k_tiers(self) -> Tiers:
        """Eager and captured training."""
        step = self._the_step()
        if step.tiers is None:
            step.tiers = Tiers(step)
        return step.tiers

    def _k_runner(
        self,
        mode: str,
        steps: int | None = None,
        batch_size: int | None = None,
        fixed: bool = False,
        divided: bool = False,
    ) -> Callable[[tuple], Any]:
        """What a batch is handed to: the library's step, or the user's ``train_step`` around which Tensors are made.

        Args:
            steps, batch_size: of training: how many steps there will be, and the size of a batch, if that is known.
            fixed: whether all steps have to be of one tier.
            divided: whether batches are parts already, where several processes compute together.
        """
        if self._k_overrides(f"make_{mode}_function"):
            getattr(self, f"make_{mode}_function")()
        function = self.__dict__.get(f"{mode}_function")
        own = None
        if function is not None and not isinstance(function, BatchFunction):
            own = users_function(function, mode)
        if together():
            settings.distribution.check_trainable()
            is_users = self._runs_users_step(mode)
            eager = own or self._k_eager_runner(mode)
            # the size of a part that is given may be another one at each step
            run = eager if is_users or divided else self._k_step_runner(mode, steps, batch_size, fixed)
            return replicas.OwnRows(run, eager, self, mode, is_users, divided)
        if own is not None:
            return own
        return self._k_step_runner(mode, steps, batch_size, fixed) if mode == "train" else self._k_eager_runner(mode)

    def _runs_users_step(self, mode: str) -> bool:
        """Whether a user's code makes the steps: an overridden ``train_step``, or a function in its place."""
        function = self.__dict__.get(f"{mode}_function")
        return self._k_overrides(f"{mode}_step") or (function is not None and not isinstance(function, BatchFunction))

    def _k_step_runner(
        self, mode: str, steps: int | None = None, batch_size: int | None = None, fixed: bool = False
    ) -> Callable[[tuple], Any]:
        if mode != "train" or self._k_overrides("train_step"):
            return self._k_eager_runner(mode)
        method = self._k_tiers().runner(steps, batch_size, fixed)
        return lambda batch: method(*batch)

    def _k_eager_runner(self, mode: str) -> Callable[[tuple], Any]:
        """The step as Python code: the library's, or the user's."""
        step = self._the_step()
        if not self._k_overrides(f"{mode}_step"):
            if mode == "predict":
                return lambda batch: step.predict(batch[0])
            method = getattr(step, mode)
            return lambda batch: method(*batch)
        user_step = getattr(self, f"{mode}_step")
        tensorflow_rule = mode != "train" or _uses_tape(type(self))

        def run(batch: tuple) -> Any:
            if mode == "train":
                self._build_optimizer()
            data = pack_x_y_sample_weight(*tree.map_structure(wrap_with_mask, batch))
            with dispatch.recorded_only() if tensorflow_rule else _recorded():
                out = user_step(data)
            if mode == "predict":
                return tree.map_structure(raw_with_mask, out)
            if out is not None and not isinstance(out, Mapping):
                raise fail(TypeError, f"{mode}_step() must return a dictionary of results", received=repr(out))
            return dict(out or {})

        return run

    def _build_optimizer(self) -> None:
        """Build the optimizer for all weights: a user's step may apply the gradients of a part of them first."""
        optimizer = self._k_compiled.optimizer
        if self.built and not optimizer.built:
            optimizer.build(self.trainable_variables)

    def forward_raw(self, x: Any, training: bool, outputs_only: bool = False) -> Any:
        """The outputs for raw inputs, as raw tensors; ``outputs_only``: without the losses given from outside."""
        network = self._k_network
        if outputs_only and network is not None:
            network = network.plain
        plain = (
            network is not None
            and not self._user_call
            and not self._k_has_hooks()
            and self.activity_regularizer is None
        )
        leaves = () if type(x) is torch.Tensor else tree.flatten(x)
        ragged = any(isinstance(t, RaggedTensor) for t in leaves)
        if plain and not ragged and not self._runs_layers():
            self._clear_losses()
            return network.run(x, training, self)
        if ragged or any(isinstance(t, (np.ndarray, SparseTensor)) for t in leaves):  # text, too: as users call layers
            with recording(), scope(training=training):
                return tree.map_structure(raw_with_mask, self(tree.map_structure(wrap_with_mask, x)))
        if self._call_spec.takes_training:
            return self(x, training=training)
        with scope(training=training):
            return self(x)

    def _k_overrides(self, name: str) -> bool:
        """Whether a subclass of the user's has its own version of a method or property of this class."""
        return getattr(type(self), name) is not getattr(Trainer, name)

    def _k_output_names(self) -> list[str] | None:
        return self.output_names if self._k_network is not None else None

    @contextmanager
    def _compiled_trainable_state(self) -> Iterator[None]:
        """Train what was trainable when ``compile`` was called: both Keras 2 and 3 say to compile again after a change."""
        compiled = self._k_compiled
        if compiled.trainable_version == structure.trainable_version or not compiled.trainable:
            yield
            return
        changed = [(layer, layer.trainable) for layer, then in compiled.trainable if then != layer.trainable]
        for layer, now in changed:
            layer._set_own_trainable(not now)
        try:
            yield
        finally:
            for layer, now in changed:
                layer._set_own_trainable(now)

    # training

    @_keeps_quiet_about_extras
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        **kwargs: Any,
    ) -> Any:
        """Train the model.

        Args:
            x, y: arrays, tensors, lists or dicts of them, pandas objects; or, as ``x`` alone, a ``tf.data.Dataset``, a
                ``PyDataset``, a torch ``DataLoader`` or a generator that yields batches.
            batch_size: samples per update; default 32.
            epochs: passes over the data; ``initial_epoch`` is the number of the first.
            verbose: 0 silent, 1 a progress bar, 2 a line per epoch.
            validation_split: fraction of the arrays' end, before shuffling, that is held out.
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)``, or a source of batches.
            shuffle: whether arrays are shuffled each epoch; "batch" shuffles whole batches.
            class_weight: class → weight. ``sample_weight``: one weight per sample (and time step).
            steps_per_epoch: batches per epoch; data that ends before begins anew.
            validation_freq: epochs between validations, or a list of epochs.

        Returns:
            A ``History``.

        Raises:
            ValueError: the model is not compiled, or the data does not fit.
        """
        if kwargs:
            epochs = kwargs.pop("nb_epoch", epochs)
            keras_2_workers("fit", x, kwargs)
        with _where_weights_are(self):
            return loop.fit(
                self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle,
                class_weight, sample_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size,
                validation_freq,
            )  # fmt: skip

    @_keeps_quiet_about_extras
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics on data: a number, a list, or a dict if ``return_dict``; arguments as of ``fit``."""
        keras_2_workers("evaluate", x, kwargs)
        with _where_weights_are(self):
            return loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict)

    @_keeps_quiet_about_extras
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> Any:
        """The outputs for data, as NumPy arrays in the structure of the outputs."""
        keras_2_workers("predict", x, kwargs)
        with _where_weights_are(self):
            found = loop.predict_at_once(self, x, batch_size, verbose, steps, callbacks)
            return loop.predict(self, x, batch_size, verbose, steps, callbacks) if found is None else found

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict | None = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """One update on one batch; returns its loss and metrics."""
        self._k_check_compiled("train_on_batch()")
        if class_weight is not None and sample_weight is not None:
            raise ValueError(
                "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. "
                f"Received: sample_weight={sample_weight}, class_weight={class_weight}"
            )
        with self._compiled_trainable_state(), _where_weights_are(self):
            batch = to_batch((x, y, sample_weight))
            if class_weight is not None:
                batch = (batch[0], batch[1], class_weights(batch[1], class_weight))
            return self._k_on_batch("train", batch, return_dict, reset_metrics)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False, reset_metrics: bool = True
    ) -> Any:
        """The loss and metrics of one batch."""
        self._k_check_compiled("test_on_batch()")
        with _where_weights_are(self):
            return self._k_on_batch("test", to_batch((x, y, sample_weight)), return_dict, reset_metrics)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays."""
        with _where_weights_are(self):
            return loop.predict_batch(self, to_batch((x,)))

    def _k_on_batch(self, mode: str, batch: tuple, return_dict: bool, reset_metrics: bool) -> Any:
        if reset_metrics:
            self.reset_metrics()
        logs = loop.step_once(self._k_runner(mode), batch)
        if together():
            logs = replicas.end_pass(self, logs, mode == "train")
        results = to_numbers(self.get_metrics_result_raw() if logs is None else logs)
        return results if return_dict else loop.flatten_results(self._k_ordered(mode, results))

    def _k_ordered(self, mode: str, results: dict[str, Any]) -> dict[str, Any]:
        """Results as lists have them: of a user's step the metrics' own first, then the others by name."""
        if not (self._k_overrides(f"{mode}_step") or self._k_overrides("compute_metrics")):
            return results
        own = [name for name in self.get_metrics_result_raw() if name in results]
        return {name: results[name] for name in (*own, *sorted(results.keys() - set(own)))}


def _raw_batch(data: Any) -> tuple:
    """What a ``train_step`` is given, as three raw parts."""
    return tuple(tree.map_structure(raw_with_mask, part) for part in unpack_x_y_sample_weight(data))


def _where_weights_are(model: Any) -> AbstractContextManager:
    """The device scope for data: a model that was made in a scope is trained there, wherever ``fit`` is called."""
    found = model.__dict__.get("_k_found_weight")
    if found is None or found.version != structure.version or found.weight is None:
        found = model.__dict__["_k_found_weight"] = _FoundWeight(model)
    if found.weight is None or (device := found.weight.stored.device) == devices.current():
        return nullcontext()
    return scope(device=device)


class _FoundWeight:
    """The first parameter of a model, as long as no structure changes; copies of the model look for theirs."""

    __slots__ = ("version", "weight")

    def __init__(self, model: Any) -> None:
        self.version = structure.version
        # not model.parameters(): users may have an attribute of that name
        self.weight = next((variable for variable in model.weights if variable._is_parameter), None)

    def __reduce__(self) -> tuple:
        return type(None), ()


@contextmanager
def _recorded() -> Iterator[None]:
    """A block under torch's rule: everything is recorded, for a loss that will be asked to go ``backward``."""
    with torch.enable_grad(), recording():
        yield


def _uses_tape(cls: type) -> bool:
    """Whether a class's ``train_step`` works with GradientTape, and so by TensorFlow's rule; else torch records."""
    code = getattr(cls.train_step, "__wrapped__", cls.train_step)
    names = getattr(getattr(code, "__code__", None), "co_names", ())
    if "backward" in names:
        return False
    return "GradientTape" in names or GradientTape.__name__ in names or "apply_gradients" in names
