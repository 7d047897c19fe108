"""``keras.src.testing.TestCase``: assertions on arrays and the usual checks of a layer class, for tests of packages."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import shutil
import tempfile
import unittest
from typing import Any

import numpy as np

from kerasish import backend, models, ops, saving, utils
from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.registry import CustomObjectScope
from kerasish.core.symbolic import KerasTensor


def _base() -> type:
    """absl's parameterized test case where it is installed: its decorators need it."""
    if importlib.util.find_spec("absl") is None:
        return unittest.TestCase
    from absl.testing import parameterized

    return parameterized.TestCase


class TestCase(_base()):  # type: ignore[misc]
    """A test case that starts with a cleared session and knows arrays and layers."""

    def setUp(self) -> None:
        utils.clear_session(free_memory=False)
        super().setUp()

    def get_temp_dir(self) -> str:
        """A folder that is removed after the test."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def convert_to_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def assertAllClose(
        self,
        x1: Any,
        x2: Any,
        atol: float = 1e-6,
        rtol: float = 1e-6,
        tpu_atol: float | None = None,
        tpu_rtol: float | None = None,
        msg: str | None = None,
    ) -> None:
        """Arrays agree; the tolerances named after TPUs are those on a TPU."""
        if ":TPU:" in devices.tf_name(devices.current()):
            atol, rtol = tpu_atol or atol, tpu_rtol or rtol
        np.testing.assert_allclose(np.asarray(x1), np.asarray(x2), atol=atol, rtol=rtol, err_msg=msg or "")

    def assertNotAllClose(
        self, x1: Any, x2: Any, atol: float = 1e-6, rtol: float = 1e-6, msg: str | None = None
    ) -> None:
        if np.allclose(np.asarray(x1), np.asarray(x2), atol=atol, rtol=rtol):
            self.fail(msg or f"The two values are close at all elements.\n{x1}\n{x2}")

    def assertAllEqual(self, actual: Any, desired: Any, msg: str | None = None) -> None:
        for a, b in zip(tree.flatten(actual), tree.flatten(desired), strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=msg or "")

    def assertLen(self, iterable: Any, expected_len: int, msg: str | None = None) -> None:
        self.assertEqual(len(iterable), expected_len, msg=msg)

    def assertDType(self, x: Any, dtype: Any, msg: str | None = None) -> None:
        self.assertEqual(backend.standardize_dtype(x.dtype), backend.standardize_dtype(dtype), msg=msg)

    def assertFileExists(self, path: Any) -> None:
        self.assertTrue(pathlib.Path(path).is_file(), f"File {path} does not exist")

    def run_class_serialization_test(self, instance: Any, custom_objects: dict | None = None) -> Any:
        """The configuration makes an equal object, directly and as JSON; returns that object."""
        before = json.dumps(instance.get_config(), default=str, sort_keys=True)
        with CustomObjectScope(custom_objects or {}):
            revived = type(instance).from_config(instance.get_config())
            self.assertEqual(before, json.dumps(revived.get_config(), default=str, sort_keys=True))
            data = json.loads(json.dumps(saving.serialize_keras_object(instance)))
            revived = saving.deserialize_keras_object(data)
        self.assertEqual(json.loads(before), json.loads(json.dumps(revived.get_config(), default=str)))
        self.assertEqual(set(dir(instance)), set(dir(revived)))
        return revived

    def run_layer_test(
        self,
        layer_cls: type,
        init_kwargs: dict | None,
        input_shape: Any = None,
        input_dtype: Any = None,
        input_data: Any = None,
        call_kwargs: dict | None = None,
        expected_output_shape: Any = None,
        expected_output_dtype: Any = None,
        expected_output: Any = None,
        expected_num_trainable_weights: int | None = None,
        expected_num_non_trainable_weights: int | None = None,
        expected_num_non_trainable_variables: int | None = None,
        expected_num_seed_generators: int | None = None,
        expected_num_losses: int | None = None,
        supports_masking: bool | None = None,
        expected_mask_shape: tuple | None = None,
        custom_objects: dict | None = None,
        run_training_check: bool = True,
        run_mixed_precision_check: bool = True,
        assert_built_after_instantiation: bool = False,
        tpu_atol: float | None = None,
        tpu_rtol: float | None = None,
        **unserved: Any,
    ) -> None:
        """Serialise, build, call symbolically and on values, and train a layer class; compare with what is stated.

        Raises:
            NotImplementedError: sparse or ragged inputs are asked for.
        """
        asked = sorted(key for key, value in unserved.items() if value)
        if asked:
            raise NotImplementedError(
                f"run_layer_test has no {asked}: there are no sparse or ragged tensors of Keras here"
            )
        init_kwargs, call_kwargs = init_kwargs or {}, call_kwargs or {}
        counts = {
            "trainable_weights": expected_num_trainable_weights,
            "non_trainable_weights": expected_num_non_trainable_weights,
            "non_trainable_variables": expected_num_non_trainable_variables,
            "_seed_generators": expected_num_seed_generators,
            "losses": expected_num_losses,
        }
        layer = layer_cls(**init_kwargs)
        if assert_built_after_instantiation:
            self.assertTrue(layer.built)
        self.run_class_serialization_test(layer, custom_objects)
        if supports_masking is not None:
            self.assertEqual(layer.supports_masking, supports_masking, msg="Unexpected supports_masking value")
        data = input_data if input_data is not None else _eager(input_shape, input_dtype)
        if data is None:
            return
        symbolic = tree.map_structure(lambda x: KerasTensor(np.shape(x), backend.standardize_dtype(x.dtype)), data)
        stated = (expected_output_shape, expected_output_dtype)
        self._check_outputs(_called(layer_cls(**init_kwargs), symbolic, call_kwargs), *stated)
        output = _called(layer, data, call_kwargs)
        self.assertTrue(layer.built)
        self._check_outputs(output, *stated)
        for name, expected in counts.items():
            if expected is not None:
                self.assertLen(getattr(layer, name), expected, msg=f"Unexpected number of {name.lstrip('_')}")
        if expected_output is not None:
            self.assertAllClose(expected_output, output, 1e-5, 1e-5, tpu_atol, tpu_rtol)
        if expected_mask_shape is not None:
            mask = layer.compute_mask(symbolic, KerasTensor(np.shape(symbolic)[:2], "bool"))
            self.assertEqual(tuple(mask.shape), tuple(expected_mask_shape))
        if run_training_check:
            self._train(layer_cls(**init_kwargs), data, output, call_kwargs)
        if run_mixed_precision_check and not isinstance(data, dict):
            mixed = layer_cls(**{**init_kwargs, "dtype": "mixed_float16"})
            _called(mixed, data, call_kwargs)
            for weight in mixed.weights:
                self.assertIn(backend.standardize_dtype(weight.dtype), ("float32", "int32", "int64", "uint32", "bool"))

    def _check_outputs(self, output: Any, shape: Any, dtype: Any) -> None:
        if shape is not None:
            shapes = shape if isinstance(output, (list, tuple, dict)) else [shape]
            shapes = list(shapes.values()) if isinstance(shapes, dict) else list(shapes)
            self.assertEqual([tuple(x.shape) for x in tree.flatten(output)], [tuple(s) for s in shapes])
        if dtype is not None:
            dtypes = dtype if isinstance(dtype, (list, tuple)) else [dtype]
            for x, wanted in zip(tree.flatten(output), dtypes):
                self.assertDType(x, wanted)

    def _train(self, layer: Any, data: Any, output: Any, call_kwargs: dict) -> None:
        """Three steps of a model that consists of the layer."""
        if not all("float" in str(x.dtype) for x in tree.flatten(output)):
            return

        class OneLayer(models.Model):
            def __init__(self, inner: Any) -> None:
                super().__init__()
                self.inner = inner

            def call(self, x: Any, training: bool | None = None) -> Any:
                return _called(self.inner, x, call_kwargs)

        model = OneLayer(layer)
        model.compile(optimizer="sgd", loss="mse")
        targets = tree.map_structure(lambda x: np.zeros(np.shape(x), "float32"), output)
        arrays = tree.map_structure(np.asarray, data)
        model.fit(arrays, targets, epochs=1, batch_size=len(tree.flatten(arrays)[0]), verbose=0)


def _called(layer: Any, data: Any, kwargs: dict) -> Any:
    return layer(**data, **kwargs) if isinstance(data, dict) else layer(data, **kwargs)


def _eager(shape: Any, dtype: Any) -> Any:
    """Random arrays for a shape, or a structure of shapes."""
    if shape is None:
        return None
    if isinstance(shape, dict):
        return {key: _eager(value, dtype and dtype[key]) for key, value in shape.items()}
    if isinstance(shape, list) or (shape and isinstance(shape[0], (tuple, list))):
        dtypes = dtype if isinstance(dtype, (list, tuple)) else [dtype] * len(shape)
        return type(shape)(_eager(part, d) for part, d in zip(shape, dtypes))
    if dtype is not None and "int" in str(dtype):
        return ops.convert_to_tensor(np.ones(shape), dtype)
    values = np.random.default_rng(0).uniform(size=shape)
    return ops.convert_to_tensor(values, dtype or "float32")


__all__ = ["TestCase"]
