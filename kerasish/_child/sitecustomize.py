"""Read by Python at start-up in processes that a kerasish process has started: hands ``install()`` on to them.

Nothing of kerasish is imported before the process asks for TensorFlow or Keras.
"""

import importlib.util
import os
import sys


class _Trigger:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ("tensorflow", "keras", "tf_keras"):
            return None
        sys.meta_path.remove(self)
        import kerasish

        kerasish.install()
        return importlib.util.find_spec(name)


def _run_hidden_sitecustomize():
    """Another sitecustomize on the path, which this one hides, still has its turn."""
    own = os.path.dirname(os.path.abspath(__file__))
    for folder in sys.path:
        path = os.path.join(folder, "sitecustomize.py")
        if os.path.abspath(folder) != own and os.path.isfile(path):
            spec = importlib.util.spec_from_file_location("_hidden_sitecustomize", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return


_run_hidden_sitecustomize()
sys.meta_path.insert(0, _Trigger())
