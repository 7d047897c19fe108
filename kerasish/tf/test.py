"""``tf.test``: test cases that compare tensors, and questions about the machine."""
# ruff: noqa: PT009, PT027 - this is unittest's side

from __future__ import annotations

import contextlib
import functools
import itertools
import platform
import re
import types
import unittest
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes, tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import OpError, missing_name
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.assertions import Assertions
from kerasish.tf.distribute.servers import Server
from kerasish.tf.train.cluster import ClusterSpec

# the machine ----------------------------------------------------------------------------------------------------------


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Whether a GPU is in use, of CUDA and of at least this compute capability (major, minor) if so wanted."""
    if min_cuda_compute_capability is not None:
        return devices.has_compute_capability(tuple(min_cuda_compute_capability))
    if cuda_only:
        return devices.has_compute_capability((0, 0))
    return bool(devices.count(devices.kind_of("GPU")))


def _sync_devices() -> None:
    """Wait until all devices have computed what was asked of them."""
    devices.wait_for_all()


experimental = types.SimpleNamespace(sync_devices=_sync_devices)


def gpu_device_name() -> str:
    """The name of the first GPU, "/device:GPU:0"; empty if there is none."""
    return "/device:GPU:0" if is_gpu_available() else ""


def is_built_with_cuda() -> bool:
    """Whether torch was built for CUDA."""
    return torch.version.cuda is not None


def is_built_with_rocm() -> bool:
    """Whether torch was built for ROCm."""
    return getattr(torch.version, "hip", None) is not None


def is_built_with_gpu_support() -> bool:
    """Whether torch was built for GPUs."""
    return is_built_with_cuda() or is_built_with_rocm() or torch.backends.mps.is_built()


def is_built_with_xla() -> bool:
    """Whether torch_xla's devices are present."""
    return bool(devices.present(devices.kind_of("TPU")))


def is_cpu_target_available(target: str) -> bool:
    """Whether code for a kind of processor ("x86", "aarch64", "power", …) runs here."""
    machine = platform.machine().lower()
    kinds = {"x86": ("x86_64", "amd64", "i386", "i686"), "aarch64": ("aarch64", "arm64"), "arm": ("arm", "armv7l")}
    kinds |= {"systemz": ("s390x",), "power": ("ppc64le", "ppc64")}
    return machine in kinds.get(target, ())


def create_local_cluster(
    num_workers: int, num_ps: int, protocol: str = "grpc", worker_config: Any = None, ps_config: Any = None
) -> tuple[list[Server], list[Server]]:
    """Workers and parameter servers in this process; see ``tf.distribute.Server``.

    Args:
        worker_config, ps_config: options of TensorFlow 1's sessions; must be None.
    """
    counts = {"worker": num_workers, "ps": num_ps}
    ports = itertools.count(40001)
    cluster = ClusterSpec({job: [f"localhost:{next(ports)}" for _ in range(n)] for job, n in counts.items()})
    workers, servers = (
        [Server(cluster, job, i, protocol, config) for i in range(counts[job])]
        for job, config in (("worker", worker_config), ("ps", ps_config))
    )
    return workers, servers


def with_eager_op_as_function(cls: Any = None, only_as_function: bool = False) -> Any:
    """The class of tests as it is: operations run in one way here."""
    return (lambda given: given) if cls is None else cls


def disable_with_predicate(pred: Callable, skip_message: str) -> Callable:
    """Decorate a test that is skipped where ``pred()`` is true."""

    def decorate(method: Callable) -> Callable:
        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            if pred():
                self.skipTest(skip_message)
            return method(self, *args, **kwargs)

        return run

    return decorate


# test cases -----------------------------------------------------------------------------------------------------------


def _array(value: Any) -> np.ndarray:
    return np.asarray(value.numpy() if dispatch.is_tensor(value) and hasattr(value, "numpy") else value)


def _numbers_apart(text: str) -> tuple[str, list[float]]:
    """A message's text without its numbers, and these."""
    pattern = r"(?<=: )[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)(?=\n)"
    return re.sub(pattern, "#", text), [float(number) for number in re.findall(pattern, text)]


class TestCase(Assertions):
    """A test case of Python's unittest that compares tensors and arrays."""

    __test__ = False  # pytest: this class is not a test; those derived from it are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    # running

    def evaluate(self, tensors: Any) -> Any:
        """Tensors, in any structure, as NumPy arrays."""
        return tree.map_structure(lambda t: t.numpy() if dispatch.is_tensor(t) else t, tensors)

    @contextlib.contextmanager
    def cached_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Any]:
        """A block in which ``.eval()`` may be called; operations run as they are called."""
        yield self

    session = cached_session
    test_session = cached_session

    def evaluate_if_both_tensors(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Both as NumPy arrays if both are tensors; otherwise as they are."""
        both = dispatch.is_tensor(a) and dispatch.is_tensor(b)
        return (self.evaluate(a), self.evaluate(b)) if both else (a, b)

    def assertProtoEquals(
        self,
        expected_message_maybe_ascii: Any,
        validate_message: Any,
        msg: str | None = None,
        relative_tolerance: float | None = None,
    ) -> None:
        """Fail unless two messages are equal; the first may be a text in Protocol Buffers' text format.

        Args:
            relative_tolerance: of numbers; None: they must be equal.

        Raises:
            ImportError: a text, and Protocol Buffers' package is not installed.
        """
        expected = expected_message_maybe_ascii
        if isinstance(expected, (str, bytes)):
            try:
                from google.protobuf import text_format
            except ImportError:
                raise ImportError("Texts of messages need Protocol Buffers' package: pip install protobuf") from None
            expected = text_format.Merge(expected, type(validate_message)())
        if type(expected) is not type(validate_message):
            self.fail(msg or f"Can't compare protos of type {type(expected)} and {type(validate_message)}.")
        if relative_tolerance is None:
            self.assertEqual(str(expected), str(validate_message), msg)
            return
        first, second = _numbers_apart(str(expected)), _numbers_apart(str(validate_message))
        self.assertEqual(first[0], second[0], msg)
        np.testing.assert_allclose(first[1], second[1], rtol=relative_tolerance, err_msg=msg or "")

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Fail unless two names of devices, or ``tf.DeviceSpec``, mean one."""
        first, second = (d if isinstance(d, str) or d is None else d.to_string() for d in (device1, device2))
        self.assertEqual(first, second, msg or f"Devices {device1} and {device2} are not equal.")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """A block in which an operation fails with a text that has a pattern."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    def assertRaisesIncompatibleShapesError(
        self, exception_type: type = OpError, exception_message: str = r"Incompatible shapes|.*"
    ) -> Any:
        """A block in which shapes do not fit."""
        return self.assertRaisesWithPredicateMatch(exception_type, exception_message)

    def get_temp_dir(self) -> str:
        """A directory of this test's own, removed when it ends."""
        return self._folder_of_test()

    # comparing

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail unless two arrays have one shape and equal elements; NaN equals NaN."""
        first, second = _array(a), _array(b)
        self.assertEqual(first.shape, second.shape, msg)
        np.testing.assert_array_equal(first, second, msg or "")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail if two arrays have one shape and equal elements."""
        with self.assertRaises(AssertionError, msg=msg):
            self.assertAllEqual(a, b)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fail unless |a - b| ≤ atol + rtol · |b|, in all leaves of two structures."""
        if isinstance(a, (list, tuple, dict)) and isinstance(b, (list, tuple, dict)) and not _is_array_like(a):
            for first, second in zip(tree.flatten(a), tree.flatten(b), strict=True):
                self.assertAllClose(first, second, rtol, atol, msg)
            return
        first, second = _array(a), _array(b)
        self.assertEqual(first.shape, second.shape, msg)
        if {first.dtype.name, second.dtype.name} & {"float16", "bfloat16"}:
            rtol, atol = max(rtol, 1e-2), max(atol, 1e-2)
        np.testing.assert_allclose(first.astype("float64"), second.astype("float64"), rtol, atol, err_msg=msg or "")

    def assertNotAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fail if two structures are close; see ``assertAllClose``."""
        with self.assertRaises(AssertionError, msg=msg):
            self.assertAllClose(a, b, rtol, atol)

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """``assertAllClose``, with the tolerances of the coarser of both dtypes where these are larger."""
        kinds = {_array(value).dtype.name for value in (a, b)}
        tolerances = {
            "float32": (float_rtol, float_atol), "complex64": (float_rtol, float_atol), "float16": (half_rtol, half_atol),
            "bfloat16": (bfloat16_rtol, bfloat16_atol),
        }  # fmt: skip
        for kind in kinds & set(tolerances):
            rtol, atol = max(rtol, tolerances[kind][0]), max(atol, tolerances[kind][1])
        self.assertAllClose(a, b, rtol, atol, msg)

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Fail unless all elements lie between two bounds."""
        values = _array(target)
        above = values > lower_bound if open_lower_bound else values >= lower_bound
        below = values < upper_bound if open_upper_bound else values <= upper_bound
        self.assertTrue(
            bool(np.all(above & below)), f"Some elements lie outside of {lower_bound} … {upper_bound}: {values}"
        )

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fail unless all elements are in a set."""
        self.assertTrue(set(_array(target).reshape(-1).tolist()) <= set(expected_set))

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are greater."""
        self.assertTrue(bool(np.all(_array(a) > comparison_target)), f"{a} > {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are greater or equal."""
        self.assertTrue(bool(np.all(_array(a) >= comparison_target)), f"{a} >= {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are less."""
        self.assertTrue(bool(np.all(_array(a) < comparison_target)), f"{a} < {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are less or equal."""
        self.assertTrue(bool(np.all(_array(a) <= comparison_target)), f"{a} <= {comparison_target}")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fail unless two numbers differ by at most ``err``."""
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err, msg or f"{f1} != {f2} +/- {err}")

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: str | None = None) -> None:
        """Fail unless two arrays have one shape."""
        self.assertEqual(tuple(input_a.shape), tuple(input_b.shape), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fail unless an array has this dtype."""
        self.assertEqual(dtypes.as_dtype(target.dtype), dtypes.as_dtype(expected_dtype))

    def assertLen(self, container: Any, expected_len: int, msg: str | None = None) -> None:
        """Fail unless a container has this length."""
        self.assertEqual(len(container), expected_len, msg)

    def assertEmpty(self, container: Any, msg: str | None = None) -> None:
        """Fail unless a container is empty."""
        self.assertEqual(len(container), 0, msg)

    def assertNotEmpty(self, container: Any, msg: str | None = None) -> None:
        """Fail if a container is empty."""
        self.assertGreater(len(container), 0, msg)


def _is_array_like(value: Any) -> bool:
    return not isinstance(value, dict) and not any(
        dispatch.is_tensor(x) or isinstance(x, dict) for x in tree.flatten(value)
    )


def main(argv: Any = None) -> Any:
    """Run the tests of the module that was started (``unittest.main``)."""
    return unittest.main(argv=argv)


def compute_gradient(f: Callable, x: Sequence, delta: float | None = None) -> tuple[tuple, tuple]:
    """The Jacobians of ``f(*x)`` with respect to each x: as the tape has them, and by differences.

    Args:
        delta: the width of the differences; default: 1/1024.

    Returns:
        Two tuples of matrices: (elements of the result, elements of x).
    """
    if not isinstance(x, (list, tuple)):
        raise ValueError(f"`x` must be a list or tuple of values convertible to a Tensor, not a {type(x)}")
    step = 1.0 / 1024 if delta is None else delta
    inputs = [convert(value) for value in x]
    with GradientTape(persistent=True) as tape:
        for tensor in inputs:
            tape.watch(tensor)
        y = f(*inputs)
    theory, numeric = [], []
    for i, tensor in enumerate(inputs):
        jacobian = tape.jacobian(y, tensor)
        size, count = int(np.prod(tuple(y.shape))), int(np.prod(tuple(tensor.shape)))
        theory.append(np.zeros((size, count)) if jacobian is None else jacobian.numpy().reshape(size, count))
        numeric.append(_differences(f, inputs, i, step).reshape(count, size).T)
    return tuple(theory), tuple(numeric)


def _differences(f: Callable, inputs: list[Tensor], place: int, step: float) -> np.ndarray:
    base = inputs[place].numpy()
    rows = []
    for i in np.ndindex(base.shape):
        sides = []
        for sign in (1, -1):
            moved = np.array(base)
            moved[i] += sign * step
            sides.append(f(*[*inputs[:place], convert(moved), *inputs[place + 1 :]]).numpy())
        rows.append((sides[0] - sides[1]) / (2 * step))
    return np.stack(rows)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
