"""``tf.config.optimizer``: wishes about the optimization of graphs, which never change results."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name

_ORDER = """layout_optimizer constant_folding shape_optimization remapping arithmetic_optimization dependency_optimization
loop_optimization function_optimization debug_stripper disable_model_pruning scoped_allocator_optimization
pin_to_host_optimization implementation_selector auto_mixed_precision use_plugin_optimizers disable_meta_optimizer""".split()
_options: dict[str, Any] = {}
_jit = {"enabled": ""}


def set_experimental_options(options: dict) -> None:
    """Note wishes about TensorFlow's graph optimizer. There is no such graph here: they are kept and have no effect."""
    _options.update(options)


def get_experimental_options() -> dict:
    """What ``set_experimental_options`` was given."""
    found = {"disable_model_pruning": False, "disable_meta_optimizer": False, **_options}
    return {name: found.pop(name) for name in _ORDER if name in found} | found


def set_jit(enabled: Any) -> None:
    """Note whether TensorFlow's XLA compiler is wanted. kerasish compiles by torch's means: it has no effect."""
    _jit["enabled"] = "autoclustering" if enabled in (True, "autoclustering") else ""


def get_jit() -> str:
    """What ``set_jit`` was given."""
    return _jit["enabled"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
