"""Optimizer: the base class — gradients in, variables updated in place.

    apply(grads, variables) = clip → (weight decay) → rule → (moving averages, constraints) → count

A rule is one method, ``raw_step(params, grads, variables, learning_rate)``, that updates all parameters at once with torch's
fused or foreach kernels. Parameters, gradients and slots are in *stored* layout; what is not elementwise (clipping by one
variable's norm, constraints) sees the logical one. State is keyed by Variable, never by Parameter.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from kerasish.optimizers.schedules import LearningRateSchedule

from kerasish import initializers
from kerasish.core import dispatch, registry
from kerasish.core.context import automatic_name
from kerasish.core.dtypes import standardize
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.core.variable import Variable, Weight, live_tapes


class Optimizer:
    """Updates variables from gradients.

    Args:
        learning_rate: a number, a ``LearningRateSchedule``, or a function without arguments.
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

    Raises:
        ValueError: an unknown argument, or a value out of its range.
    """

    def __init__(
        self,
        learning_rate: Any,
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
        if kwargs.get("decay"):
            raise fail(
                ValueError,
                "decay is deprecated in the new Keras optimizer",
                received=f"decay={kwargs['decay']}",
                hint="Pass learning_rate=keras.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay).",
            )
        kwargs.pop("decay", None)
        learning_rate = kwargs.pop("lr", learning_rate)
        kwargs.pop("jit_compile", None)  # Keras 2's; the update is fused here anyway
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        if sum(clip is not None for clip in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise fail(
                ValueError,
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set",
                received=f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}",
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise fail(ValueError, "`ema_momentum` must be in the range [0, 1]", received=f"ema_momentum={ema_momentum}")
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise fail(
                ValueError,
                "`gradient_accumulation_steps` must be an integer >= 2",
                received=f"gradient_accumulation_steps={gradient_accumulation_steps}",
            )
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
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._slots: dict[str, dict[int, Variable]] = {}  # slot name -> id of a variable -> its slot
        self._no_decay: Callable[[Variable], bool] = lambda variable: False
        # Counters live on the host: reading them costs nothing, and the rules need them as numbers.
        self.iterations = self._host_variable(0, "int64", "iteration")
        self._accumulated = 0
        if isinstance(learning_rate, (LearningRateSchedule, dict)):
            if isinstance(learning_rate, dict):
                learning_rate = registry.deserialize_keras_object(learning_rate)
            self._learning_rate: Any = learning_rate
        elif callable(learning_rate) and not dispatch.is_tensor(learning_rate):
            self._learning_rate = learning_rate
        else:
            self._learning_rate = self._host_variable(_number(learning_rate), "float32", "learning_rate")

    # variables

    def _host_variable(self, value: float, dtype: str, name: str) -> Weight:
        variable = Weight(
            dispatch.wrap(torch.tensor(value, dtype=getattr(torch, dtype))), dtype=dtype, trainable=False, name=name
        )
        variable._slots[variable._key] = variable.stored.cpu()
        variable._path = f"{self.name}/{name}"
        self._variables.append(variable)
        return variable

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Weight:
        """A variable of the optimizer's own."""
        shape, dtype = standardize_shape(shape), standardize(dtype)
        value = initializers.make(initializers.get(initializer), shape, dtype)
        variable = Weight(dispatch.wrap(value), dtype=dtype, trainable=False, aggregation=aggregation, name=name)
        variable._path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Weight:
        """A variable with the shape, dtype and layout of another one: its slot."""
        stored = reference_variable.stored
        if initializer == "zeros":
            value = torch.zeros_like(stored, requires_grad=False)
        else:
            made = initializers.make(
                initializers.get(initializer), tuple(reference_variable.shape), reference_variable.dtype.name
            )
            layout = reference_variable._layout
            value = torch.empty_like(stored, requires_grad=False).copy_(layout.to_stored(made) if layout else made)
        slot = Weight(dispatch.wrap(torch.zeros(())), trainable=False, name=name or "slot")
        slot._layout = reference_variable._layout
        slot._install(value)
        owner = reference_variable.path.replace("/", "_")
        slot._path = f"{self.name}/{owner}_{name}" if name else f"{self.name}/{owner}"
        self._variables.append(slot)
        return slot

    def add_slots(self, variables: Iterable[Variable], name: str, initializer: Any = "zeros") -> None:
        """A slot called ``name`` for each of the variables; ``slots(name, variables)`` gets them."""
        table = self._slots.setdefault(name, {})
        for variable in variables:
            table[id(variable)] = self.add_variable_from_reference(variable, name, initializer)

    def slots(self, name: str, variables: list[Variable]) -> list[torch.Tensor]:
        """The raw slot tensors of some variables, to be updated in place."""
        table = self._slots[name]
        found = [table[id(variable)] for variable in variables]
        for slot in found:
            if slot._shared:
                slot.make_writable()
        return [slot.stored for slot in found]

    @property
    def variables(self) -> list[Variable]:
        """The state: the iteration count, the learning rate and the slots."""
        return list(self._variables)

    def build(self, variables: list[Variable]) -> None:
        """Create the state for these variables; rules add their slots after calling this."""
        if self.use_ema:
            self.add_slots(variables, "average", "zeros")
            for variable in variables:
                self._slots["average"][id(variable)].stored.copy_(variable.stored.detach())
        if self.gradient_accumulation_steps:
            self.add_slots(variables, "gradient_accumulator")
        self._trainable_variables = list(variables)
        self.built = True

    # the learning rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate variable; with a schedule, its value for the next step."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self.iterations.snapshot()) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule) or (callable(value) and not dispatch.is_tensor(value)):
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(value)
        else:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. If you need the learning rate to be settable, you "
                "should instantiate the optimizer with a float `learning_rate` argument."
            )

    lr = learning_rate

    def rate(self) -> float:
        """The learning rate of the next step, as a number."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate.stored.item()
        return float(self.learning_rate)

    # the update

    def apply_gradients(self, grads_and_vars: Any, name: str | None = None, **kwargs: Any) -> Any:
        """Update variables from pairs ``(gradient, variable)``."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise fail(ValueError, "No gradients provided for any variable")
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def minimize(self, loss: Callable, var_list: Any, tape: Any = None) -> Any:
        """Take the gradients of ``loss`` (a function, or a tensor and the tape that recorded it) and apply them."""
        if tape is None:
            from kerasish.core.autodiff import GradientTape

            with GradientTape() as tape:
                loss = loss()
        variables = list(var_list() if callable(var_list) else var_list)
        return self.apply_gradients(zip(tape.gradient(loss, variables), variables))

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Update variables from gradients in their order; a gradient of ``None`` leaves its variable alone.

        Raises:
            ValueError: a variable that the optimizer was not built for, or no gradient at all.
        """
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        if len(grads) != len(variables):
            raise fail(ValueError, "Gradients and variables must be of equal number", len(variables), len(grads))
        pairs = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if len(pairs) < len(variables):
            _warn_missing([v for g, v in zip(grads, variables) if g is None])
        if not self.built:
            self.build(variables)
        self._check_known(variables)
        raw_grads = []
        for g, v in pairs:
            t = dispatch.raw(g)
            raw_grads.append(v._layout.to_stored(t) if v._layout is not None else t)
        with torch.no_grad():
            self.raw_apply(raw_grads, [v for _, v in pairs])

    def _check_known(self, variables: list[Variable]) -> None:
        known = {id(v) for v in self._trainable_variables}
        for variable in variables:
            if id(variable) not in known:
                raise ValueError(
                    f"Unknown variable: {variable}. This optimizer can only be called for the variables it was "
                    f"originally built with. When working with a new set of variables, you should recreate a new "
                    f"optimizer instance."
                )

    def raw_apply(self, grads: list[torch.Tensor], variables: list[Variable]) -> None:
        """Update from raw gradients in stored layout. The step of a training loop; call it without recording."""
        if live_tapes or any(v._shared for v in variables):
            for variable in variables:
                variable.make_writable()
        params = [v.stored for v in variables]
        grads = [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in zip(grads, params)]
        if self.loss_scale_factor is not None:
            grads = list(torch._foreach_div(grads, self.loss_scale_factor))
        if self.gradient_accumulation_steps:
            grads = self._accumulate(grads, variables)
            if grads is None:
                self.iterations.stored.add_(1)
                return
        grads = self._clip(grads, variables)
        rate = self.rate()
        if self.weight_decay is not None:
            self._decay(params, variables, rate)
        self.raw_step(params, grads, variables, rate)
        if self.use_ema:
            self._average(params, variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.write(dispatch.raw(variable.constraint(variable.logical.detach())))
        self.iterations.stored.add_(1)

    def raw_step(
        self, params: list[torch.Tensor], grads: list[torch.Tensor], variables: list[Variable], learning_rate: float
    ) -> None:
        """The rule: update ``params`` in place. By default through ``update_step``, one variable after another."""
        if type(self).update_step is Optimizer.update_step:
            raise NotImplementedError(f"Optimizer {type(self).__name__} does not define `update_step`.")
        rate = dispatch.wrap(torch.tensor(learning_rate))
        for grad, variable in zip(grads, variables):
            logical = variable._layout.to_logical(grad) if variable._layout else grad
            self.update_step(dispatch.wrap(logical), variable, rate)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable; what a user's optimizer defines."""
        raise NotImplementedError(
            f"Optimizer {type(self).__name__} updates all variables at once; call apply_gradients()."
        )

    @property
    def step(self) -> int:
        """Which step the next one is, from 1; with accumulation, counted in updates."""
        done = int(self.iterations.stored)
        return done // (self.gradient_accumulation_steps or 1) + 1

    def _accumulate(self, grads: list, variables: list[Variable]) -> list | None:
        """Sum up gradients; the mean when enough steps have been seen, else None."""
        sums = self.slots("gradient_accumulator", variables)
        torch._foreach_add_(sums, grads)
        steps = self.gradient_accumulation_steps
        if (int(self.iterations.stored) + 1) % steps:
            return None
        means = list(torch._foreach_div(sums, float(steps)))
        torch._foreach_zero_(sums)
        return means

    def _clip(self, grads: list[torch.Tensor], variables: list[Variable]) -> list[torch.Tensor]:
        if self.clipnorm is not None and self.clipnorm > 0:
            norms = torch._foreach_norm(grads)
            return [g * (self.clipnorm / torch.clamp(n, min=self.clipnorm)) for g, n in zip(grads, norms)]
        if self.global_clipnorm is not None and self.global_clipnorm > 0:
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
            return list(torch._foreach_mul(grads, self.global_clipnorm / torch.clamp(norm, min=self.global_clipnorm)))
        if self.clipvalue is not None and self.clipvalue > 0:
            return [g.clamp(-self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def _decay(self, params: list[torch.Tensor], variables: list[Variable], rate: float) -> None:
        decayed = [p for p, v in zip(params, variables) if not self._no_decay(v)]
        if decayed:
            torch._foreach_mul_(decayed, 1.0 - rate * self.weight_decay)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: list[str] | None = None) -> None:
        """Name variables that weight decay leaves alone: themselves, or patterns that their paths contain.

        Raises:
            ValueError: the optimizer is built already.
        """
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        ids = {id(v) for v in var_list or ()}
        patterns = [re.compile(name) for name in var_names or ()]
        self._no_decay = lambda v: id(v) in ids or any(pattern.search(v.path) for pattern in patterns)

    def _average(self, params: list[torch.Tensor], variables: list[Variable]) -> None:
        averages = self.slots("average", variables)
        # at the first step there is nothing to average with yet
        momentum = self.ema_momentum if int(self.iterations.stored) else 0.0
        torch._foreach_lerp_(averages, params, 1.0 - momentum)
        frequency = self.ema_overwrite_frequency
        if frequency and (int(self.iterations.stored) + 1) % frequency == 0:
            torch._foreach_copy_(params, averages)

    def finalize_variable_values(self, var_list: list[Variable]) -> None:
        """At the end of training: set the variables to their moving averages, if those are kept."""
        if self.use_ema:
            for variable in var_list:
                variable.write(self._slots["average"][id(variable)].logical)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times ``loss_scale_factor``, for gradients that float16 would lose."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def assign(self, variable: Variable, value: Any) -> None:
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        variable.assign_sub(value)

    # state in files

    def get_weights(self) -> list[np.ndarray]:
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: list) -> None:
        """Set the state from arrays, in the order of ``variables``.

        Raises:
            ValueError: the optimizer is not built, or an array does not fit.
        """
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling `set_weights()`."
            )
        for variable, value in zip(self._variables, weights):
            if tuple(variable.shape) != tuple(np.shape(value)):
                raise fail(
                    ValueError, f"Optimizer variable {variable.path}", f"shape {tuple(variable.shape)}", np.shape(value)
                )
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        if len(store) != len(self._variables):
            names = ", ".join(v.path for v in self._variables)
            raise fail(
                ValueError,
                f"The optimizer '{self.name}' does not fit the stored state",
                f"{len(self._variables)} variables ({names})",
                f"{len(store)} stored",
            )
        for i, variable in enumerate(self._variables):
            variable.assign(store[str(i)])

    def get_config(self) -> dict:
        """The arguments that ``from_config`` makes an equal optimizer from; not its state."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            rate = float(rate.numpy())
        elif isinstance(rate, LearningRateSchedule):
            rate = registry.serialize_keras_object(rate)
        config = {"name": self.name, "learning_rate": rate}
        for cls in (Optimizer, next(cls for cls in type(self).__mro__ if registry.is_builtin(cls))):
            for key, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:
                if key not in config and parameter.kind is not parameter.VAR_KEYWORD:
                    config[key] = getattr(self, key)
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = registry.deserialize_keras_object(config["learning_rate"], custom_objects)
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _number(value: Any) -> float:
    if dispatch.is_tensor(value):
        value = dispatch.raw(value).item()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise fail(
            ValueError,
            "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable",
            received=f"learning_rate={value!r}",
        )
    return float(value)


def _warn_missing(variables: list[Variable]) -> None:
    import warnings

    warnings.warn(
        f"Gradients do not exist for variables {[v.path for v in variables]} when minimizing the loss. "
        "If you're using `model.compile()`, did you forget to provide a `loss` argument?",
        stacklevel=4,
    )


