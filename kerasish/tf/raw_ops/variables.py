"""Raw operations that change variables: ``ResourceApplyAdam`` and its kin, and writes to parts of them.

``v.handle`` is the variable itself. A rule takes the variables' values and numbers as torch tensors and gives the new
values, in the order of the kernels' arithmetic. ``rule.rows`` changes some rows only; a row that is given several times is
changed several times, one after the other.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasish import tf
from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable

Raw = torch.Tensor


def variable_of(resource: Any) -> Variable:
    """The variable that a handle is.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(resource, Variable):
        raise fail(TypeError, "A resource must be a variable or its `handle`", received=type(resource).__name__)
    return resource


class Rule:
    """An operation made of a rule: ``rule(var, …)`` changes whole variables, ``rule.rows(indices, var, …)`` rows of them.

    Args:
        rule: (values of variables, numbers and switches) → the new values.
        slots: how many variables it changes: its first arguments.
    """

    def __init__(self, rule: Callable, slots: int) -> None:
        functools.update_wrapper(self, rule)
        self._rule, self._slots = rule, slots
        names = list(inspect.signature(rule).parameters)
        self._gradient = names.index("grad")

    def _taken(self, args: tuple) -> tuple[list[Variable], list]:
        """Variables and the other arguments, as torch tensors of the variables' dtype."""
        variables = [variable_of(argument) for argument in args[: self._slots]]
        kind = variables[0].stored.dtype
        if not kind.is_floating_point and not kind.is_complex:
            raise InvalidArgumentError(
                f"{self.__name__} updates variables of floating-point numbers. Received: {kind}"  # type: ignore[attr-defined]
            )
        return variables, [x if isinstance(x, bool) else _detached(x, kind) for x in args[self._slots :]]

    @torch.no_grad()
    def __call__(self, *args: Any) -> None:
        variables, others = self._taken(args)
        values = [variable._held() for variable in variables]
        grad = others[self._gradient - self._slots]
        for value in (*values[1:], grad):
            if value.shape != values[0].shape:
                raise InvalidArgumentError(
                    f"var and its slots and gradient do not have the same shape: {list(values[0].shape)} "
                    f"{list(value.shape)} [Op:{self.__name__}]"  # type: ignore[attr-defined]
                )
        for variable, new in zip(variables, self._rule(*values, *others)):
            variable.assign(new)

    @torch.no_grad()
    def rows(self, indices: Any, *args: Any) -> None:
        """Change the rows ``indices`` by the rows of the gradient."""
        variables, others = self._taken(args)
        whole = [variable._held().clone() for variable in variables]
        at = self._gradient - self._slots
        grad, places = others[at], _detached(indices, None).long()
        if grad.shape != (*places.shape, *whole[0].shape[1:]):
            raise InvalidArgumentError(
                f"grad must be the same size as indices in the first dimension, and as var in the others. Received: "
                f"{list(grad.shape)}, {list(places.shape)} and {list(whole[0].shape)} [Op:{self.__name__}]"  # type: ignore[attr-defined]
            )
        wrong = (places < 0) | (places >= len(whole[0]))
        if wrong.any():
            raise InvalidArgumentError(
                f"Index {int(places[wrong][0])} at offset {int(wrong.nonzero()[0, 0])} in indices is out of range "
                f"[Op:{self.__name__}]"  # type: ignore[attr-defined]
            )
        for chosen in _rounds(places):
            rows = places[chosen]
            new = self._rule(*(value[rows] for value in whole), *others[:at], grad[chosen], *others[at + 1 :])
            for value, part in zip(whole, new):
                value[rows] = part
        for variable, value in zip(variables, whole):
            variable.assign(value)


def _detached(x: Any, kind: Any) -> Raw:
    return dispatch.raw(convert(x, kind)).detach()


def _rounds(places: Raw) -> list[Raw]:
    """Groups of positions in which no place comes twice: the first occurrences, the second ones, …"""
    order = torch.argsort(places, stable=True)
    ordered = places[order]
    first = torch.searchsorted(ordered, ordered)
    occurrence = torch.empty_like(places)
    occurrence[order] = torch.arange(len(places), device=places.device) - first
    count = int(occurrence.max()) + 1 if len(places) else 0
    return [(occurrence == number).nonzero()[:, 0] for number in range(count)]


def _rule(slots: int) -> Callable[[Callable], Rule]:
    return lambda rule: Rule(rule, slots)


# The rules: Keras's and TensorFlow's optimizers as the kernels compute them ---------------------------------------------


@_rule(1)
def gradient_descent(var: Raw, alpha: Raw, grad: Raw, use_locking: bool) -> tuple:
    """var - alpha grad."""
    return (var - grad * alpha,)


def _shrunk(prox: Raw, lr: Raw, l1: Raw, l2: Raw) -> Raw:
    shrunk = torch.sign(prox) * (prox.abs() - lr * l1).clamp_min(0) if l1 > 0 else prox
    return shrunk / (1 + l2 * lr)


@_rule(1)
def proximal_gradient_descent(var: Raw, alpha: Raw, l1: Raw, l2: Raw, grad: Raw, use_locking: bool) -> tuple:
    """Gradient descent with L1 and L2 shrinkage."""
    return (_shrunk(var - grad * alpha, alpha, l1, l2),)


@_rule(3)
def adadelta(
    var: Raw, accum: Raw, accum_update: Raw, lr: Raw, rho: Raw, epsilon: Raw, grad: Raw, use_locking: bool
) -> tuple:
    """Adadelta."""
    accum = accum * rho + grad * grad * (1 - rho)
    step = torch.sqrt(accum_update + epsilon) * torch.rsqrt(accum + epsilon) * grad
    return var - step * lr, accum, accum_update * rho + step * step * (1 - rho)


@_rule(2)
def adagrad(var: Raw, accum: Raw, lr: Raw, grad: Raw, use_locking: bool, update_slots: bool) -> tuple:
    """Adagrad without an epsilon."""
    accum = accum + grad * grad if update_slots else accum
    return var - grad * lr * torch.rsqrt(accum), accum


@_rule(2)
def adagrad_v2(var: Raw, accum: Raw, lr: Raw, epsilon: Raw, grad: Raw, use_locking: bool, update_slots: bool) -> tuple:
    """Adagrad."""
    accum = accum + grad * grad if update_slots else accum
    return var - grad * lr / (torch.sqrt(accum) + epsilon), accum


@_rule(2)
def proximal_adagrad(var: Raw, accum: Raw, lr: Raw, l1: Raw, l2: Raw, grad: Raw, use_locking: bool) -> tuple:
    """Adagrad with L1 and L2 shrinkage."""
    accum = accum + grad * grad
    rate = lr * torch.rsqrt(accum)
    return _shrunk(var - grad * rate, rate, l1, l2), accum


@_rule(3)
def adagrad_da(
    var: Raw, gradient_accumulator: Raw, gradient_squared_accumulator: Raw, grad: Raw, lr: Raw, l1: Raw, l2: Raw,
    global_step: Raw, use_locking: bool,
) -> tuple:  # fmt: skip
    """Adagrad with dual averaging: what the variable is follows from the sums alone."""
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + grad * grad
    strong = torch.sign(total) * (total.abs() - l1 * global_step).clamp_min(0) if l1 > 0 else total
    return -lr * strong / (l2 * global_step * lr + torch.sqrt(squares)), total, squares


def _followed(
    var: Raw, accum: Raw, linear: Raw, grad: Raw, lr: Raw, l1: Raw, l2: Raw, shrinkage: Any, power: Raw, scaled: bool
) -> tuple:
    new = accum + grad * grad
    rise = new ** (-power) - accum ** (-power)
    shifted = grad + 2 * shrinkage * var
    if scaled:  # the linear sums hold the rate
        linear, quadratic, l1 = linear + shifted * lr - rise * var, new ** (-power) + 2 * l2 * lr, l1 * lr
    else:
        linear, quadratic = linear + shifted - rise / lr * var, new ** (-power) / lr + 2 * l2
    pulled = (torch.sign(linear) * l1 - linear) / quadratic
    return torch.where(linear.abs() > l1, pulled, torch.zeros_like(pulled)), new, linear


@_rule(3)
def ftrl(
    var: Raw, accum: Raw, linear: Raw, grad: Raw, lr: Raw, l1: Raw, l2: Raw, lr_power: Raw, use_locking: bool,
    multiply_linear_by_lr: bool,
) -> tuple:  # fmt: skip
    """Follow the regularized leader."""
    return _followed(var, accum, linear, grad, lr, l1, l2, 0, lr_power, multiply_linear_by_lr)


@_rule(3)
def ftrl_v2(
    var: Raw, accum: Raw, linear: Raw, grad: Raw, lr: Raw, l1: Raw, l2: Raw, l2_shrinkage: Raw, lr_power: Raw,
    use_locking: bool, multiply_linear_by_lr: bool,
) -> tuple:  # fmt: skip
    """The same, shrinking the variable itself, too."""
    return _followed(var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power, multiply_linear_by_lr)


@_rule(2)
def momentum(var: Raw, accum: Raw, lr: Raw, grad: Raw, momentum: Raw, use_locking: bool, use_nesterov: bool) -> tuple:
    """Momentum whose sums hold gradients."""
    accum = accum * momentum + grad
    return var - (grad * lr + accum * momentum * lr if use_nesterov else accum * lr), accum


@_rule(2)
def keras_momentum(
    var: Raw, accum: Raw, lr: Raw, grad: Raw, momentum: Raw, use_locking: bool, use_nesterov: bool
) -> tuple:
    """Momentum whose sums hold steps."""
    accum = accum * momentum - grad * lr
    return var + (accum * momentum - grad * lr if use_nesterov else accum), accum


@_rule(3)
def rms_prop(
    var: Raw, ms: Raw, mom: Raw, lr: Raw, rho: Raw, momentum: Raw, epsilon: Raw, grad: Raw, use_locking: bool
) -> tuple:
    """RMSprop."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mom = mom * momentum + grad * lr * torch.rsqrt(ms + epsilon)
    return var - mom, ms, mom


@_rule(4)
def centered_rms_prop(
    var: Raw, mg: Raw, ms: Raw, mom: Raw, lr: Raw, rho: Raw, momentum: Raw, epsilon: Raw, grad: Raw, use_locking: bool
) -> tuple:
    """RMSprop by the variance of gradients."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mg = mg + (grad - mg) * (1 - rho)
    mom = mom * momentum + grad * lr * torch.rsqrt(ms - mg * mg + epsilon)
    return var - mom, mg, ms, mom


@_rule(2)
def add_sign(var: Raw, m: Raw, lr: Raw, alpha: Raw, sign_decay: Raw, beta: Raw, grad: Raw, use_locking: bool) -> tuple:
    """AddSign: steps are larger where gradient and average agree."""
    m = m * beta + grad * (1 - beta)
    return var - lr * (alpha + sign_decay * torch.sign(grad) * torch.sign(m)) * grad, m


@_rule(2)
def power_sign(
    var: Raw, m: Raw, lr: Raw, logbase: Raw, sign_decay: Raw, beta: Raw, grad: Raw, use_locking: bool
) -> tuple:
    """PowerSign: the same by a power."""
    m = m * beta + grad * (1 - beta)
    return var - lr * torch.exp(logbase * sign_decay * torch.sign(grad) * torch.sign(m)) * grad, m


@_rule(3)
def adam(
    var: Raw, m: Raw, v: Raw, beta1_power: Raw, beta2_power: Raw, lr: Raw, beta1: Raw, beta2: Raw, epsilon: Raw,
    grad: Raw, use_locking: bool, use_nesterov: bool,
) -> tuple:  # fmt: skip
    """Adam, whose powers of beta are the caller's."""
    rate = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    ahead = grad * (1 - beta1) + beta1 * m if use_nesterov else m
    return var - ahead * rate / (torch.sqrt(v) + epsilon), m, v


@_rule(4)
def adam_with_amsgrad(
    var: Raw, m: Raw, v: Raw, vhat: Raw, beta1_power: Raw, beta2_power: Raw, lr: Raw, beta1: Raw, beta2: Raw,
    epsilon: Raw, grad: Raw, use_locking: bool,
) -> tuple:  # fmt: skip
    """Adam by the largest average of squares so far."""
    rate = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    vhat = torch.maximum(vhat, v)
    return var - m * rate / (torch.sqrt(vhat) + epsilon), m, v, vhat


@_rule(3)
def ada_max(
    var: Raw, m: Raw, v: Raw, beta1_power: Raw, lr: Raw, beta1: Raw, beta2: Raw, epsilon: Raw, grad: Raw,
    use_locking: bool,
) -> tuple:  # fmt: skip
    """AdaMax."""
    m = m + (grad - m) * (1 - beta1)
    v = torch.maximum(v * beta2, grad.abs())
    return var - lr / (1 - beta1_power) * (m / (v + epsilon)), m, v


# whole values and parts -----------------------------------------------------------------------------------------------


def read(resource: Any, dtype: Any) -> Any:
    """The value.

    Raises:
        InvalidArgumentError: it is of another dtype.
    """
    variable = variable_of(resource)
    if variable.dtype != dtypes.as_dtype(dtype):
        raise InvalidArgumentError(
            f"Trying to read variable with wrong dtype. Expected {dtypes.as_dtype(dtype).name} got "
            f"{variable.dtype.name} [Op:ReadVariableOp]"
        )
    return variable.read_value()


def _of_its_dtype(variable: Variable, value: Any, what: str) -> Any:
    """A value as a tensor, which must have the variable's dtype."""
    value = tf.convert_to_tensor(value)
    if value.dtype != variable.dtype:
        raise InvalidArgumentError(
            f"Trying to {what} variable with wrong dtype. Expected {variable.dtype.name} got {value.dtype.name}"
        )
    return value


def write(resource: Any, value: Any, validate_shape: bool = False) -> None:
    """Another value.

    Args:
        validate_shape: whether its shape must be the variable's.

    Raises:
        InvalidArgumentError: it has another dtype, or a shape that it must not have.
    """
    variable = variable_of(resource)
    value = _of_its_dtype(variable, value, "assign")
    if value.shape == variable.shape:
        variable.assign(value)
    elif validate_shape:
        raise InvalidArgumentError(
            f"Trying to assign to variable with tensor with wrong shape. Expected {list(variable.shape)} got "
            f"{list(value.shape)} [Op:AssignVariableOp]"
        )
    else:
        variable.write(_detached(value, None))


def add(resource: Any, value: Any) -> None:
    """Add a value."""
    variable = variable_of(resource)
    variable.assign_add(_of_its_dtype(variable, value, "assign"))


def subtract(resource: Any, value: Any) -> None:
    """Subtract a value."""
    variable = variable_of(resource)
    variable.assign_sub(_of_its_dtype(variable, value, "assign"))


def is_initialized(resource: Any) -> Any:
    """True: a variable has its value from the beginning."""
    return tf.convert_to_tensor(variable_of(resource).is_initialized())


def shape(resource: Any, out_type: Any) -> Any:
    """The sizes."""
    return tf.shape(variable_of(resource), out_type)


def gather(resource: Any, indices: Any, dtype: Any, batch_dims: int = 0) -> Any:
    """Rows of a variable."""
    return tf.gather(read(resource, dtype), indices, batch_dims=batch_dims)


def gather_nd(resource: Any, indices: Any, dtype: Any) -> Any:
    """Parts of a variable."""
    return tf.gather_nd(read(resource, dtype), indices)


def scatter(how: str, resource: Any, indices: Any, updates: Any) -> None:
    """Change rows: "add", "sub", "mul", "div", "max", "min" or "update"."""
    variable = variable_of(resource)
    updates = tf.convert_to_tensor(updates, variable.dtype)
    places = tf.convert_to_tensor(indices)
    if not updates.shape.rank:
        updates = tf.broadcast_to(updates, [*places.shape, *variable.shape[1:]])
    getattr(variable, f"scatter_{how}")(tf.IndexedSlices(updates, places))


def scatter_nd(how: str, ref: Any, indices: Any, updates: Any, bad_indices_policy: str) -> None:
    """Change parts: "add", "sub", "max", "min" or "update"."""
    if bad_indices_policy not in ("", "ERROR"):
        raise fail(NotImplementedError, "bad_indices_policy", "'' or 'ERROR'", bad_indices_policy)
    variable = variable_of(ref)
    getattr(variable, f"scatter_nd_{how}")(indices, tf.convert_to_tensor(updates, variable.dtype))


def set_slice(ref: Any, begin: Any, end: Any, strides: Any, value: Any, *masks: int) -> None:
    """Set a strided slice; the masks are those of ``tf.strided_slice``."""
    variable = variable_of(ref)
    variable.assign(slice_set(variable.read_value(), begin, end, strides, value, *masks))


def slice_set(x: Any, begin: Any, end: Any, strides: Any, value: Any, *masks: int) -> Any:
    """A tensor whose strided slice is another one."""
    x = tf.convert_to_tensor(x)
    places = tf.reshape(tf.range(tf.size(x)), tf.shape(x))
    chosen = tf.strided_slice(places, begin, end, strides, *masks)
    flat = tf.reshape(chosen, [-1, 1])
    new = tf.reshape(tf.broadcast_to(tf.cast(value, x.dtype), tf.shape(chosen)), [-1])
    return tf.reshape(tf.tensor_scatter_nd_update(tf.reshape(x, [-1]), flat, new), tf.shape(x))


def count_up_to(resource: Any, limit: int, T: Any) -> Any:  # noqa: N803 - TensorFlow's name
    """The value, after which one is added.

    Raises:
        OutOfRangeError: the limit is reached.
    """
    before = read(resource, T)
    if int(before) >= limit:
        raise tf.errors.OutOfRangeError(None, None, f"Reached limit of {limit} [Op:ResourceCountUpTo]")
    resource.assign_add(tf.ones([], before.dtype))
    return before
