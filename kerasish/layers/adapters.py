"""What layers with one large weight can do with it beyond training: low-rank adapters (LoRA), and quantization.

``LowRank`` and ``QuantizedWeight`` are mixed into such layers. A layer that uses neither pays one look at ``_adapted`` in its
``call``. One that does computes in ``_adapted_call``; its large weight, ``kernel`` or ``embeddings``, is then the *effective*
one, computed from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish import initializers
from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.autodiff import on_raw_tensors
from kerasish.core.context import local
from kerasish.core.dtypes import get_policy, to_torch
from kerasish.core.registry import deserialize_keras_object, is_builtin
from kerasish.core.variable import Variable
from kerasish.layers import tracking
from kerasish.layers.quantization import policy_name, settles_config
from kerasish.quantizers.configs import Int4QuantizationConfig


def large_weight(name: str) -> property:
    """The attribute of a layer for its large weight: the variable, or what stands for it in an adapted layer."""

    def read(layer: Any) -> Any:
        variable = layer.__dict__.get(name)
        if not layer._adapted:
            if variable is None:
                raise AttributeError(f"You must build the layer before accessing `{name}`.")
            return variable
        if local.tapes:
            layer._note_access()
        with dispatch.recorded_only():
            value = layer._effective()
            return variable if variable is not None and value is variable.logical else dispatch.wrap(value)

    def write(layer: Any, value: Any) -> None:
        layer.__dict__[name] = value

    def delete(layer: Any) -> None:
        del layer.__dict__[name]

    return property(read, write, delete)


def stored_weight(name: str) -> property:
    """The variable behind ``large_weight(name)``, by Keras's private name for it."""

    def read(layer: Any) -> Any:
        if name not in layer.__dict__:
            raise AttributeError(f"Layer '{layer.name}' has no variable `{name}` of its own")
        return layer.__dict__[name]

    return property(read)


class LowRank:
    """Low-rank adapters for a layer with one large weight, which ``_large`` names."""

    _large = "kernel"
    _adapted = False  # whether the layer has adapters or is quantized
    lora_enabled = False
    lora_rank: int | None = None
    lora_alpha: float | None = None

    def _take_adapter_arguments(self, rank: Any, alpha: Any) -> None:
        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha

    @property
    def _stored(self) -> Variable:
        """The variable of the large weight."""
        return self.__dict__[self._large]

    # adapters

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the large weight and add the product of two narrow trainable ones to it (Hu et al. 2021).

        Args:
            rank: columns of the first, rows of the second.
            lora_alpha: the product is multiplied by ``lora_alpha / rank``; default: by 1.
            a_initializer, b_initializer: names or objects.

        Raises:
            ValueError: the layer is not built, has adapters already, or its weight has a constraint.
            NotImplementedError: it is quantized by GPTQ.
        """
        if getattr(self, f"{self._large}_constraint") is not None:
            raise ValueError(
                f"Lora is incompatible with {self._large} constraints. In order to enable lora on this layer, remove the "
                f"`{self._large}_constraint` argument."
            )
        if not self.built:
            raise ValueError("Cannot enable lora on a layer that isn't yet built.")
        if self.lora_enabled:
            raise ValueError("lora is already enabled. This can only be done once per layer.")
        if self.quantization_mode == "gptq":
            raise NotImplementedError("lora is not currently supported with GPTQ quantization.")
        shape = tuple(self._large_shape())
        regularizer = getattr(self, f"{self._large}_regularizer")
        for letter, initializer, own in (
            ("a", a_initializer, (*shape[:-1], rank)),
            ("b", b_initializer, (rank, shape[-1])),
        ):
            name = f"lora_{self._large}_{letter}"
            weight = self.add_weight(
                name=name,
                shape=own,
                initializer=initializers.get(initializer),
                dtype="float32",
                regularizer=regularizer,
            )
            setattr(self, name, weight)
        self._stored.trainable = False
        self.lora_rank = rank
        self.lora_alpha = rank if lora_alpha is None else lora_alpha
        self.lora_enabled = self._adapted = True
        tracking.trainable_changed()
        tracking.structure_changed()

    def _end_build(self) -> None:
        """The end of ``build``: adapters if the constructor asked for them."""
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def _large_shape(self) -> Any:
        """The shape of the effective weight."""
        return self._stored.shape

    def _adapters(self) -> tuple[torch.Tensor, torch.Tensor]:
        return tuple(self._value(getattr(self, f"lora_{self._large}_{letter}")) for letter in "ab")  # type: ignore[return-value]

    @property
    def _lora_scale(self) -> float:
        return self.lora_alpha / self.lora_rank  # type: ignore[operator]

    def _with_adapters(self, weight: torch.Tensor) -> torch.Tensor:
        """A weight and what the adapters add to it."""
        if not self.lora_enabled:
            return weight
        a, b = self._adapters()
        return (weight + self._lora_scale * (a @ b)).to(to_torch(self.compute_dtype))

    def _value(self, variable: Variable) -> torch.Tensor:
        """A variable as the layer computes with it: mixed policies read floats in the compute dtype."""
        t = variable.logical
        if self._dtype_policy.is_mixed and self.autocast and variable._autocast and t.is_floating_point():
            return t.to(to_torch(self.compute_dtype))
        return t

    def _run_adapted(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """``_adapted_call`` with the dtypes that it chooses itself."""
        if not self._dtype_policy.is_mixed:
            return self._adapted_call(*args, **kwargs)
        with torch.autocast(devices.current().type, enabled=False):
            return self._adapted_call(*args, **kwargs)

    # files

    def _file_names(self) -> list[str]:
        """Names of the attributes that files hold, in their order; some of them may be absent."""
        return [self._large, "bias"]

    def _in_files(self) -> list[str]:
        """``_file_names`` as far as there are such variables."""
        return [name for name in self._file_names() if isinstance(self.__dict__.get(name), Variable)]

    def _file_variables(self) -> list[Variable]:
        known = self._own_file_variables()
        if self._adapted and self.built:
            return known
        added = super()._file_variables()  # type: ignore[misc]
        return known + [variable for variable in added if not any(variable is v for v in known)]

    def _own_file_variables(self) -> list[Variable]:
        return [self.__dict__[name] for name in self._in_files()]

    def save_own_variables(self, store: Any) -> None:
        """Put the values of the variables into ``store``; adapters are merged into the weight that they belong to."""
        if not self.lora_enabled:
            super().save_own_variables(store)  # type: ignore[misc]
            return
        with torch.no_grad():
            merged = self._merged()
        for i, name in enumerate(self._in_files()):
            value = merged.get(name)
            store[str(i)] = self.__dict__[name].numpy() if value is None else dispatch.wrap(value).numpy()

    def _merged(self) -> dict[str, torch.Tensor]:
        """What files hold instead of a weight and its adapters."""
        return {self._large: self._effective()}

    def _after_loading(self, loaded: list[Variable]) -> None:
        """The weights come from a file: what was merged into them is not to be added again."""
        if self.lora_enabled:
            for variable in (getattr(self, f"lora_{self._large}_{letter}") for letter in "ab"):
                if not any(variable is own for own in loaded):  # legacy files hold adapters of their own
                    variable.write(torch.zeros_like(variable.logical))

    def get_config(self) -> dict:
        config = super().get_config()  # type: ignore[misc]
        if self.lora_rank:
            config.update(lora_rank=self.lora_rank, lora_alpha=self.lora_alpha)
        return config


class QuantizedWeight(LowRank):
    """The frame of quantization for a layer with one large weight.

    A subclass says which class it is (``_quantizable``), lists the variables of its modes, builds them in methods such as
    ``_int8_build(shape, config)``, and defines ``_quantize``, ``_requantized`` and ``_dequantized``.
    """

    quantization_config: Any = None
    inputs_quantizer: Any = None
    _quantizable: type

    def _take_adapter_arguments(self, rank: Any, alpha: Any, config: Any = None) -> None:
        super()._take_adapter_arguments(rank, alpha)
        self.quantization_config = deserialize_keras_object(config) if isinstance(config, dict) else config

    def _quantized_inputs(self, x: torch.Tensor, axis: Any) -> tuple[torch.Tensor, torch.Tensor]:
        quantizer = self.inputs_quantizer
        function: Callable = quantizer if is_builtin(type(quantizer)) else on_raw_tensors(quantizer)
        return function(x, axis=axis)

    @settles_config
    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Replace the weights by quantized ones, and the policy by one such as "int8_from_float32".

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq", as far as the layer has them.
            type_check: whether subclasses of the layer's class are refused.
            config: a ``keras.quantizers.QuantizationConfig``, instead of or besides the mode.

        Raises:
            NotImplementedError: a subclass, or a mode that the layer does not have.
            ValueError: the layer is not built, or quantized already, or the arguments do not go together.
        """
        if type_check and type(self) is not self._quantizable:
            raise self._not_implemented("quantize")
        if mode not in self.variable_serialization_spec:
            raise self._wrong_mode(mode)
        self.quantization_config = config
        self._quantize(mode, config)
        self._adapted = True
        if self._dtype_policy.quantization_mode is None:
            self.dtype_policy = get_policy(f"{policy_name(self, mode, config)}_from_{self._dtype_policy.name}")
        tracking.structure_changed()

    def quantized_build(self, shape: Any, mode: str, config: Any = None) -> None:
        """Create the quantized weights, with nothing in them yet.

        Args:
            shape: of the large weight before it is quantized.
            mode: of quantization.
            config: a ``QuantizationConfig``; default: what the policy says.

        Raises:
            NotImplementedError: the layer has no such mode.
        """
        build = getattr(self, f"_{mode}_build", None)
        if build is None:
            raise self._wrong_mode(mode)
        build(tuple(shape), config)
        self._is_quantized = self._adapted = True

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation with quantized weights."""
        if self.quantization_mode is None:
            raise self._wrong_mode(None)
        return self.call(*args, **kwargs)

    def _build_quantized(self, shape: Any) -> bool:
        """In ``build``: create quantized weights if the policy asks for them. Whether they stand for the large weight."""
        mode = self.quantization_mode
        if mode is not None:
            self.quantized_build(shape, mode, self.quantization_config)
        return mode not in (None, "float8")

    # files

    def become_as_stored(self, arrays: list) -> None:
        """Quantize the layer if its arrays in a whole model's file are quantized.

        That is for layers within another one (``MultiHeadAttention``), whose configuration does not say it.

        Args:
            arrays: each with ``shape``, ``dtype`` and ``read()``.
        """
        more = len(arrays) - len(self._file_variables()) if self.built and not self._adapted else 0
        if more <= 0:
            return
        if arrays[0].dtype == np.int8:
            if tuple(arrays[0].shape) == tuple(self._large_shape()):
                self.quantize("int8", type_check=False)
            else:  # the last says to which group each input belongs, if there are groups
                size = int(np.sum(arrays[-1].read() == 0)) if more >= 3 else -1
                self.quantize("int4", type_check=False, config=Int4QuantizationConfig(block_size=size))
        elif "float8" in self.variable_serialization_spec and more >= 6:
            self.quantize("float8", type_check=False)

    def _file_names(self) -> list[str]:
        return self.variable_serialization_spec[self.quantization_mode]

    def _merged(self) -> dict[str, torch.Tensor]:
        if self.quantization_mode is None:
            return super()._merged()
        if self.quantization_mode == "float8":
            raise ValueError("Unsupported quantization mode: float8. Adapters cannot be merged into its weights.")
        return self._requantized(self._dequantized() + self._lora_scale * torch.matmul(*self._adapters()))
