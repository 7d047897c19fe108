"""Optimizer: the base class — gradients in, variables updated in place.

    apply(grads, variables) = unscale → (accumulate) → clip → (weight decay) → rule → (moving averages, constraints) → count

A step has two sides. The host's decides what kind of step it is (``phase``) and computes the numbers that change from step
to step (``step_values``); the device's (``device_step``) takes these numbers as Python floats or as 0-d tensors, so that it
may stand in a captured graph. A rule is one method, ``update(params, grads, variables, *numbers)``, that updates all
parameters at once with torch's fused or foreach kernels. Parameters, gradients and slots are in *stored* layout; what is not
elementwise (clipping by one variable's norm, constraints) sees the logical one. State is keyed by Variable, never by
Parameter (see ``state``).
Nothing is read back from the device.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import torch

from kerasish import constraints
from kerasish.core import dispatch, divided, registry
from kerasish.core.autodiff import GradientTape
from kerasish.core.context import automatic_name, local, scope
from kerasish.core.device import end_update, step_numbers
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.storage import cast_raw
from kerasish.core.variable import Variable, live_tapes
from kerasish.optimizers.keras_2 import Keras2Optimizer, takes_rate
from kerasish.optimizers.schedules import single

_KERAS_2_ONLY = ("jit_compile", "is_legacy_optimizer")  # in its configs; they choose how, not what, is computed


class Optimizer(Keras2Optimizer):
    """Updates variables from gradients.

    Args:
        learning_rate: a number, a ``LearningRateSchedule``, or a function without arguments. In classes written for Keras 2
            the name stands here (see ``keras_2``).
        weight_decay: variables shrink by ``variable * weight_decay * learning_rate`` at each step.
        clipnorm: largest norm of each variable's gradient.
        clipvalue: largest magnitude of each element of a gradient.
        global_clipnorm: largest norm of all gradients together.
        use_ema: whether a moving average of each variable is kept.
        ema_momentum: of that average.
        ema_overwrite_frequency: after so many steps, variables are set to their averages.
        loss_scale_factor: ``scale_loss`` multiplies by it, ``apply`` divides gradients by it.
        gradient_accumulation_steps: gradients are averaged over so many steps before one update.
        name: default: from the class's name.
        lr, decay: Keras 2's: the learning rate, and its decay: ``learning_rate / (1 + decay * iterations)``.

    Raises:
        ValueError: an unknown argument, or a value out of its range.
        TypeError: no learning rate.
    """

    _k_elementwise = True  # whether a rule updates each element of a variable by itself

    def __init__(
        self,
        learning_rate: Any = None,  # required of classes for Keras 3
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        learning_rate = kwargs.pop("lr", learning_rate)
        if type(self) is Optimizer or not registry.is_builtin(type(self)):
            if isinstance(learning_rate, str):  # the first argument of Keras 2's base class
                learning_rate, name = None, learning_rate
            if learning_rate is None and name is None:
                raise TypeError(f"{type(self).__name__} is made without its first argument, 'learning_rate'")
            if learning_rate is None:
                learning_rate = 0.0  # until the class sets it
        if isinstance(weight_decay, str) and name is None:  # Keras 2's legacy classes end with a name there
            weight_decay, name = None, weight_decay
        self.decay = float(kwargs.pop("decay", 0.0) or 0.0)
        unknown = {key: value for key, value in kwargs.items() if key not in _KERAS_2_ONLY}
        if unknown:
            raise ValueError(f"Argument(s) not recognized: {unknown}")
        if name is not None and not isinstance(name, str):
            raise fail(ValueError, "Argument `name` must be a string", received=f"name={name!r} of type {type(name)}")
        self.name = name or automatic_name(type(self))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.built = False
        self._k_updated: list[Variable] = []  # the trainable variables that rules update
        self._k_undecayed: tuple[list[Variable], list[re.Pattern]] = ([], [])
        self._k_begin(learning_rate)

    def _check_arguments(self) -> None:
        clips = (self.clipnorm, self.clipvalue, self.global_clipnorm)
        if sum(clip is not None for clip in clips) > 1:
            raise fail(
                ValueError,
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set",
                received=f"clipnorm={clips[0]}, clipvalue={clips[1]}, global_clipnorm={clips[2]}",
            )
        momentum, frequency = self.ema_momentum, self.ema_overwrite_frequency
        if self.use_ema and not 0 <= momentum <= 1:
            raise fail(ValueError, "`ema_momentum` must be in the range [0, 1]", received=f"ema_momentum={momentum}")
        if self.use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
            raise fail(
                ValueError,
                "`ema_overwrite_frequency` must be an integer >= 1 or None",
                received=f"ema_overwrite_frequency={frequency}",
            )
        steps = self.gradient_accumulation_steps
        if steps and (not isinstance(steps, int) or steps < 2):
            raise fail(
                ValueError,
                "`gradient_accumulation_steps` must be an integer >= 2",
                received=f"gradient_accumulation_steps={steps}",
            )

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the state for these variables; rules add their slots after calling this."""
        if self.built:
            return
        if local.function is not None:
            local.function.check_may_make()
        self._trainable_variables = list(variables)
        self._k_updated = [v for v in self._trainable_variables if not v.overwrite_with_gradient]
        self._k_index()
        if self.use_ema:
            self.add_optimizer_variables(self._k_updated, "average")
        if self.gradient_accumulation_steps:
            self.add_optimizer_variables(self._k_updated, "gradient_accumulator")
        self.built = True
        if self.is_keras_2:
            self._begin_keras_2(self._k_updated)

    # the update

    def apply_gradients(
        self,
        grads_and_vars: Iterable,
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
        experimental_aggregate_gradients: bool = True,
    ) -> Any:
        """Update variables from pairs ``(gradient, variable)``; returns ``iterations``.

        Args:
            name: Keras 2's; there is nothing to name.
            skip_gradients_aggregation, experimental_aggregate_gradients: Keras 2's; whether the gradients of a strategy's
                replicas are applied unsummed.

        Raises:
            ValueError: no pairs.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        summed = experimental_aggregate_gradients and not skip_gradients_aggregation
        alone = local.share is None and not local.strategies
        with nullcontext() if summed or alone else scope(strategies=(), share=None):
            self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def compute_gradients(self, loss: Any, var_list: Any, tape: GradientTape | None = None) -> list[tuple]:
        """Pairs ``(gradient, variable)`` of a loss: a function, or a tensor and the tape that recorded it."""
        if tape is None:
            if not callable(loss):
                raise fail(ValueError, "`tape` is required when a `Tensor` loss is passed", received=f"loss={loss}")
            tape = GradientTape()
        if callable(loss):
            with tape:
                loss = loss()
        variables = list(var_list() if callable(var_list) else var_list)
        return list(zip(tape.gradient(loss, variables), variables))

    def minimize(self, loss: Any, var_list: Any, tape: GradientTape | None = None) -> Any:
        """Take the gradients of ``loss`` as ``compute_gradients`` does, and apply them."""
        return self.apply_gradients(self.compute_gradients(loss, var_list, tape))

    def apply(self, grads: Iterable, trainable_variables: Iterable[Variable] | None = None) -> None:
        """Update variables from gradients in their order; a gradient of ``None`` leaves its variable alone.

        Raises:
            ValueError: a variable that the optimizer was not built for, or no gradient at all.
            InvalidArgumentError: a gradient of another shape than its variable.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        if local.share is not None or (local.strategies and local.strategies[-1][1] is not None):
            grads = self._added_up(grads, variables)
        pairs = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if local.tracing:  # a run without values
            return
        if len(pairs) < len(variables):
            _warn_missing([v for g, v in zip(grads, variables) if g is None])
        with torch.no_grad():
            self.raw_apply([_stored_gradient(g, v) for g, v in pairs], [v for _, v in pairs])
        end_update(pairs[0][1].stored.device)

    def _added_up(self, grads: list, variables: list[Variable]) -> list:
        """The gradients of all processes: in a ``train_step``, or in a replica of ``tf.distribute``."""
        if local.share is None and local.strategies[-1][0].num_replicas_in_sync == 1:
            return grads
        return divided.add_up_gradients([None if g is None else dispatch.raw(g) for g in grads], variables)

    def _variables_for(self, grads: list, trainable_variables: Iterable[Variable] | None) -> list[Variable]:
        if trainable_variables is None and not self.built:
            raise ValueError(
                "When passing `grads` without `variables`, the optimizer must already be built on a list of variables. "
                "Call `optimizer.build(trainable_variables)` first."
            )
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        if len(grads) != len(variables):
            raise fail(
                ValueError, "Gradients and variables must match one to one", f"{len(variables)} gradients", len(grads)
            )
        self.build(variables)
        self._check_known(variables)
        return variables

    def stateless_apply(self, optimizer_variables: list, grads: list, trainable_variables: list) -> tuple[list, list]:
        """``apply`` as a function of values: nothing is updated.

        Args:
            optimizer_variables: values for ``optimizer.variables``.
            trainable_variables: values for the variables that the optimizer was built for.

        Returns:
            The new values of the trainable variables and of the optimizer's.

        Raises:
            ValueError: the optimizer is not built, or the values are not as many as the variables.
        """
        if not self.built:
            raise fail(
                ValueError,
                f"To call `stateless_apply`, {type(self).__name__} must be built",
                hint="You can build it via `optimizer.build(trainable_variables)`.",
            )
        own, trained = self.variables, self._trainable_variables
        for values, expected, what in (
            (optimizer_variables, own, "optimizer_variables"),
            (trainable_variables, trained, "trainable_variables"),
        ):
            if len(values) != len(expected):
                raise fail(ValueError, f"Argument `{what}`", f"{len(expected)} values", f"{len(values)} values")
        state = [*own, *trained]
        before = [v.snapshot() for v in state]
        given = [dispatch.raw(value) for value in (*optimizer_variables, *trainable_variables)]
        try:
            for variable, value in zip(state, given):
                variable.assign(value)
            self.apply(grads, trained)
            after = [v.snapshot() for v in state]
        finally:
            for variable, value in zip(state, before):
                variable.assign(value)
        return after[len(own) :], after[: len(own)]

    def raw_apply(self, grads: list[torch.Tensor], variables: list[Variable]) -> None:
        """Update from raw gradients in stored layout. The step of a training loop; call it without recording."""
        self.prepare_writes(variables)
        phase = self._k_phase()
        values = step_numbers(self.step_values(phase), grads[0].device)
        if divided.in_use:
            self._divided_step(grads, variables, phase, values)
        else:
            self.device_step(grads, variables, phase, values)
        self._k_advance(phase)

    def _divided_step(self, grads: list[torch.Tensor], variables: list[Variable], phase: tuple, values: tuple) -> None:
        """A step where processes store parts of variables: on these, or on the whole if the rule has to see that."""
        elementwise = self._k_elementwise and not self._updates_one_by_one
        by_parts = elementwise and all(v.constraint is None for v in variables)
        view = divided.parts if by_parts else divided.wholes
        with view([*variables, *self._k_updated, *self.variables], grads) as given:
            self.device_step(given, variables, phase, values)

    # the host's side of a step

    def prepare_writes(self, variables: list[Variable]) -> None:
        """Leave the old storage to those who read it."""
        if live_tapes or any(v._shared for v in variables):
            for variable in variables:
                variable.make_writable()

    def _k_phase(self) -> tuple:
        """What kind of step the next one is: whether variables are updated, and whether averages overwrite them."""
        every, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        updates = not every or (self._k_count() + 1) % every == 0
        return updates, bool(self.use_ema and frequency) and self._k_this_step % frequency == 0

    def step_values(self, phase: tuple) -> tuple[float, ...]:
        """The numbers of the next step: amounts of weight decay, the averages' weight, what the rule needs."""
        average = ()
        if self.use_ema:  # before the first update there is nothing to average with
            average = (1.0 - self.ema_momentum if self._k_this_step > 1 else 1.0,)
        if not phase[0]:
            return average
        rate = self._k_rate()
        return (*(rate * decay for decay in self._k_decays()), *average, *self._k_numbers(rate, self._k_this_step))

    def _k_decays(self) -> tuple[float, ...]:
        """The rates of weight decay, one for each group of variables."""
        return () if self.weight_decay is None else (single(self.weight_decay),)

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        """What the rule needs that changes from step to step; ``step`` counts updates from 1."""
        return (learning_rate,)

    def _k_advance(self, phase: tuple) -> None:
        """Count the step that was made."""
        self._iterations.make_writable()
        self._iterations.stored.add_(1)

    # the device's side

    def device_step(self, grads: list[torch.Tensor], variables: list[Variable], phase: tuple, values: tuple) -> None:
        """A step of this kind with these numbers."""
        if len(self._k_updated) < len(self._trainable_variables):
            grads, variables = self._k_overwrite(grads, variables)
        params = [v.stored for v in variables]
        # the fused kernels take the elements as they lie in memory
        grads = [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in zip(grads, params)]
        updates, overwrites = phase
        decays = len(self._k_decays()) if updates else 0
        if self.loss_scale_factor is not None:
            grads = list(torch._foreach_div(grads, self.loss_scale_factor))
        if self.gradient_accumulation_steps:
            grads = self._k_accumulate(grads, variables, updates)
        if grads:
            grads = self._k_clip(grads, variables)
            self._k_shrink(params, variables, values[:decays])
            self._k_step(params, grads, variables, values[decays + bool(self.use_ema) :])
        if self.use_ema:
            self._k_average(values[decays], overwrites)
        for variable in variables:
            if variable.constraint is not None:
                value = variable.logical.detach().clone()  # the constraint may keep or return what it is given
                variable.write(constraints.raw(variable.constraint)(value))

    def _k_overwrite(self, grads: list, variables: list[Variable]) -> tuple[list, list[Variable]]:
        """Variables that take their "gradient" as their value, such as scales of float8 layers; the others are left."""
        left: list[tuple] = []
        for grad, variable in zip(grads, variables):
            if variable.overwrite_with_gradient:
                variable.stored.copy_(grad)
            else:
                left.append((grad, variable))
        return [g for g, _ in left], [v for _, v in left]

    def _k_step(self, params: list, grads: list, variables: list[Variable], numbers: tuple) -> None:
        if not self._updates_one_by_one:
            self.update(params, grads, variables, *numbers)
            return
        if self.is_keras_2:
            self._apply_keras_2(grads, variables)
            return
        given = (dispatch.wrap(torch.tensor(numbers[0])),) if takes_rate(type(self).update_step) else ()
        with scope(recording=0, tapes=()):
            for grad, variable in zip(grads, variables):
                logical = variable._layout.to_logical(grad) if variable._layout is not None else grad
                self.update_step(dispatch.wrap(logical), variable, *given)

    def update(self, params: list, grads: list, variables: list[Variable], *numbers: Any) -> None:
        """The rule: update ``params``, which are those of ``variables``, and their slots in place."""
        raise NotImplementedError(f"Optimizer {type(self).__name__} does not define `update_step`.")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable; what a user's optimizer defines. Here: the rule, for this variable alone."""
        variable.make_writable()
        grad = torch.empty_like(variable.stored).copy_(_stored_gradient(gradient, variable))
        with torch.no_grad():
            numbers = step_numbers(self._k_numbers(float(learning_rate), self._k_this_step), grad.device)
            self.update([variable.stored], [grad], [variable], *numbers)

    def _k_accumulate(self, grads: list, variables: list[Variable], updates: bool) -> list[torch.Tensor]:
        """Sum gradients up; their means if this is the last step before an update, else nothing."""
        steps = self.gradient_accumulation_steps
        sums = self.slots("gradient_accumulator", variables)
        torch._foreach_add_(sums, grads)
        if not updates:
            return []
        means = torch._foreach_div(sums, float(steps))
        torch._foreach_zero_(self.slots("gradient_accumulator", self._k_updated))
        return list(means)

    def _k_clip(self, grads: list[torch.Tensor], variables: list[Variable]) -> list[torch.Tensor]:
        if self.clipnorm is not None and self.clipnorm > 0:
            excess = divided.norms(grads, variables)
            torch._foreach_div_(excess, self.clipnorm)
            torch._foreach_clamp_min_(excess, 1.0)
            return list(torch._foreach_div(grads, excess))
        if self.global_clipnorm is not None and self.global_clipnorm > 0:
            norm = torch.linalg.vector_norm(torch.stack(divided.norms(grads, variables)))
            excess = (norm / self.global_clipnorm).clamp_min(1.0)
            return list(torch._foreach_div(grads, excess + 0.0 * norm))  # an infinite norm makes all gradients NaN
        if self.clipvalue is not None and self.clipvalue > 0:
            return [g.clamp(-self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def _k_shrink(self, params: list[torch.Tensor], variables: list[Variable], amounts: tuple) -> None:
        """Weight decay, one amount for each rate of ``_k_decays``."""
        for amount in amounts:
            self._shrink_by(amount, params, variables)

    def _shrink_by(self, factor: Any, params: list[torch.Tensor], variables: list[Variable]) -> None:
        """``params -= params * factor``."""
        kept, patterns = self._k_undecayed
        if kept or patterns:
            params = [p for p, v in zip(params, variables) if not _named(v, kept, patterns)]
        if params:
            # not params *= 1 - factor: the difference would be rounded to float32
            torch._foreach_sub_(params, torch._foreach_mul(params, factor))

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Name variables that weight decay leaves alone: themselves, or patterns found in their paths."""
        self._k_undecayed = (list(var_list or ()), [re.compile(name) for name in var_names or ()])

    def _k_average(self, weight: Any, overwrites: bool) -> None:
        """Move the averages of all trainable variables, updated now or not; let them overwrite the variables."""
        variables = self._k_updated
        averages, params = self.slots("average", variables), [v.stored for v in variables]
        if isinstance(weight, torch.Tensor):
            for average, param in zip(averages, params):
                average.lerp_(param, weight.to(param.dtype))
        else:
            torch._foreach_lerp_(averages, params, weight)
        if overwrites:
            self.prepare_writes(variables)
            torch._foreach_copy_([v.stored for v in variables], averages)

    def averages(self) -> list[tuple[Variable, Variable]]:
        """The variables that have moving averages, with those."""
        slots = self._k_slots.get("average", {})
        return [(v, slots[i]) for i, v in enumerate(self._trainable_variables) if i in slots]

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """At the end of training: set the variables to their moving averages, if those are kept."""
        averages = self._k_slots.get("average", {})
        for variable in var_list:
            average = averages.get(self._index_dict.get(id(variable), -1))
            if average is not None:
                variable.write(average.logical)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times ``loss_scale_factor``, for gradients that float16 would lose."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    @property
    def has_own_apply(self) -> bool:
        """Whether a user's class handles whole updates itself: then training calls ``apply_gradients``, not ``raw_apply``."""
        cls = type(self)
        return cls.apply is not Optimizer.apply or cls.apply_gradients is not Optimizer.apply_gradients

    @property
    def capturable(self) -> bool:
        """Whether ``device_step`` may be traced into a graph."""
        return not self.has_own_apply and not self._updates_one_by_one

    @property
    def _updates_one_by_one(self) -> bool:
        """Whether a user's class has a rule for one variable."""
        return type(self).update_step is not Optimizer.update_step or self.is_keras_2

    def assign(self, variable: Variable, value: Any) -> None:
        """``variable = value``, for users' ``update_step``."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """``variable += value``."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """``variable -= value``."""
        variable.assign_sub(value)

    def get_config(self) -> dict:
        """The arguments that ``from_config`` makes an equal optimizer from; not its state."""
        builtin = next(cls for cls in type(self).__mro__ if registry.is_builtin(cls))
        if self.is_keras_2 and builtin is Optimizer:  # the class adds its hyperparameters
            clips = {key: getattr(self, key) for key in ("clipnorm", "clipvalue", "global_clipnorm")}
            return {"name": self.name, **{key: value for key, value in clips.items() if value is not None}}
        rate = self._learning_rate
        if isinstance(rate, Variable):
            rate = float(rate.numpy())
        else:
            rate = registry.serialize_keras_object(rate)
        config = {"name": self.name, "learning_rate": rate}
        if self.decay:
            config["decay"] = self.decay
        config.update({key: getattr(self, key) for key in ("weight_decay", "clipnorm", "global_clipnorm")})
        for cls in (Optimizer, builtin):
            for key, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:
                if key not in config and parameter.kind is not parameter.VAR_KEYWORD:
                    config[key] = getattr(self, key)
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """An optimizer from what ``get_config`` gave."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = registry.deserialize_keras_object(config["learning_rate"], custom_objects)
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _stored_gradient(gradient: Any, variable: Variable) -> torch.Tensor:
    """A user's gradient as the update wants it: dtype, device and layout of the variable."""
    t, stored = dispatch.raw(gradient), variable.stored
    if t.shape != variable.shape:
        shapes = [str(list(shape)).replace(" ", "") for shape in (variable.shape, t.shape)]
        raise InvalidArgumentError(
            f"Cannot update variable with shape {shapes[0]} using a Tensor with shape {shapes[1]}, shapes must be equal "
            f"(variable '{variable.path}')."
        )
    t = cast_raw(t, stored.dtype).to(stored.device)
    return variable._layout.to_stored(t) if variable._layout is not None else t


def _named(variable: Variable, variables: list[Variable], patterns: list[re.Pattern]) -> bool:
    return any(variable is v for v in variables) or any(pattern.search(variable.path) for pattern in patterns)


def _warn_missing(variables: list[Variable]) -> None:
    warnings.warn(
        f"Gradients do not exist for variables {[v.path for v in variables]} when minimizing the loss. "
        "If using `model.compile()`, did you forget to provide a `loss` argument?",
        stacklevel=4,
    )
