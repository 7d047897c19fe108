"""SimpleRNN, LSTM, GRU: the cells of these names run over time."""

from __future__ import annotations

from typing import Any

from kerasish.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from kerasish.layers.configuration import init_arguments
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.rnn import RNN


class SimpleRNN(RNN):
    """A fully connected recurrent network: each step's output is the next one's state.

    Args:
        units: size of the output and of the state.
        activation: name or function.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names, objects or
            configs.
        dropout, recurrent_dropout: shares of the inputs and of the state's units to drop in training; one mask serves all
            steps of a batch.
        seed: of the dropout masks.
        Others: as of ``RNN``.

    >>> SimpleRNN(4)(np.ones((2, 5, 3))).shape
    TensorShape([2, 4])
    """

    _not_in_config = ("seed",)  # as in Keras's files

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, name="simple_rnn_cell", **for_cell(kwargs),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.input_spec = InputSpec(ndim=3)


class LSTM(RNN):
    """A long short-term memory (Hochreiter and Schmidhuber 1997): two states, the output and the cell.

    Runs in one call of torch's fused kernel if ``activation`` is tanh, ``recurrent_activation`` sigmoid, and no recurrent
    dropout is active; otherwise step by step.

    Args:
        units: size of the output and of each state.
        activation: of the candidate and of the cell state in the output.
        recurrent_activation: of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names, objects or
            configs.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        dropout, recurrent_dropout: shares of the inputs and of the state's units to drop in training; one mask serves all
            steps of a batch.
        seed: of the dropout masks.
        use_cudnn: False for no fused kernel, True for an error where there is none, "auto".
        Others: as of ``RNN``.

    >>> LSTM(4, return_sequences=True)(np.ones((2, 5, 3))).shape
    TensorShape([2, 5, 4])
    """

    _not_in_config = ("use_cudnn",)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed,
            name="lstm_cell", **for_cell(kwargs),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.use_cudnn = _checked_use(use_cudnn)
        self.input_spec = InputSpec(ndim=3)


class GRU(RNN):
    """Gated recurrent units (Cho et al. 2014): one state, the output.

    Runs in one call of torch's fused kernel if ``activation`` is tanh, ``recurrent_activation`` sigmoid and ``reset_after``
    True, and no recurrent dropout is active; otherwise step by step.

    Args:
        units: size of the output and of the state.
        activation: of the candidate.
        recurrent_activation: of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names, objects or
            configs.
        dropout, recurrent_dropout: shares of the inputs and of the state's units to drop in training; one mask serves all
            steps of a batch.
        seed: of the dropout masks.
        reset_after: whether the reset gate applies after the product with the recurrent kernel, not before.
        use_cudnn: False for no fused kernel, True for an error where there is none, "auto".
        Others: as of ``RNN``.

    >>> GRU(4, return_state=True)(np.ones((2, 5, 3)))[1].shape
    TensorShape([2, 4])
    """

    _config_last = ("reset_after", "seed")

    _not_in_config = ("use_cudnn",)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, reset_after, seed,
            name="gru_cell", **for_cell(kwargs),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.use_cudnn = _checked_use(use_cudnn)
        self.input_spec = InputSpec(ndim=3)


def for_cell(kwargs: dict) -> dict:
    """The layer's arguments that its cell shares."""
    return {key: kwargs[key] for key in ("dtype", "trainable") if key in kwargs}


def _checked_use(use_cudnn: Any) -> Any:
    if use_cudnn not in ("auto", True, False):
        raise ValueError(
            "Invalid valid received for argument `use_cudnn`. Expected one of {'auto', True, False}. "
            f"Received: use_cudnn={use_cudnn}"
        )
    return use_cudnn


def of_cell(name: str) -> property:
    """An attribute that is the cell's."""
    return property(lambda self: getattr(self.cell, name), lambda self, value: setattr(self.cell, name, value))


for _layer, _cell in ((SimpleRNN, SimpleRNNCell), (LSTM, LSTMCell), (GRU, GRUCell)):
    for _name in init_arguments(_cell):
        setattr(_layer, _name, of_cell(_name))
