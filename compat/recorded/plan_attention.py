"""Random configurations of attention, of EinsumDense, of what only acts in training, and all layers in float64."""

from __future__ import annotations

from typing import Any

import plan_sequences
from case_values import integers, made, mask, normal
from plan_layers import Draw, case, weights_extras

POLICIES = ["float32", "float32", "float64", "mixed_float16"]


def scores(draw: Draw, name: str) -> dict:
    """Attention and AdditiveAttention."""
    args: dict = {}
    draw.sometimes(args, "use_scale", name == "Attention", 0.5)
    if name == "Attention":
        draw.sometimes(args, "score_mode", "concat", 0.4)
    dtype = draw.policy(args, ["float32", "float32", "float64"])
    targets, sources, width = draw.randint(1, 4), draw.randint(1, 5), draw.randint(1, 4)
    data = [normal(2, targets, width, seed=1, dtype=dtype), normal(2, sources, width, seed=2, dtype=dtype)]
    if draw.maybe():
        data.append(normal(2, sources, width, seed=3, dtype=dtype))
    made_case = case(name, args, data)
    call: dict = {}
    if draw.maybe():
        call["mask"] = [mask(2, targets, seed=draw.randint(0, 99)), mask(2, sources, seed=draw.randint(0, 99))]
    draw.sometimes(call, "return_attention_scores", True, 0.4)
    draw.sometimes(call, "use_causal_mask", True, 0.3)
    return {**made_case, "call": call, "tolerance": 1e-6} if call else made_case


def heads(draw: Draw, name: str) -> dict:
    """MultiHeadAttention and GroupQueryAttention."""
    width = draw.randint(1, 4)
    if name == "MultiHeadAttention":
        args: dict = {"num_heads": draw.randint(1, 3), "key_dim": width}
        draw.sometimes(args, "value_dim", draw.randint(1, 4), 0.4)
        draw.sometimes(args, "output_shape", draw.randint(1, 5), 0.3)
    else:
        groups = draw.randint(1, 2)
        args = {"head_dim": width, "num_query_heads": groups * draw.randint(1, 3), "num_key_value_heads": groups}
    draw.sometimes(args, "use_bias", False, 0.3)
    draw.sometimes(args, "dropout", 0.3, 0.3)
    draw.sometimes(args, "kernel_regularizer", "l2", 0.2)
    dtype = draw.policy(args, POLICIES)
    targets, sources, features = draw.randint(1, 4), draw.randint(1, 4), draw.randint(2, 5)
    made_case: dict = {"layer": made("layers", name, **args)}
    made_case["inputs"] = [normal(2, targets, features, seed=1, dtype=dtype)]
    made_case["inputs"].append(normal(2, sources, features, seed=2, dtype=dtype))
    draw.maybe() and made_case["inputs"].append(normal(2, sources, draw.randint(2, 5), seed=3, dtype=dtype))
    if name == "GroupQueryAttention" and len(made_case["inputs"]) == 3:
        made_case["inputs"][2]["shape"][-1] = features
    call: dict = {}
    draw.sometimes(call, "attention_mask", mask(2, targets, sources, seed=draw.randint(0, 99)), 0.4)
    draw.sometimes(call, "use_causal_mask", True, 0.3)
    if not call:  # Keras's scores keep the mask of the softmax inside
        draw.sometimes(call, "return_attention_scores", True, 0.7)
    made_case = {**made_case, "call": call} if call else made_case
    return {**made_case, "tolerance": 1e-7} if dtype == "float64" else made_case  # TensorFlow's scale is a float32


def einsum_dense(draw: Draw, name: str) -> dict:
    equation, output, bias, shape = draw.choice(
        [
            ("ab,bc->ac", 5, "c", [3]),
            ("abc,cd->abd", [None, 4], "d", [2, 3]),
            ("...x,xy->...y", 4, "y", [2, 3]),
            ("abc,cde->abde", [None, 2, 3], "de", [4, 2]),
            ("abcd,cde->abe", [None, 3], "e", [2, 3, 2]),
            ("abc,bcd->ad", 3, None, [2, 4]),
            ("ab,bcd->acd", [2, 3], "cd", [4]),
        ]
    )
    args: dict = {"equation": equation}
    args["output_shape"] = {"$": "tuple", "items": output} if isinstance(output, list) else output
    if bias and draw.maybe(0.7):
        args["bias_axes"] = bias
    weights_extras(draw, args)
    args.pop("use_bias", None)
    if "bias_axes" not in args:
        args = {key: value for key, value in args.items() if not key.startswith("bias")}
    return single_constants(case(name, args, normal(2, *shape, dtype=draw.policy(args))))


def single_constants(made_case: dict) -> dict:
    """With a tolerance where TensorFlow holds constants of float64 layers in float32."""
    args = made_case["layer"]["args"]
    if args.get("dtype") != "float64":
        return made_case
    if args.get("interpolation") not in (None, "nearest"):
        return {**made_case, "tolerance": 1e-6}
    return {**made_case, "tolerance": 1e-7} if args.get("activation") == "gelu" else made_case


def reversible(draw: Draw, name: str) -> dict:
    args: dict = {"input_dim": draw.randint(4, 7), "output_dim": draw.randint(2, 4)}
    draw.sometimes(args, "tie_weights", False, 0.4)
    draw.sometimes(args, "logit_soft_cap", 3.0, 0.4)
    draw.sometimes(args, "mask_zero", True, 0.3)
    dtype = draw.policy(args, ["float32", "float64"])
    if draw.maybe():
        return case(name, args, integers(3, draw.randint(1, 4), high=args["input_dim"], seed=draw.randint(0, 9)))
    made_case = case(name, args, normal(3, 2, args["output_dim"], dtype=dtype))
    return {**made_case, "call": {"reverse": True}}


IN_TRAINING = {
    "Dropout": ({"rate": 0.4}, 2),
    "GaussianDropout": ({"rate": 0.4}, 2),
    "AlphaDropout": ({"rate": 0.4}, 2),
    "GaussianNoise": ({"stddev": 0.7}, 2),
    "SpatialDropout1D": ({"rate": 0.4}, 2),
    "SpatialDropout2D": ({"rate": 0.4}, 3),
    "SpatialDropout3D": ({"rate": 0.4}, 4),
}


def in_training(draw: Draw, name: str) -> dict:
    """Layers that hand on their input, unless they train or have nothing to do."""
    args, rank = IN_TRAINING[name]
    args = dict(args)
    draw.sometimes(args, "seed", 7, 0.5)
    if name in ("Dropout", "AlphaDropout"):
        draw.sometimes(args, "noise_shape", {"$": "tuple", "items": [3, 1, 2]}, 0.3)
    first = rank > 2 and draw.maybe(0.3)
    if first:
        args["data_format"] = "channels_first"
    policies = ["float32", "float64"] if rank > 2 or "1D" in name else POLICIES  # others forget a mixed policy
    dtype = draw.policy(args, policies)
    made_case = case(name, args, normal(3, *[2] * rank, seed=draw.randint(0, 99), dtype=dtype))
    if draw.maybe(0.3):
        args["rate" if "rate" in args else "stddev"] = 0.0
        made_case["layer"]["args"] = args
        return {**made_case, "call": {"training": True}}
    return {**made_case, "call": {"training": False}} if draw.maybe() else made_case


class Wide(Draw):
    """Draws that always decide for float64."""

    def policy(self, args: dict, policies: Any = None) -> str:
        args["dtype"] = "float64"
        return "float64"


def wide(name: str, plan: Any, number: int) -> dict | None:
    """A layer's case in float64; None where the layer has none."""
    made_case = plan(Wide(f"{name}-wide{number}"), name)
    if made_case["layer"]["args"].get("dtype") != "float64" or "first" in str(made_case["layer"]["args"]):
        return None
    return single_constants(made_case)


PLANS = {
    "Attention": (scores, 14),
    "AdditiveAttention": (scores, 10),
    "MultiHeadAttention": (heads, 24),
    "GroupQueryAttention": (heads, 16),
    "EinsumDense": (einsum_dense, 14),
    "ReversibleEmbedding": (reversible, 10),
    **{name: (in_training, 6) for name in IN_TRAINING},
}


def cases() -> list[dict]:
    """All cases, by name."""
    made_cases = []
    for name, (plan, count) in PLANS.items():
        for number in range(count):
            made_cases.append({"id": f"{name}-{number}", **plan(Draw(f"{name}-{number}"), name)})
    for name, plan in plan_sequences.PLANS.items():
        for number in range(3):
            made_case = wide(name, plan, number)
            if made_case is not None:
                made_cases.append({"id": f"{name}-float64-{number}", **made_case})
    return made_cases
