"""Calls of the operations that take arguments of their own, written out."""

from __future__ import annotations

import itertools

from case_values import array, integers, normal, uniform


def pair(*items) -> dict:
    return {"$": "tuple", "items": list(items)}


def n(*shape, dtype="float32", seed=1, **more) -> dict:
    return normal(*shape, seed=seed, dtype=dtype, **more)


def i(*shape, high=5, low=0, dtype="int32", seed=1) -> dict:
    return integers(*shape, low=low, high=high, seed=seed, dtype=dtype)


def each(name: str, values: list, *args) -> list:
    """One call for every value of an argument."""
    return [(list(args), {name: value}) for value in values]


DTYPES = ["float32", "float64", "float16", "bfloat16", "int32", "int64", "uint8", "bool"]
POSITIVE_DEFINITE = array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
IMAGE = n(2, 6, 5, 3)

CALLS: dict[str, list] = {
    "arange": [
        ([5], {}),
        ([2, 7], {}),
        ([0, 1, 0.25], {}),
        ([5.0], {}),
        ([1, 9, 2], {"dtype": "float32"}),
        ([5, 0, -2], {}),
    ],
    "linspace": [
        ([0, 1], {"num": 5}),
        ([0.0, 2.0], {"num": 4, "endpoint": False}),
        ([n(3), n(3, seed=2)], {"num": 3, "axis": -1}),
    ],
    "logspace": [([0, 2], {"num": 4}), ([0.0, 2.0], {"num": 3, "base": 2})],
    "geomspace": [([1, 100], {"num": 3})],
    "eye": [([3], {}), ([2, 4], {}), ([3], {"k": -1, "dtype": "int32"})],
    "tri": [([3], {}), ([3, 4], {"k": 1}), ([4, 2], {"k": -1, "dtype": "int32"})],
    "full": [([pair(2, 2), 3], {}), ([pair(2), 1.5], {"dtype": "float64"}), ([pair(2), True], {})],
    "full_like": [([n(2, 2), 3], {}), ([i(2), 1.5], {}), ([n(2), 2], {"dtype": "int32"})],
    "array": [([[1, 2]], {}), ([[1.5, 2]], {}), ([True], {}), ([[1, 2]], {"dtype": "float64"})],
    "convert_to_tensor": [([[1, 2]], {}), ([[1.5]], {}), ([2**40], {"dtype": "int64"}), ([n(2)], {"dtype": "int32"})],
    "cast": [([n(3, scale=3.0)], {"dtype": d}) for d in DTYPES] + [([i(3)], {"dtype": "float32"})],
    "saturate_cast": [([n(6, scale=300.0)], {"dtype": d}) for d in ("uint8", "int8", "float16")],
    "clip": [([n(4), -0.5, 0.5], {}), ([i(4), 1, 3], {}), ([i(4), 0.5, 2.5], {}), ([n(4, dtype="float16"), 0, 1], {})],
    "where": [
        ([i(3, high=2, dtype="bool"), n(3), i(3)], {}),
        ([i(3, high=2), 1.5, 2], {}),
        ([n(3), i(3), i(3, seed=2)], {}),
    ],
    "concatenate": [([[n(2, 2), n(2, 3)]], {"axis": 1}), ([[n(2), i(2)]], {}), ([[i(2), i(2, dtype="int64")]], {})],
    "stack": [([[n(2, 2), n(2, 2)]], {"axis": a}) for a in (0, 1, -1)] + [([[n(2), i(2)]], {})],
    "hstack": [([[n(2, 2), n(2, 1)]], {}), ([[n(2), n(3)]], {})],
    "vstack": [([[n(2, 2), n(1, 2)]], {})],
    "dstack": [([[n(2, 2), n(2, 2)]], {}), ([[n(2), n(2)]], {})],
    "split": [([n(6, 2), 3], {}), ([n(6, 2), [1, 4]], {}), ([n(2, 6), 2], {"axis": 1})],
    "array_split": [([n(7, 2), 3], {}), ([n(2, 5), 2], {"axis": 1})],
    "hsplit": [([n(2, 4), 2], {})],
    "vsplit": [([n(4, 2), 2], {})],
    "dsplit": [([n(1, 2, 4), 2], {})],
    "unstack": [([n(2, 3)], {}), ([n(2, 3)], {"axis": 1})],
    "reshape": [([n(2, 6), pair(3, -1)], {}), ([n(4), pair(2, 2)], {})],
    "transpose": [([n(2, 3, 4)], {}), ([n(2, 3, 4), pair(1, 0, 2)], {})],
    "moveaxis": [([n(2, 3, 4), 0, -1], {}), ([n(2, 3, 4), pair(0, 1), pair(-1, 0)], {})],
    "swapaxes": [([n(2, 3, 4), 0, -1], {})],
    "expand_dims": [([n(2, 3), a], {}) for a in (0, 1, -1)] + [([n(2, 3), pair(0, 2)], {})],
    "squeeze": [([n(1, 3, 1)], {}), ([n(1, 3, 1), 0], {}), ([n(1, 3, 1), -1], {})],
    "ravel": [([n(2, 3)], {})],
    "tile": [([n(2, 3), 2], {}), ([n(2, 3), pair(2, 1)], {}), ([n(3), pair(2, 2)], {})],
    "repeat": [([n(2, 3), 2], {}), ([n(2, 3), 2], {"axis": 1}), ([n(2, 3), [1, 2]], {"axis": 0})],
    "roll": [([n(3, 4), 1], {}), ([n(3, 4), 2], {"axis": 1}), ([n(3, 4), pair(1, 2)], {"axis": pair(0, 1)})],
    "flip": [([n(3, 4)], {}), ([n(3, 4)], {"axis": 1}), ([n(3, 4)], {"axis": pair(0, 1)})],
    "fliplr": [([n(3, 4)], {})],
    "flipud": [([n(3, 4)], {})],
    "rot90": [([n(3, 4)], {"k": k}) for k in (1, 3, -1)],
    "pad": [([n(3, 4), pair(pair(1, 2), pair(0, 1))], {"mode": m}) for m in ("constant", "reflect", "symmetric")]
    + [
        ([n(3, 2), 1], {}),
        ([i(3), pair(2, 1)], {"constant_values": 7}),
        ([n(3, 4), pair(pair(3, 3), pair(2, 4))], {"mode": "symmetric"}),
    ],
    "take": [
        ([n(3, 4), [0, 2]], {"axis": 0}),
        ([n(3, 4), [[0, -1]]], {"axis": 1}),
        ([n(3, 4), [5, 2]], {}),
        ([n(3, 4), 1], {"axis": -1}),
    ],
    "take_along_axis": [([n(3, 4), i(3, 2, high=4)], {"axis": 1}), ([n(3, 4), i(1, 4, high=3)], {"axis": 0})],
    "diag": [([n(3)], {"k": k}) for k in (0, 1, -1)] + [([n(3, 4)], {"k": 1})],
    "diagonal": [([n(3, 4)], {}), ([n(2, 3, 4)], {"axis1": 1, "axis2": 2, "offset": 1})],
    "diagflat": [([n(2, 2)], {})],
    "trace": [
        ([n(3, 4)], {}),
        ([n(2, 3, 4)], {"axis1": 1, "axis2": 2}),
        ([i(3, 3, dtype="uint8")], {}),
        ([n(3, 4)], {"offset": 1}),
    ],
    "tril": [([n(3, 4)], {"k": k}) for k in (0, 1, -1)],
    "triu": [([n(3, 4)], {"k": k}) for k in (0, 1, -1)] + [([i(2, 3, 3)], {})],
    "meshgrid": [([n(3), n(2)], {"indexing": x}) for x in ("xy", "ij")],
    "vander": [([n(3)], {}), ([n(3)], {"N": 2, "increasing": True}), ([i(3)], {})],
    "diff": [([n(3, 5)], {}), ([n(3, 5)], {"n": 2}), ([i(3, 5)], {"axis": 0})],
    "digitize": [([n(5), [-1.0, 0.0, 1.0]], {}), ([i(4), [1, 3]], {})],
    "searchsorted": [([[1.0, 2.0, 4.0], n(4, scale=3.0)], {"side": s}) for s in ("left", "right")],
    "bincount": [([i(8)], {}), ([i(8)], {"minlength": 9}), ([i(4)], {"weights": n(4)}), ([i(2, 4)], {})],
    "histogram": [([n(20)], {"bins": 5}), ([n(20)], {"bins": 4, "range": pair(-1, 1)})],
    "unravel_index": [([i(4, high=12), pair(3, 4)], {})],
    "nonzero": [([i(3, 4, high=2)], {})],
    "unique": [([i(8)], {}), ([i(8)], {"sorted": True, "return_counts": True, "return_inverse": True})],
    "isin": [([i(5), [1, 3]], {}), ([i(5), [1, 3]], {"invert": True})],
    "select": [
        ([[i(3, high=2, dtype="bool"), i(3, high=2, dtype="bool", seed=2)], [n(3), n(3, seed=2)]], {"default": 7})
    ],
    "slice": [([n(4, 5), [1, 2], [2, 3]], {})],
    "slice_update": [([n(4, 5), [1, 2], n(2, 3)], {})],
    "scatter": [([[[0], [2], [0]], n(3), pair(4)], {})],
    "scatter_update": [([n(4), [[0], [2]], n(2)], {}), ([n(3, 2), [[0], [1]], n(2, 2)], {})],
    "median": [([n(4)], {}), ([n(3, 4)], {"axis": 1}), ([n(3, 4)], {"axis": 0, "keepdims": True}), ([i(6)], {})],
    "quantile": [
        ([n(7), q], {"method": m})
        for q, m in itertools.product([0.3, 0.5], ["linear", "lower", "higher", "midpoint", "nearest"])
    ]
    + [([n(3, 5), [0.2, 0.9]], {"axis": 1}), ([n(3, 5), 0.2], {"axis": 0, "keepdims": True})],
    "percentile": [([n(7), 30], {}), ([n(3, 5), [20, 90]], {"axis": 1})],
    "average": [
        ([n(3, 4)], {}),
        ([n(3, 4)], {"axis": 1, "weights": uniform(3, 4)}),
        ([n(3, 4)], {"axis": 0, "weights": uniform(3)}),
        ([i(4)], {}),
    ],
    "moments": [([n(3, 4), 0], {}), ([n(3, 4), [0, 1]], {"keepdims": True}), ([n(3, 4, dtype="float16"), 1], {})],
    "norm": [([n(3, 4)], {"ord": o}) for o in (None, "fro", "nuc", 1, 2, -1, -2, float("inf"))]
    + [([n(5)], {"ord": o}) for o in (0, 1, 2, 3, float("inf"), -float("inf"))]
    + [([n(3, 4)], {"axis": 1}), ([n(3, 4)], {"axis": 0, "keepdims": True, "ord": 1}), ([i(3)], {})],
    "dot": [
        ([n(3), n(3)], {}),
        ([n(2, 3), n(3)], {}),
        ([n(2, 3), n(3, 4)], {}),
        ([n(2, 3, 4), n(5, 4, 2)], {}),
        ([i(2, 3), n(3)], {}),
        ([n(2, 3), 2], {}),
    ],
    "matmul": [
        ([n(2, 3), n(3, 4)], {}),
        ([n(3), n(3, 4)], {}),
        ([n(2, 3), n(3)], {}),
        ([n(3), n(3)], {}),
        ([n(5, 2, 3), n(3, 4)], {}),
    ]
    + [
        ([i(2, 3, dtype=a), i(3, 2, dtype=b)], {})
        for a, b in (("int8", "int8"), ("int32", "int64"), ("bool", "bool"), ("uint8", "int8"))
    ]
    + [
        ([n(2, 3, dtype=a), n(3, 2, dtype=b)], {})
        for a, b in (("float16", "float32"), ("bfloat16", "float16"), ("float64", "float32"))
    ],
    "inner": [([n(3), n(3)], {}), ([n(2, 3), n(4, 3)], {}), ([n(2), 3], {})],
    "outer": [([n(3), n(2)], {}), ([n(2, 2), n(2)], {})],
    "vdot": [([n(3), n(3)], {}), ([n(2, 3), n(2, 3)], {})],
    "tensordot": [
        ([n(2, 3, 4), n(3, 4, 2)], {"axes": 2}),
        ([n(2, 3), n(4, 3)], {"axes": [[1], [1]]}),
        ([n(2, 3), n(3, 4)], {"axes": 1}),
        ([n(2), n(3)], {"axes": 0}),
    ],
    "kron": [([n(2, 2), n(2, 3)], {})],
    "cross": [
        ([n(4, 3), n(4, 3)], {}),
        ([n(3, 4), n(3, 4)], {"axis": 0}),
        ([n(4, 2), n(4, 2)], {}),
        ([n(4, 2), n(4, 3)], {}),
    ],
    "einsum": [
        (["ij,jk->ik", n(2, 3), n(3, 4)], {}),
        (["ij->ji", n(2, 3)], {}),
        (["ii", n(3, 3)], {}),
        (["...ij,...jk->...ik", n(2, 2, 3), n(2, 3, 2)], {}),
        (["ij,j", i(2, 3), n(3)], {}),
        (["i,j->ij", i(3), i(2)], {}),
    ],
    "corrcoef": [([n(3, 6)], {})],
    "correlate": [([n(6), n(3)], {"mode": m}) for m in ("valid", "same", "full")],
    "trapezoid": [([n(3, 5)], {}), ([n(5), [0.0, 1.0, 3.0, 4.0, 7.0]], {}), ([n(3, 5)], {"dx": 0.5, "axis": 0})],
    "cumsum": [
        ([n(3, 4)], {"axis": 1}),
        ([array([1.0, float("nan"), 2.0])], {}),
        ([array([1.0, float("inf"), -float("inf")])], {}),
        ([i(4, dtype="bool", high=2)], {}),
    ],
    "cumprod": [
        ([array([1.0, float("nan"), 0.0, 2.0])], {}),
        ([array([2.0, float("inf"), 0.0])], {}),
        ([i(4, dtype="uint8")], {}),
    ],
    "cholesky": [([POSITIVE_DEFINITE], {}), ([POSITIVE_DEFINITE], {"upper": True})],
    "cholesky_inverse": [([array([[2.0, 0.0], [0.5, 1.0]])], {})],
    "det": [([n(3, 3)], {}), ([n(2, 3, 3)], {})],
    "inv": [([POSITIVE_DEFINITE], {})],
    "solve": [([POSITIVE_DEFINITE, n(3, 2)], {}), ([POSITIVE_DEFINITE, n(3)], {})],
    "solve_triangular": [
        ([array([[2.0, 0.0], [0.5, 1.0]]), n(2, 2)], {"lower": True}),
        ([array([[2.0, 0.3], [0.0, 1.0]]), n(2)], {}),
    ],
    "lstsq": [([n(5, 3), n(5)], {}), ([n(5, 3), n(5, 2)], {})],
    "slogdet": [([n(3, 3)], {})],
    "logdet": [([POSITIVE_DEFINITE], {})],
    "matrix_rank": [([POSITIVE_DEFINITE], {})],
    "softmax": [([n(2, 3, 4)], {"axis": a}) for a in (-1, 0, pair(1, 2))],
    "log_softmax": [([n(2, 3, 4)], {"axis": a}) for a in (-1, 0, pair(0, 1))],
    "glu": [([n(2, 4)], {}), ([n(4, 3)], {"axis": 0})],
    "threshold": [([n(6), 0.2, -1.0], {})],
    "sparse_plus": [([n(6)], {})],
    "one_hot": [([i(4), 5], {}), ([i(2, 3), 5], {"axis": 1, "dtype": "int32"}), ([array([-1, 1, 7], "int32"), 4], {})],
    "multi_hot": [([i(2, 3), 5], {}), ([i(3), 5], {})],
    "top_k": [([n(2, 6), 3], {}), ([i(7), 2], {})],
    "in_top_k": [([i(3, high=4), n(3, 4), 2], {})],
    "normalize": [([n(3, 4)], {"order": o, "axis": a}) for o, a in ((2, -1), (1, 0), (3, 1))]
    + [([array([[0.0, 0.0]])], {})],
    "binary_crossentropy": [
        ([i(2, 3, high=2, dtype="float32"), uniform(2, 3)], {}),
        ([i(2, 3, high=2, dtype="float32"), n(2, 3)], {"from_logits": True}),
    ],
    "categorical_crossentropy": [
        ([array([[0, 1, 0], [1, 0, 0]]), uniform(2, 3, low=0.1)], {}),
        ([array([[0, 1, 0]]), n(1, 3)], {"from_logits": True}),
    ],
    "sparse_categorical_crossentropy": [
        ([[0, 2], uniform(2, 3, low=0.1)], {}),
        ([[0, 2], n(2, 3)], {"from_logits": True}),
        ([i(2, 4, high=3), uniform(2, 3, 4, low=0.1)], {"axis": 1}),
    ],
    "max_pool": [
        ([IMAGE, k], {"strides": s, "padding": p}) for k, s, p in ((2, 2, "valid"), (3, 2, "same"), (2, 1, "same"))
    ],
    "average_pool": [
        ([IMAGE, k], {"strides": s, "padding": p}) for k, s, p in ((2, 2, "valid"), (3, 2, "same"), (2, 1, "same"))
    ],
    "conv": [
        ([IMAGE, n(3, 2, 3, 4)], {"strides": s, "padding": p}) for s, p in ((1, "valid"), (2, "same"), (1, "same"))
    ]
    + [([IMAGE, n(2, 2, 3, 2)], {"dilation_rate": 2}), ([n(2, 7, 4), n(3, 2, 6)], {})],
    "depthwise_conv": [([IMAGE, n(3, 2, 3, 2)], {"strides": s, "padding": p}) for s, p in ((1, "valid"), (2, "same"))],
    "separable_conv": [([IMAGE, n(3, 2, 3, 2), n(1, 1, 6, 4)], {"padding": "same"})],
    "conv_transpose": [
        ([IMAGE, n(k, k, 2, 3)], {"strides": s, "padding": p})
        for k, s, p in itertools.product((2, 3, 4), (1, 2, 3), ("valid", "same"))
    ]
    + [([IMAGE, n(3, 3, 2, 3)], {"strides": 2, "padding": "same", "output_padding": 1})],
    "batch_normalization": [
        ([n(3, 4), n(4), uniform(4, low=0.5), -1], {"offset": n(4, seed=3), "scale": n(4, seed=4)})
    ],
    "layer_normalization": [([n(3, 4)], {}), ([n(3, 4), n(4), n(4, seed=2)], {"axis": -1})],
    "rms_normalization": [([n(3, 4)], {}), ([n(3, 4), n(4)], {"epsilon": 1e-3})],
    "psnr": [([uniform(3, 4), uniform(3, 4, seed=2), 1.0], {})],
    "segment_sum": [
        ([n(6, 2), array([0, 0, 1, 1, 3, 3], "int32")], {"num_segments": 5}),
        ([n(4), array([0, 0, 1, 2], "int32")], {}),
    ],
    "segment_max": [([n(6), array([0, 0, 1, 1, 3, 3], "int32")], {"num_segments": 4})],
    "extract_sequences": [([n(2, 9), 4, 2], {})],
    "dot_product_attention": [
        ([n(2, 3, 2, 4), n(2, 5, 2, 4), n(2, 5, 2, 4, seed=2)], {}),
        ([n(2, 3, 4, 4), n(2, 5, 2, 4), n(2, 5, 2, 4)], {}),
        ([n(2, 3, 2, 4), n(2, 3, 2, 4), n(2, 3, 2, 4)], {"is_causal": True, "scale": 0.3}),
    ],
    "hamming": [([5], {})],
    "hanning": [([5], {})],
    "blackman": [([5], {})],
    "bartlett": [([5], {})],
    "kaiser": [([5, 14.0], {})],
    "depth_to_space": [([n(1, 2, 2, 8), 2], {})],
    "space_to_depth": [([n(1, 4, 4, 2), 2], {})],
    "polar": [([uniform(3), n(3)], {})],
    "view_as_complex": [([n(3, 2)], {})],
    "unfold": [([n(1, 2, 5, 5), 2], {})],
    "cdist": [([n(3, 4), n(2, 4, seed=2)], {})],
    "nanquantile": [([array([1.0, float("nan"), 3.0, 2.0]), 0.4], {})],
    "nanpercentile": [([array([1.0, float("nan"), 3.0, 2.0]), 40], {})],
    "logaddexp": [([array([1.0, -float("inf")]), array([-float("inf"), -float("inf")])], {})],
    "divide_no_nan": [([array([1.0, 2.0]), array([0.0, 4.0])], {})],
    "hypot": [([array([3.0, 1e30]), array([4.0, 1e30])], {})],
    "any": [([i(2, 3, 4, high=2)], {"axis": pair(0, 2)})],
    "all": [([i(2, 3, 4, high=2)], {"axis": pair(0, 2), "keepdims": True})],
    "prod": [([n(2, 3, 4)], {"axis": pair(0, 2)})],
}
