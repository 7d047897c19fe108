"""``tf.lite.Interpreter``: runs LiteRT files, by the optional package ``ai-edge-litert``."""

from __future__ import annotations

import enum
from typing import Any

from kerasish.core.errors import fail
from kerasish.export.litert import package
from kerasish.tf.creation import is_tensor


class OpResolverType(enum.Enum):
    """Which kernels run the operations."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def _runtime() -> Any:
    return package("ai_edge_litert.interpreter", "ai-edge-litert")


class Interpreter:
    """Runs a LiteRT file.

    Args:
        model_path, model_content: the file's path, or what it contains; one of them.
        experimental_delegates: of ``load_delegate``.
        num_threads: that the kernels may use.
        experimental_op_resolver_type: which kernels to use.
        experimental_preserve_all_tensors: keep what is between inputs and outputs.
        experimental_disable_delegate_clustering, experimental_default_delegate_latest_features: passed on.

    Raises:
        ImportError: ``ai-edge-litert`` is not installed.
        ValueError: the file cannot be read.
    """

    def __init__(
        self,
        model_path: Any = None,
        model_content: bytes | None = None,
        experimental_delegates: Any = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
    ) -> None:
        if model_path is None and model_content is None:
            raise ValueError("`model_path` or `model_content` must be specified.")
        if model_path is not None and model_content is not None:
            raise ValueError("`model_path` and `model_content` can't be specified at the same time.")
        runtime = _runtime()
        self._interpreter = runtime.Interpreter(
            model_path=None if model_path is None else str(model_path),
            model_content=model_content,
            experimental_delegates=experimental_delegates,
            num_threads=num_threads,
            experimental_op_resolver_type=runtime.OpResolverType[OpResolverType(experimental_op_resolver_type).name],
            experimental_preserve_all_tensors=experimental_preserve_all_tensors,
            experimental_disable_delegate_clustering=experimental_disable_delegate_clustering,
            experimental_default_delegate_latest_features=experimental_default_delegate_latest_features,
        )

    def allocate_tensors(self) -> None:
        """Make room for inputs and outputs; after sizes have changed, too."""
        self._interpreter.allocate_tensors()

    def get_input_details(self) -> list[dict]:
        """Name, index, shape, dtype and quantization of each input."""
        return self._interpreter.get_input_details()

    def get_output_details(self) -> list[dict]:
        """The same of each output."""
        return self._interpreter.get_output_details()

    def get_tensor_details(self, subgraph_index: int = 0) -> list[dict]:
        """The same of every tensor."""
        return self._interpreter.get_tensor_details(subgraph_index)

    def get_signature_list(self) -> dict:
        """The names of inputs and outputs, by signature."""
        return self._interpreter.get_signature_list()

    def get_signature_runner(self, signature_key: str | None = None) -> Any:
        """A function of named inputs that gives a dict of outputs."""
        return self._interpreter.get_signature_runner(signature_key)

    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copy an input into the interpreter."""
        self._interpreter.set_tensor(tensor_index, value.numpy() if is_tensor(value) else value)

    def resize_tensor_input(self, input_index: int, tensor_size: Any, strict: bool = False) -> None:
        """Give an input another shape; ``allocate_tensors`` comes after it."""
        self._interpreter.resize_tensor_input(input_index, tensor_size, strict)

    def invoke(self) -> None:
        """Compute."""
        self._interpreter.invoke()

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Any:
        """A copy of an output as an array."""
        return self._interpreter.get_tensor(tensor_index, subgraph_index)

    def tensor(self, tensor_index: int) -> Any:
        """A function that gives a view of a tensor."""
        return self._interpreter.tensor(tensor_index)

    def num_subgraphs(self) -> int:
        """How many graphs the file has."""
        return self._interpreter.num_subgraphs()

    def reset_all_variables(self) -> None:
        """Give variables their first values."""
        self._interpreter.reset_all_variables()


def load_delegate(library: str, options: dict | None = None) -> Any:
    """A library that computes instead of the built-in kernels.

    Raises:
        ValueError: it cannot be loaded.
        ImportError: ``ai-edge-litert`` is not installed.
    """
    if not isinstance(library, str):
        raise fail(TypeError, "A delegate is named by its library's path", received=repr(library))
    return _runtime().load_delegate(library, options)
