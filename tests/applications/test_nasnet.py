import hashlib

from kerasish.applications import NASNetMobile


def test_the_paths_of_weights_have_the_scopes_of_cells_and_blocks():
    model = NASNetMobile(input_shape=(64, 64, 3), include_top=False, weights=None)
    text = "".join(f"{weight.path}\n" for weight in model.weights)
    assert "normal_A_block_0/block_1/separable_conv_block_normal_left1_0/separable_conv_1_normal_left1_0/" in text
    assert hashlib.md5(text.encode()).hexdigest() == "37a19ad7d3235ed23bd7041e57fbb7b3"  # of Keras 3.15's
