"""``tf.linalg``: functions of matrices (``functions.py``) and operators that stand for matrices (``operator.py``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.linalg import experimental as experimental
from kerasish.tf.linalg import rules as _rules  # noqa: F401 - what operators give together
from kerasish.tf.linalg.bands import banded_triangular_solve as banded_triangular_solve
from kerasish.tf.linalg.bands import eigh_tridiagonal as eigh_tridiagonal
from kerasish.tf.linalg.bands import logm as logm
from kerasish.tf.linalg.bands import sqrtm as sqrtm
from kerasish.tf.linalg.bands import tridiagonal_matmul as tridiagonal_matmul
from kerasish.tf.linalg.bands import tridiagonal_solve as tridiagonal_solve
from kerasish.tf.linalg.blocks import LinearOperatorBlockDiag as LinearOperatorBlockDiag
from kerasish.tf.linalg.blocks import LinearOperatorBlockLowerTriangular as LinearOperatorBlockLowerTriangular
from kerasish.tf.linalg.circulant import LinearOperatorCirculant as LinearOperatorCirculant
from kerasish.tf.linalg.circulant import LinearOperatorCirculant2D as LinearOperatorCirculant2D
from kerasish.tf.linalg.circulant import LinearOperatorCirculant3D as LinearOperatorCirculant3D
from kerasish.tf.linalg.combined import LinearOperatorAdjoint as LinearOperatorAdjoint
from kerasish.tf.linalg.combined import LinearOperatorComposition as LinearOperatorComposition
from kerasish.tf.linalg.combined import LinearOperatorInversion as LinearOperatorInversion
from kerasish.tf.linalg.combined import LinearOperatorKronecker as LinearOperatorKronecker
from kerasish.tf.linalg.combined import LinearOperatorLowRankUpdate as LinearOperatorLowRankUpdate
from kerasish.tf.linalg.functions import adjoint as adjoint
from kerasish.tf.linalg.functions import band_part as band_part
from kerasish.tf.linalg.functions import cholesky as cholesky
from kerasish.tf.linalg.functions import cholesky_solve as cholesky_solve
from kerasish.tf.linalg.functions import cross as cross
from kerasish.tf.linalg.functions import det as det
from kerasish.tf.linalg.functions import diag as diag
from kerasish.tf.linalg.functions import diag_part as diag_part
from kerasish.tf.linalg.functions import eig as eig
from kerasish.tf.linalg.functions import eigh as eigh
from kerasish.tf.linalg.functions import eigvals as eigvals
from kerasish.tf.linalg.functions import eigvalsh as eigvalsh
from kerasish.tf.linalg.functions import einsum as einsum
from kerasish.tf.linalg.functions import expm as expm
from kerasish.tf.linalg.functions import eye as eye
from kerasish.tf.linalg.functions import global_norm as global_norm
from kerasish.tf.linalg.functions import inv as inv
from kerasish.tf.linalg.functions import l2_normalize as l2_normalize
from kerasish.tf.linalg.functions import logdet as logdet
from kerasish.tf.linalg.functions import lstsq as lstsq
from kerasish.tf.linalg.functions import lu as lu
from kerasish.tf.linalg.functions import lu_matrix_inverse as lu_matrix_inverse
from kerasish.tf.linalg.functions import lu_reconstruct as lu_reconstruct
from kerasish.tf.linalg.functions import lu_solve as lu_solve
from kerasish.tf.linalg.functions import matmul as matmul
from kerasish.tf.linalg.functions import matrix_rank as matrix_rank
from kerasish.tf.linalg.functions import matrix_transpose as matrix_transpose
from kerasish.tf.linalg.functions import matvec as matvec
from kerasish.tf.linalg.functions import norm as norm
from kerasish.tf.linalg.functions import normalize as normalize
from kerasish.tf.linalg.functions import pinv as pinv
from kerasish.tf.linalg.functions import qr as qr
from kerasish.tf.linalg.functions import set_diag as set_diag
from kerasish.tf.linalg.functions import slogdet as slogdet
from kerasish.tf.linalg.functions import solve as solve
from kerasish.tf.linalg.functions import svd as svd
from kerasish.tf.linalg.functions import tensor_diag as tensor_diag
from kerasish.tf.linalg.functions import tensor_diag_part as tensor_diag_part
from kerasish.tf.linalg.functions import tensordot as tensordot
from kerasish.tf.linalg.functions import trace as trace
from kerasish.tf.linalg.functions import triangular_solve as triangular_solve
from kerasish.tf.linalg.identity import LinearOperatorIdentity as LinearOperatorIdentity
from kerasish.tf.linalg.identity import LinearOperatorScaledIdentity as LinearOperatorScaledIdentity
from kerasish.tf.linalg.identity import LinearOperatorZeros as LinearOperatorZeros
from kerasish.tf.linalg.operator import LinearOperator as LinearOperator
from kerasish.tf.linalg.plain import LinearOperatorDiag as LinearOperatorDiag
from kerasish.tf.linalg.plain import LinearOperatorFullMatrix as LinearOperatorFullMatrix
from kerasish.tf.linalg.plain import LinearOperatorHouseholder as LinearOperatorHouseholder
from kerasish.tf.linalg.plain import LinearOperatorLowerTriangular as LinearOperatorLowerTriangular
from kerasish.tf.linalg.plain import LinearOperatorPermutation as LinearOperatorPermutation
from kerasish.tf.linalg.plain import LinearOperatorToeplitz as LinearOperatorToeplitz
from kerasish.tf.linalg.plain import LinearOperatorTridiag as LinearOperatorTridiag


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
