"""What importing the package brings in: torch and NumPy, and nothing that is only used now and then."""

import subprocess
import sys

import pytest

HEAVY = "h5py pandas PIL matplotlib IPython sklearn tensorboard pyarrow torch._dynamo torch._inductor torch._subclasses"


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("module", ["kerasish", "kerasish.tf"])
def test_importing_loads_no_heavy_module(module):
    code = f"import sys, torch; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    loaded = run(code)
    assert not [name for name in loaded if name.partition(".")[0] in HEAVY.split() or name in HEAVY.split()]


def test_symbolic_operations_load_no_compiler():
    """Torch's functions for tensors without storage would import it, which takes seconds."""
    code = """
import sys
import numpy as np
import kerasish as keras
x = keras.Input((3,))
y = keras.ops.relu(x + 1) * x - keras.ops.exp(x) / 2
y = keras.layers.Multiply()([y, keras.ops.softmax(keras.layers.Dense(3)(y))])
y = keras.ops.mean(keras.ops.where(y > 0, y, x), axis=-1) + keras.ops.norm(x, axis=-1)
print(*keras.Model(x, y)(np.ones((2, 3), "float32")).shape, "torch._dynamo" in sys.modules)
"""
    assert run(code) == ["2", "False"]


def test_importing_leaves_the_garbage_collector_as_it_was():
    assert run("import gc, kerasish; print(gc.isenabled())") == ["True"]
    assert run("import gc; gc.disable(); import kerasish; print(gc.isenabled())") == ["False"]


def test_importing_aliases_nothing():
    code = "import sys, kerasish, kerasish.tf; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    assert run(code) == ["False", "False"]


def test_importing_draws_no_random_numbers():
    seed, draw = (
        "import random, torch; random.seed(0); torch.manual_seed(0)",
        "print(random.random(), torch.rand(1).item())",
    )
    assert run(f"{seed}; import kerasish.tf; {draw}") == run(f"{seed}; {draw}")
