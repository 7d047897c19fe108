"""The programs, and the public names that each compares."""

from __future__ import annotations

OPS = """cond switch while_loop fori_loop scan associative_scan map vectorized_map stop_gradient custom_gradient jvp
get_item rearrange view_as_real""".split()
TREE = {
    "tree.flatten": "flatten flatten_with_path is_nested",
    "tree.map_structure": "map_structure map_structure_up_to map_shape_structure",
    "tree.pack": "pack_sequence_as lists_to_tuples",
    "tree.traverse": "traverse MAP_TO_NONE",
    "tree.same": "assert_same_structure assert_same_paths",
}
UTILS = {
    "keras23093-normalize": "normalize",
    "to_categorical": "to_categorical",
    "pad_sequences": "pad_sequences",
    "packing": "pack_x_y_sample_weight unpack_x_y_sample_weight",
    "split_dataset": "split_dataset",
    "timeseries": "timeseries_dataset_from_array",
    "small_utils": """register_keras_serializable get_registered_name get_registered_object serialize_keras_object
deserialize_keras_object standardize_dtype is_keras_tensor""",
    "images": "array_to_img img_to_array",
}
OTHERS = {
    "decompositions": "ops.eig ops.eigh ops.svd ops.qr ops.lu_factor ops.pinv",
    "properties": "ops.shape ops.size ops.ndim ops.dtype ops.is_tensor ops.empty ops.empty_like ops.convert_to_numpy",
    "config": """config.floatx config.set_floatx config.epsilon config.set_epsilon config.image_data_format
config.set_image_data_format config.set_dtype_policy config.dtype_policy version""",
    "switches": """config.disable_flash_attention config.enable_flash_attention config.is_flash_attention_enabled
config.disable_interactive_logging config.enable_interactive_logging config.is_interactive_logging_enabled""",
    "policies": """dtype_policies.DTypePolicy dtype_policies.DTypePolicyMap dtype_policies.FloatDTypePolicy dtype_policies.get
dtype_policies.QuantizedDTypePolicy dtype_policies.QuantizedFloat8DTypePolicy dtype_policies.serialize
dtype_policies.deserialize""",
    "by_name": " ".join(
        f"{module}.{name}"
        for module in "activations initializers regularizers constraints losses metrics optimizers".split()
        for name in ("get", "serialize", "deserialize")
    )
    + """ layers.serialize layers.deserialize optimizers.schedules.serialize optimizers.schedules.deserialize""",
    "merges": """layers.add layers.subtract layers.multiply layers.average layers.maximum layers.minimum layers.concatenate
layers.dot Input Model""",
    "lookups": "layers.StringLookup layers.IntegerLookup",
    "text": "layers.TextVectorization",
    "features": """layers.CategoryEncoding layers.Hashing layers.HashedCrossing layers.Discretization
layers.Normalization""",
    "spectrogram": "layers.MelSpectrogram",
    "quantizers": """quantizers.abs_max_quantize quantizers.AbsMaxQuantizer quantizers.serialize quantizers.deserialize
quantizers.pack_int4 quantizers.unpack_int4 quantizers.fake_quant_with_min_max_vars quantizers.compute_float8_scale
quantizers.compute_float8_amax_history quantizers.quantize_and_dequantize""",
    "clones": "models.clone_model models.model_from_json utils.get_source_inputs Model",
    "clips": "utils.bounding_boxes.clip_to_image_size",
    "sequences": "preprocessing.sequence.pad_sequences",
    "images": "utils.array_to_img utils.img_to_array preprocessing.image.smart_resize",
    "keras22821-weak_promotion": "ops.add ops.multiply ops.true_divide ops.maximum",
    "keras22118-mask_arguments": "layers.Layer layers.Masking",
    "keras22039-distributed_masks": "layers.TimeDistributed",
    "keras22617-batch_means": "Sequential",
    "started_recurrent": "layers.LSTM layers.GRU layers.Masking",
}


def cases() -> list[dict]:
    """All programs with the names that they use."""
    used = {name: [f"keras.ops.{name}"] for name in OPS}
    for module, table in (("tree.", TREE), ("utils.", UTILS), ("", OTHERS)):
        for program, names in table.items():
            used.setdefault(program, []).extend(f"keras.{module}{name}" for name in names.split())
    return [{"id": program, "program": program, "uses": names} for program, names in used.items()]
