"""What TensorFlow's operations are called in its messages, and which dtypes their attribute "T" may be."""

from __future__ import annotations

import functools

_NAMES = """
add AddV2|argmax ArgMax|argmin ArgMin|argsort Neg|avg_pool1d AvgPool|avg_pool2d AvgPool|avg_pool3d AvgPool3D|
batch_to_space BatchToSpaceND|bessel_i0e BesselI0e|bessel_i1e BesselI1e|bessel_k0e BesselK0e|bessel_k1e BesselK1e|
cholesky_solve MatrixTriangularSolve|clip_by_norm Mul|clip_by_value Minimum|concat ConcatV2|conv1d Conv2D|
conv2d_transpose Conv2DBackpropInput|conv3d_transpose Conv3DBackpropInputV2|crelu Neg|cumprod Cumprod|cumsum Cumsum|
det MatrixDeterminant|diag MatrixDiagV3|diag_part MatrixDiagPartV3|divide RealDiv|eigh SelfAdjointEigV2|
eigvalsh SelfAdjointEigV2|erosion2d Dilation2D|expm Abs|expm1 Expm1|fft FFT|fft2d FFT2D|fft3d FFT3D|fftnd FFTND|
floordiv FloorDiv|floormod FloorMod|gather GatherV2|hsv_to_rgb HSVToRGB|ifft IFFT|ifft2d IFFT2D|ifft3d IFFT3D|
ifftnd IFFTND|in_top_k InTopKV2|inv MatrixInverse|irfft IRFFT|irfft2d IRFFT2D|irfft3d IRFFT3D|irfftnd IRFFTND|
is_nan IsNan|l2_loss L2Loss|l2_normalize Square|lbeta Lgamma|local_response_normalization LRN|log1p Log1p|
log_poisson_loss Exp|log_sigmoid Neg|logdet Cholesky|logical_xor LogicalOr|logm MatrixLogarithm|lrn LRN|
matmul MatMul|matvec BatchMatMulV2|max_pool1d MaxPool|max_pool2d MaxPool|max_pool3d MaxPool3D|mod FloorMod|moments Mean|
multiply Mul|multiply_no_nan MulNoNan|negative Neg|nextafter NextAfter|normalize_moments Mul|psnr Mean|realdiv RealDiv|
reciprocal_no_nan DivNoNan|reduce_all All|reduce_any Any|reduce_euclidean_norm EuclideanNorm|reduce_logsumexp Max|
reduce_max Max|reduce_mean Mean|reduce_min Min|reduce_prod Prod|reduce_std Mean|reduce_sum Sum|reduce_variance Mean|
reverse ReverseV2|rfft RFFT|rfft2d RFFT2D|rfft3d RFFT3D|rfftnd RFFTND|rgb_to_hsv RGBToHSV|rgb_to_yiq MatMul|
rgb_to_yuv MatMul|sigmoid_cross_entropy_with_logits GreaterEqual|silu Sigmoid|slogdet LogMatrixDeterminant|
solve MatrixSolve|sort Neg|space_to_batch SpaceToBatchND|sqrtm MatrixSquareRoot|stack Pack|
subtract Sub|swish Sigmoid|tensor_diag Diag|tensor_diag_part DiagPart|tensor_scatter_nd_add TensorScatterAdd|
tensor_scatter_nd_max TensorScatterMax|tensor_scatter_nd_min TensorScatterMin|
tensor_scatter_nd_sub TensorScatterSub|tensor_scatter_nd_update TensorScatterUpdate|top_k TopKV2|
triangular_solve MatrixTriangularSolve|truncatediv TruncateDiv|truncatemod TruncateMod|unstack Unpack|
weighted_cross_entropy_with_logits Mul|where SelectV2|xlog1py Xlog1py|yiq_to_rgb MatMul|yuv_to_rgb MatMul
"""

_FLOATS = "bfloat16, half, float, double"
_HALF_FIRST = "half, bfloat16, float, double"
_COMPLEX = "complex64, complex128"
_REALS = "float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64"
_QUANTIZED = "qint8, quint8, qint32, qint16, quint16"
_UNSIGNED_BETWEEN = "uint8, int8, uint16, int16, int32"
_NUMBERS = (
    "float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, "
    "complex128, half, uint32, uint64"
)
_SIGNED = f"{_FLOATS}, int8, int16, int32, int64"
_MATRICES = f"double, float, half, {_COMPLEX}"
_INTERLEAVED = f"{_FLOATS}, int8, uint8, int16, uint16, int32, uint32, int64, uint64"

_ALLOWED = {
    _SIGNED: "Abs",
    f"{_SIGNED}, {_COMPLEX}": "Neg Reciprocal Round Sign",
    f"{_SIGNED}, uint8, uint16, uint32, uint64, {_COMPLEX}": "Square",
    f"{_FLOATS}, {_COMPLEX}": "Acos Acosh Asin Asinh Atan Atanh Cos Cosh Exp Expm1 Log Log1p MulNoNan DivNoNan Rsqrt "
    "Sigmoid Sin Sinh Sqrt Tan Tanh",
    _FLOATS: "Atan2 BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 "
    "BesselY1 Ceil CumulativeLogsumexp Dawsn Digamma Erf Erfc Erfinv Expint Floor FresnelCos FresnelSin Igamma Igammac "
    "IsFinite IsInf IsNan Lgamma Ndtri Rint Spence",
    _HALF_FIRST: "Elu HSVToRGB L2Loss LeakyRelu LogSoftmax RGBToHSV Selu Softmax SoftmaxCrossEntropyWithLogits Softplus "
    "Softsign",
    f"{_HALF_FIRST}, {_COMPLEX}": "Xdivy Xlog1py Xlogy",
    _REALS: "Cross Greater GreaterEqual IsotonicRegression Less LessEqual Relu6 TopKV2",
    f"{_REALS}, qint8": "Relu",
    f"{_REALS}, {_QUANTIZED}": "Max Min",
    f"{_REALS}, {_QUANTIZED}, bool": "ArgMax ArgMin",
    _NUMBERS: "BiasAdd Cumprod Cumsum EuclideanNorm Mean Prod Sum",
    f"{_NUMBERS}, variant": "AddN",
    f"{_FLOATS}, uint8, uint16, uint32, uint64, int8, int16, int32, int64, {_COMPLEX}": "AddV2",
    _INTERLEAVED: "Maximum Minimum",
    f"{_FLOATS}, {_UNSIGNED_BETWEEN}, uint32, uint64, int64, {_COMPLEX}": "FloorDiv Mul RealDiv TruncateDiv",
    f"{_FLOATS}, {_UNSIGNED_BETWEEN}, int64, {_COMPLEX}, uint32, uint64": "Sub",
    f"bfloat16, float, half, double, int8, int16, int32, int64, {_COMPLEX}": "Pow",
    f"int8, int16, int32, int64, uint8, uint16, uint32, uint64, {_FLOATS}": "FloorMod",
    f"int32, int64, {_FLOATS}": "TruncateMod",
    f"{_FLOATS}, int32, int64, {_COMPLEX}": "Diag DiagPart SquaredDifference",
    f"{_FLOATS}, int32, int64, uint8, uint16, uint32, uint64, {_COMPLEX}": "MatMul",
    f"{_FLOATS}, int16, int32, int64, uint8, uint16, uint32, uint64, {_COMPLEX}": "BatchMatMulV2",
    _MATRICES: "BandedTriangularSolve Cholesky Lu MatrixInverse MatrixSolve MatrixSquareRoot Qr SelfAdjointEigV2 Svd",
    f"bfloat16, {_MATRICES}": "MatrixTriangularSolve",
    f"half, float, double, {_COMPLEX}": "LogMatrixDeterminant MatrixDeterminant",
    _COMPLEX: "FFT FFT2D FFT3D FFTND IFFT IFFT2D IFFT3D IFFTND IRFFT IRFFT2D IRFFT3D IRFFTND MatrixLogarithm",
    "float, double": "Betainc CTCBeamSearchDecoder CTCGreedyDecoder Polygamma RFFT RFFT2D RFFT3D RFFTND Zeta",
    "double, float": "NextAfter",
    "half, bfloat16, float": "LRN",
    "uint8, uint16, int8, int16, int32, int64, half, float, double": "CropAndResize",
    "int8, int16, int32, int64, uint8, uint16, uint32, uint64": "BitwiseAnd BitwiseOr BitwiseXor Invert LeftShift RightShift",
    "int32, int64": "BroadcastArgs InTopKV2 InvertPermutation",
    "int32, int64, float, double": "HistogramFixedWidth",
}  # fmt: skip


_WORDS = {"float16": "half", "float32": "float", "float64": "double"}


def word(dtype: str) -> str:
    """A dtype's name as messages have it: ``float`` of ``float32``."""
    return _WORDS.get(dtype, dtype)


@functools.cache
def _names() -> dict[str, str]:
    return dict(entry.split() for entry in _NAMES.replace("\n", "").split("|"))


@functools.cache
def _words() -> dict[str, str]:
    return {name: words for words, names in _ALLOWED.items() for name in names.split()}


def operation(name: str) -> str:
    """The operation behind a function: ``AddV2`` of ``add``; a name that is one already stays."""
    return _names().get(name) or (name.title().replace("_", "") if name.islower() else name)


def allowed(name: str) -> str | None:
    """The dtypes that the attribute "T" of an operation may be, as messages list them; None if that is not known."""
    return _words().get(operation(name))


def refusal(name: str, dtype: str) -> str | None:
    """The message for a dtype (in TensorFlow's words) that an operation has not in its list; None if that is not known."""
    words = allowed(name)
    if words is None or dtype in words.split(", "):
        return None
    own = operation(name)
    attribute = "T" if "FFT" not in own else "Tcomplex" if "complex" in words else "Treal"
    return f"Value for attr '{attribute}' of {dtype} is not in the list of allowed values: {words} [Op:{own}]"
