"""``tf.lite.TFLiteConverter``: models and functions as LiteRT files, by ``litert-torch`` and ``ai-edge-quantizer``."""

from __future__ import annotations

import contextlib
import io
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.errors import NotServedError, fail
from kerasish.export import litert, programs, signatures
from kerasish.layers.layer import Layer
from kerasish.tf.concrete import ConcreteFunction
from kerasish.tf.lite.wishes import OpsSet, RepresentativeDataset, TargetSpec
from kerasish.tf.saved_model.reading import load

_NAME = "serving_default"
_INT16 = OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8


class TFLiteConverter:
    """Makes LiteRT files; see ``from_keras_model``, ``from_saved_model``, ``from_concrete_functions``.

    Dimensions of any size become 1: state them in the model's inputs if they are to be others.

    Attributes:
        optimizations: a list of ``Optimize``; with any, weights become 8 bits wide.
        representative_dataset: a function that gives examples of inputs; with optimizations, what is computed from them
            becomes 8 bits wide too.
        target_spec: a ``TargetSpec``.
        inference_input_type, inference_output_type: float32, or int8 where everything is.

    Args:
        funcs: concrete functions.
        trackable_obj: what holds their variables; it is found without.
    """

    def __init__(self, funcs: Any, trackable_obj: Any = None) -> None:
        functions = list(funcs)
        for function in functions:
            if not isinstance(function, ConcreteFunction):
                hint = "Call get_concrete_function() of a tf.function."
                raise fail(ValueError, "The converter takes concrete functions", received=repr(function), hint=hint)
        if len(functions) != 1:
            raise fail(ValueError, "This converter takes one function", received=f"{len(functions)}")
        held = [trackable_obj] if isinstance(trackable_obj, Layer) else []
        function = functions[0]
        modules = [*held, *programs.modules_of(function._function.python_function)]
        self._prepare(programs.user_function(function._filled), modules, signatures.given(function._specs))

    def _prepare(self, function: Callable, modules: Iterable[Any], signature: list) -> None:
        self._program = (function, list(modules), signature)
        self.optimizations: Any = set()
        self.representative_dataset: Any = None
        self.target_spec = TargetSpec()
        self.inference_input_type = self.inference_output_type = float32
        self.allow_custom_ops = False
        self.experimental_new_converter = self.experimental_new_quantizer = True
        self.experimental_enable_resource_variables = True
        self.experimental_new_dynamic_range_quantizer = True
        self.exclude_conversion_metadata = False

    @classmethod
    def _of(cls, function: Callable, modules: Iterable[Any], signature: list) -> TFLiteConverter:
        self = cls.__new__(cls)
        self._prepare(function, modules, signature)
        return self

    @classmethod
    def from_keras_model(cls, model: Any) -> TFLiteConverter:
        """A converter of a built model."""
        return cls._of(programs.inference(model), [model], signatures.signature_of(model))

    @classmethod
    def from_concrete_functions(cls, funcs: Any, trackable_obj: Any = None) -> TFLiteConverter:
        """A converter of a list with one concrete function."""
        return cls(funcs, trackable_obj)

    @classmethod
    def from_saved_model(cls, saved_model_dir: Any, signature_keys: Any = None, tags: Any = None) -> TFLiteConverter:
        """A converter of what ``model.export`` or ``tf.saved_model.save`` wrote here: programs of torch's.

        Args:
            signature_keys: a list with one name of a function in it.
            tags: TensorFlow's, of no use here.

        Raises:
            ValueError: there is no such function.
        """
        loaded = load(saved_model_dir)
        names = list(signature_keys or [])
        if len(names) > 1:
            raise fail(ValueError, "This converter takes one signature", received=repr(names))
        name = names[0] if names else _NAME
        if name == _NAME and name not in loaded.endpoint_names:
            name = loaded.endpoint_names[0]
        if name not in loaded.endpoint_names:
            raise ValueError(f"Invalid signature key '{name}' in the SavedModel: {loaded.endpoint_names}")
        module = loaded.module(name)
        return cls._of(module, [module], _from_plain(loaded.specs(name)))

    @classmethod
    def experimental_from_jax(cls, serving_funcs: Any, inputs: Any) -> TFLiteConverter:
        """Functions of JAX: not served."""
        raise NotServedError(
            "'tf.lite.TFLiteConverter.experimental_from_jax' is part of the real library but is not served by kerasish."
        )

    def convert(self) -> bytes:
        """The file's contents.

        Raises:
            ImportError: ``litert-torch`` is not installed.
            RuntimeError: the model cannot be converted.
            ValueError: types of inputs or outputs that do not fit the other wishes.
        """
        function, modules, signature = self._program
        wanted = {as_dtype(self.inference_input_type).name, as_dtype(self.inference_output_type).name}
        whole = self.representative_dataset is not None and bool(self.optimizations)
        if wanted - {"float32", "int8"} or (wanted != {"float32"} and not whole):
            raise ValueError(
                "The inference_input_type and inference_output_type must be tf.float32, or both tf.int8 with optimizations "
                f"and a representative_dataset. Received: {sorted(wanted)}."
            )
        if len(wanted) > 1:
            raise ValueError("The inference_input_type and inference_output_type must be the same.")
        contents = litert.convert(function, modules, signature)
        types = {as_dtype(kind).name for kind in self.target_spec.supported_types}
        if not self.optimizations:
            return contents
        if "float16" in types:
            return _quantized(contents, "float16", None, False)
        if not whole:
            return _quantized(contents, "dynamic_wi8_afp32", None, False)
        recipe = "static_wi8_ai16" if _INT16 in self.target_spec.supported_ops else "static_wi8_ai8"
        return _quantized(contents, recipe, self._examples(signature), wanted == {"float32"})

    def _examples(self, signature: list) -> list[dict]:
        names = [name.replace("/", "_").replace(":", "_") for name in signatures.input_names(signature)]
        source = self.representative_dataset
        source = source.input_gen if isinstance(source, RepresentativeDataset) else source
        return [_by_name(example, names, signatures.flat(signature)) for example in source()]


def _from_plain(spec: Any) -> Any:
    """Specifications, of what a file holds."""
    if isinstance(spec, list):
        return [_from_plain(part) for part in spec]
    if "shape" not in spec:
        return {key: _from_plain(part) for key, part in spec.items()}
    return signatures.Spec(tuple(spec["shape"]), spec["dtype"], spec.get("name"))


def _by_name(example: Any, names: list[str], specs: list) -> dict:
    values = list(example.values()) if isinstance(example, dict) else tree.flatten(example)
    if isinstance(example, dict) and set(example) == set(names):
        values = [example[name] for name in names]
    return {name: np.asarray(value, dtype=spec.dtype) for name, value, spec in zip(names, values, specs)}


def _quantized(contents: bytes, recipe: str, examples: list[dict] | None, float_ends: bool) -> bytes:
    """A file whose numbers are narrower.

    Args:
        recipe: of ``ai_edge_quantizer.recipe``, or "float16" for weights of that dtype.
        examples: inputs by name, for recipes that narrow what is computed.
        float_ends: whether inputs and outputs stay as they are.
    """
    package = litert.package("ai_edge_quantizer", "ai-edge-quantizer")
    with tempfile.TemporaryDirectory() as folder, _quiet():
        source, target = (str(pathlib.Path(folder) / name) for name in ("a.tflite", "b.tflite"))
        pathlib.Path(source).write_bytes(contents)
        quantizer = package.quantizer.Quantizer(source)
        if recipe == "float16":
            quantizer.load_quantization_recipe(_float16(package))
        else:
            quantizer.load_quantization_recipe(getattr(package.recipe, recipe)())
        if float_ends:
            for end in ("INPUT", "OUTPUT"):
                _leave(package, quantizer, end)
        found = quantizer.calibrate({_NAME: examples}) if examples is not None else None
        quantizer.quantize(found).export_model(target)
        return pathlib.Path(target).read_bytes()


def _float16(package: Any) -> Any:
    settings = package.qtyping
    weights = settings.TensorQuantizationConfig(num_bits=16, symmetric=True, dtype=settings.TensorDataType.FLOAT)
    config = settings.OpQuantizationConfig(
        weight_tensor_config=weights, compute_precision=settings.ComputePrecision.FLOAT, explicit_dequantize=True
    )
    manager = package.recipe_manager.RecipeManager()
    manager.add_quantization_config(
        regex=".*",
        operation_name=settings.TFLOperationName.ALL_SUPPORTED,
        op_config=config,
        algorithm_key="float_casting",
    )
    return manager.get_quantization_recipe()


def _leave(package: Any, quantizer: Any, end: str) -> None:
    """Let the inputs or outputs stay floating-point numbers."""
    quantizer.update_quantization_recipe(
        regex=".*",
        operation_name=package.qtyping.TFLOperationName[end],
        algorithm_key=package.recipe.AlgorithmName.NO_QUANTIZE,
    )


@contextlib.contextmanager
def _quiet() -> Any:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
