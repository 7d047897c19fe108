"""Circulant operators: convolutions on a ring, or a torus of two or three dimensions, told by their spectrum."""

from __future__ import annotations

import math as pymath
from typing import Any, ClassVar

from kerasish.core.dtypes import as_dtype, complex64, complex128, int32
from kerasish.core.shape import TensorShape
from kerasish.tf import arrays, creation, math, reductions
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.identity import largest_over_smallest
from kerasish.tf.linalg.operator import LinearOperator, demand, reference
from kerasish.tf.linalg.plain import conjugated, given
from kerasish.tf.signal.fourier import fft, fft2d, fft3d, ifft, ifft2d, ifft3d

_KINDS = ("float16", "float32", "float64", "complex64", "complex128")


class _Circulant(LinearOperator):
    """What the three classes share."""

    _depth: ClassVar[int]
    _transforms: ClassVar[tuple]

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        self._spectrum = reference(spectrum)
        if len(self._spectrum.shape) < self._depth:
            raise ValueError(
                f"Argument `spectrum` must have at least {self._depth} dimensions. Received: {self._spectrum}."
            )
        if not self._spectrum.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError(
                    "A real spectrum always corresponds to a self-adjoint operator. Expected argument `is_self_adjoint` "
                    f"to be True when `spectrum.dtype.is_complex` is True. Received: {is_self_adjoint}."
                )
            is_self_adjoint = True
        if is_square is False:
            raise ValueError(
                "A [[nested] block] circulant operator is always square. Expected argument `is_square` to be True. "
                f"Received: {is_square}."
            )
        super().__init__(
            as_dtype(input_output_dtype), None, is_non_singular, is_self_adjoint, is_positive_definite, True, name,
            parameters,
        )  # fmt: skip
        self._sliced = {"spectrum": self._depth}

    spectrum = property(lambda self: self._spectrum)
    block_depth = property(lambda self: self._depth)

    @property
    def block_shape(self) -> TensorShape:
        """The sizes of the ring or torus."""
        return TensorShape(tuple(self._spectrum.shape)[-self._depth :])

    def block_shape_tensor(self) -> Any:
        return creation.constant(list(self.block_shape), dtype=int32)

    def _shape(self) -> Any:
        size = pymath.prod(self.block_shape)
        return (*tuple(self._spectrum.shape)[: -self._depth], size, size)

    @property
    def _complex(self) -> Any:
        """The dtype in which it is computed."""
        return complex128 if self.dtype.real_dtype.name == "float64" else complex64

    def _of_spectrum(self, adjoint: bool = False) -> Any:
        return conjugated(creation.cast(self._spectrum, self._complex), adjoint)

    def _flat_spectrum(self) -> Any:
        shape = tuple(self._spectrum.shape)
        return arrays.reshape(self._of_spectrum(), (*shape[: -self._depth], -1))

    def _changed(self, x: Any, factor: Any, adjoint_arg: bool) -> Any:
        """x in the spectrum's base, times a factor, and back."""
        x = creation.cast(functions.adjoint(x) if adjoint_arg else x, self._complex)
        forth, back = self._transforms
        columns = functions.matrix_transpose(x)  # (..., r, n)
        blocks = arrays.reshape(columns, (*columns.shape[:-1], *self.block_shape))
        shape = tuple(factor.shape)
        factor = arrays.reshape(factor, (*shape[: -self._depth], 1, *shape[-self._depth :]))
        changed = back(forth(blocks) * factor)
        flat = arrays.reshape(changed, (*tuple(changed.shape)[: -self._depth], -1))
        return self._own(functions.matrix_transpose(flat))

    def _own(self, x: Any) -> Any:
        """A complex result in the operator's dtype."""
        return creation.cast(x if self.dtype.is_complex else math.real(x), self.dtype)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._changed(x, self._of_spectrum(adjoint), adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        spectrum = self._of_spectrum(adjoint)
        return self._changed(rhs, creation.ones_like(spectrum) / spectrum, adjoint_arg)

    def convolution_kernel(self, name: str = "convolution_kernel") -> Any:
        """What a vector is convolved with: the spectrum's inverse transform."""
        return self._own(self._transforms[1](self._of_spectrum()))

    def assert_hermitian_spectrum(self, name: str = "assert_hermitian_spectrum") -> None:
        """Raise ``InvalidArgumentError`` unless the spectrum makes real matrices."""
        kernel = self._transforms[1](self._of_spectrum())
        tolerance = 1e-5 * pymath.prod(self.block_shape)
        demand(math.abs(math.imag(kernel)) <= tolerance, "Spectrum was not Hermitian")

    def _determinant(self) -> Any:
        return self._own(reductions.reduce_prod(self._flat_spectrum(), axis=[-1]))

    def _log_abs_determinant(self) -> Any:
        sums = reductions.reduce_sum(math.log(math.abs(self._flat_spectrum())), axis=-1)
        return creation.cast(sums, self.dtype)

    def _trace(self) -> Any:
        return self._own(reductions.reduce_sum(self._flat_spectrum(), axis=-1))

    def _diag_part(self) -> Any:
        mean = self._trace() / creation.cast(self.domain_dimension, self.dtype)
        return arrays.broadcast_to(mean[..., None], tuple(self.shape[:-1]))

    def _eigvals(self) -> Any:
        return self._flat_spectrum() if self.dtype.is_complex else self._own(self._flat_spectrum())

    def _cond(self) -> Any:
        return largest_over_smallest(math.abs(self._flat_spectrum()))

    def _assert_non_singular(self) -> None:
        demand(math.abs(self._flat_spectrum()) > 0, "Singular operator:  Spectrum contained zero values.")

    def _assert_positive_definite(self) -> None:
        demand(
            math.real(self._flat_spectrum()) > 0,
            "Not positive definite:  Real part of spectrum was not all positive.",
        )

    def _assert_self_adjoint(self) -> None:
        demand(
            math.imag(self._flat_spectrum()) == 0,
            "Not self-adjoint:  The spectrum contained non-zero imaginary part.",
        )


class LinearOperatorCirculant(_Circulant):
    """Circulant matrices: convolution with a vector on a ring.

    Args:
        spectrum: (..., n), the Fourier transform of the first column.
        input_output_dtype: of what is multiplied.
    """

    _depth, _transforms = 1, (fft, ifft)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )


class LinearOperatorCirculant2D(_Circulant):
    """Block circulant matrices: convolution with an image on a torus.

    Args:
        spectrum: (..., n0, n1).
        input_output_dtype: of what is multiplied.
    """

    _depth, _transforms = 2, (fft2d, ifft2d)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant2D",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )


class LinearOperatorCirculant3D(_Circulant):
    """Nested block circulant matrices: convolution with a volume on a torus.

    Args:
        spectrum: (..., n0, n1, n2).
        input_output_dtype: of what is multiplied.
    """

    _depth, _transforms = 3, (fft3d, ifft3d)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant3D",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )
