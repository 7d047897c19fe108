"""What an optimizer remembers: its variables and slots, the iteration count and the learning rate; reading and writing them.

The iteration count and the learning rate live on the host: reading them costs nothing, and the rules need them as numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from kerasish import initializers
from kerasish.core import deferred, dispatch, registry, tree
from kerasish.core.context import current_path, scope, settings
from kerasish.core.device import zeros_like
from kerasish.core.dtypes import standardize
from kerasish.core.errors import fail
from kerasish.core.initial_value import Fresh
from kerasish.core.shape import standardize_shape
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable, Weight
from kerasish.optimizers.schedules import LearningRateSchedule

_HOST = torch.device("cpu")
_INTERNAL = frozenset(
    ("_variables", "_k_hosted", "_trainable_variables", "_k_updated", "_k_undecayed", "_k_slots", "_index_dict")
)


class CallableList(list):
    """A list that may also be called: ``optimizer.variables`` is a method in older TensorFlow code."""

    def __call__(self) -> list:
        return self


class OptimizerState:
    """The part of an optimizer that keeps variables. Slots are keyed by the variable they belong to."""

    name: str
    built: bool
    decay: float
    gradient_accumulation_steps: int | None

    def _k_begin(self, learning_rate: Any) -> None:
        self._variables: list[Variable] = []
        self._k_hosted: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index_dict: dict[int, int] = {}  # id of a trainable variable -> its position
        self._k_slots: dict[str, dict[int, Variable]] = {}  # name -> position of a trainable variable -> its slot
        self._hyper: dict[str, Any] = {}  # of classes in Keras 2's style
        self._k_nested: list[OptimizerState] = []  # optimizers of theirs that work for this one
        self._iterations = self._host_variable(0, "int64", "iteration")
        if isinstance(learning_rate, dict):
            learning_rate = registry.deserialize_keras_object(learning_rate)
        if _changes(learning_rate):
            self._learning_rate: Any = learning_rate
        else:
            self._learning_rate = self._host_variable(_number(learning_rate), settings.floatx, "learning_rate")

    # copies: positions are looked up by identity, which a copy does not share

    def __getstate__(self) -> dict:
        return {key: value for key, value in self.__dict__.items() if key != "_index_dict"}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._k_index()

    def _k_index(self) -> None:
        self._index_dict = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def _get_variable_index(self, variable: Variable) -> int:
        """Its position among the variables that the optimizer was built for: users' optimizers index their slots by it."""
        return self._index_dict[id(variable)]

    # variables

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name not in _INTERNAL:  # variables that a user's optimizer keeps as attributes are state too
            for leaf in tree.flatten(value):
                if isinstance(leaf, Variable):
                    self._k_track(leaf)

    def _k_track(self, variable: Variable) -> None:
        if not any(variable is known for known in self._variables):
            self._variables.append(variable)
            if deferred.pending:
                deferred.note(self)

    def _host_variable(self, value: float, dtype: str, name: str) -> Weight:
        with scope(device=_HOST):
            variable = Weight(value, dtype=dtype, trainable=False, name=name)
        variable._path = current_path(self.name, name)
        self._k_hosted.append(variable)
        self._k_track(variable)
        return variable

    @property
    def host_variables(self) -> list[Variable]:
        """The part of the state that lives on the host and that no step of the device's touches."""
        return list(self._k_hosted)

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Weight:
        """A variable of the optimizer's own.

        Raises:
            NotImplementedError: ``layout`` is given.
        """
        if layout is not None:
            raise fail(NotImplementedError, "Optimizer.add_variable(layout=...) is not served yet", received=layout)
        shape, dtype = standardize_shape(shape), standardize(dtype)
        value = initializers.make(initializers.get(initializer), shape, dtype)
        variable = Weight(Fresh(value), dtype=dtype, trainable=False, aggregation=aggregation, name=name)
        variable._path = current_path(self.name, variable.name)
        self._k_track(variable)
        return variable

    def add_variable_from_reference(
        self,
        reference_variable: Variable | None = None,
        name: str | None = None,
        initializer: Any = "zeros",
        model_variable: Variable | None = None,
        variable_name: str | None = None,
        shape: Any = None,
        initial_value: Any = None,
    ) -> Weight:
        """A variable with the shape, dtype and layout of another one: its slot.

        Args:
            model_variable, variable_name, shape, initial_value: Keras 2's; slots of another shape have no layout.
        """
        reference_variable = model_variable if reference_variable is None else reference_variable
        name = name or variable_name
        value, layout = zeros_like(reference_variable.stored), reference_variable._layout
        sizes = tuple(reference_variable.shape) if shape is None else tuple(shape)
        made = None
        if initial_value is not None:
            made = convert(initial_value, reference_variable.dtype)._t
        elif initializer != "zeros" or sizes != tuple(reference_variable.shape):
            made = initializers.make(initializers.get(initializer), sizes, reference_variable.dtype.name)
        if made is not None and made.shape == tuple(reference_variable.shape):
            value.copy_(layout.to_stored(made) if layout else made)
        elif made is not None:
            value, layout = made.clone(), None
        slot_name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        slot = Weight(dispatch.wrap(torch.zeros(())), trainable=False, name=slot_name)
        slot._layout = layout
        slot._install(value)
        slot._path = current_path(self.name, slot_name)
        self._k_track(slot)
        return slot

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """A slot for each variable; ``slots(name, variables)`` gets them.

        Args:
            name: of the slots, or several names; then each variable gets its slots before the next one does.
            initializer: for all of them, or one for each name.

        Returns:
            The list of slots, or a tuple of such lists; None for variables that are overwritten with their gradients.
        """
        names = [name] if isinstance(name, str) else list(name)
        given = initializer if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        made: tuple[list, ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            position = self._index_dict.get(id(variable))
            for slot_name, first_value, slots in zip(names, given, made):
                slot = None
                if not variable.overwrite_with_gradient:
                    slot = self.add_variable_from_reference(variable, slot_name, first_value)
                    if position is not None:
                        self._k_slots.setdefault(slot_name, {})[position] = slot
                slots.append(slot)
        return made[0] if isinstance(name, str) else made

    def slots(self, name: str, variables: list[Variable]) -> list[torch.Tensor]:
        """The raw slot tensors of some variables, to be updated in place."""
        table, index = self._k_slots[name], self._index_dict
        try:
            found = [table[index[id(variable)]] for variable in variables]
        except KeyError:
            self._check_known(variables)
            raise
        for slot in found:
            if slot._shared:
                slot.make_writable()
        return [slot.stored for slot in found]

    def slots_of(self, variable: Variable) -> list[Variable]:
        """All slots of one variable."""
        position = self._index_dict.get(id(variable))
        return [table[position] for table in self._k_slots.values() if position in table]

    def _check_known(self, variables: Iterable[Variable]) -> None:
        for variable in variables:
            if id(variable) not in self._index_dict:
                raise ValueError(
                    f"Unknown variable: {variable}. This optimizer can only be called for the variables it was "
                    "originally built with. When working with a new set of variables, you should recreate a new "
                    "optimizer instance."
                )

    @property
    def variables(self) -> list[Variable]:
        """The state: the iteration count, the learning rate and the slots."""
        return CallableList(self._variables)

    weights = variables

    # counts and rates

    @property
    def iterations(self) -> Any:
        """How many updates were made: a variable, or with gradient accumulation a tensor, the variable divided."""
        steps = self.gradient_accumulation_steps
        return self._iterations.snapshot() // steps if steps else self._iterations

    def _k_count(self) -> int:
        """How often gradients were applied or accumulated."""
        return self._iterations.stored.item()

    @property
    def _k_this_step(self) -> int:
        """Which update the next one is, from 1."""
        return self._k_count() // (self.gradient_accumulation_steps or 1) + 1

    @property
    def learning_rate(self) -> Any:
        """The learning rate variable; with a schedule or function, its value for the next step."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self._iterations.snapshot()) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if _changes(value):
            self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(value)
        else:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. If you need the learning rate to be settable, you "
                "should instantiate the optimizer with a float `learning_rate` argument."
            )

    @property
    def lr(self) -> Any:
        """Keras 2's name of ``learning_rate``."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    def _k_rate(self) -> float:
        """The learning rate of the next step, as a number."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            value = rate.stored.item()
        elif isinstance(rate, LearningRateSchedule):
            value = rate.value(self._k_count())
        else:
            with scope(device=_HOST):
                value = float(rate())
        return value / (1.0 + self.decay * self._k_count()) if self.decay else value

    # in files

    def get_weights(self) -> list[np.ndarray]:
        """The state as arrays, in the order of ``variables``."""
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
        for variable, value in zip(self.variables, weights):
            if tuple(variable.shape) != tuple(np.shape(value)):
                raise ValueError(
                    f"Optimizer variable {variable.path} has shape {tuple(variable.shape)} not compatible with provided "
                    f"weight shape {tuple(np.shape(value))}."
                )
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Write the state into a mapping of names to arrays."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the state from what ``save_own_variables`` wrote; one of another size is left alone, with a warning."""
        own = self.variables
        if len(store) != len(own):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(own)} variables whereas the "
                f"saved optimizer has {len(store)} variables.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])


def _changes(learning_rate: Any) -> bool:
    """Whether it is a schedule or a function, not a number."""
    if isinstance(learning_rate, LearningRateSchedule):
        return True
    return callable(learning_rate) and not dispatch.is_tensor(learning_rate)


def _number(value: Any) -> float:
    if dispatch.is_tensor(value):
        value = dispatch.raw(value).item()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ValueError(
            "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable (that "
            "takes in the current iteration value and returns the corresponding learning rate value). Received "
            f"instead: learning_rate={value}"
        )
    return float(value)
