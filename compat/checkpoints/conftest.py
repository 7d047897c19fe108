"""Puts this folder on the path, for the plans and runners: pytest's importlib mode leaves it off."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
