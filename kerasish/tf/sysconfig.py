"""``tf.sysconfig``: how the library was built. It is Python over torch: headers and flags are torch's."""

from __future__ import annotations

import collections
import pathlib
from typing import Any

import torch

from kerasish.core.errors import missing_name

_ROOT = pathlib.Path(torch.__file__).parent
CXX11_ABI_FLAG = int(torch.compiled_with_cxx11_abi())
CXX_VERSION = 201703
MONOLITHIC_BUILD = 0


def get_include() -> str:
    """The folder of torch's C++ headers."""
    return str(_ROOT / "include")


def get_lib() -> str:
    """The folder of torch's libraries."""
    return str(_ROOT / "lib")


def get_compile_flags() -> list[str]:
    """What C++ code over torch is compiled with."""
    return [f"-I{get_include()}", f"-D_GLIBCXX_USE_CXX11_ABI={CXX11_ABI_FLAG}", "--std=c++17"]


def get_link_flags() -> list[str]:
    """What C++ code over torch is linked with."""
    return [f"-L{get_lib()}", "-ltorch"]


def get_build_info() -> collections.OrderedDict:
    """Which accelerators torch was built for."""
    rocm = getattr(torch.version, "hip", None) is not None
    info: dict[str, Any] = {"is_cuda_build": torch.version.cuda is not None, "is_rocm_build": rocm}
    info["is_tensorrt_build"] = False
    if torch.version.cuda is not None:
        info["cuda_version"] = torch.version.cuda
    return collections.OrderedDict(sorted(info.items()))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
