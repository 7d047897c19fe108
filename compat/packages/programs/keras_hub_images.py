"""A vision transformer and a ResNet learn four images by heart."""

import kerasish

kerasish.install()
import keras
import keras_hub
import numpy as np

images = np.random.default_rng(0).random((4, 32, 32, 3)).astype("float32")
labels = np.array([0, 1, 2, 0])
vit = keras_hub.models.ViTBackbone(
    image_shape=(32, 32, 3), patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16
)
resnet = keras_hub.models.ResNetBackbone(
    input_conv_filters=[64],
    input_conv_kernel_sizes=[7],
    stackwise_num_filters=[64, 64],
    stackwise_num_blocks=[1, 1],
    stackwise_num_strides=[1, 2],
    block_type="basic_block",
)
for model in (
    keras_hub.models.ViTImageClassifier(backbone=vit, num_classes=3),
    keras_hub.models.ResNetImageClassifier(backbone=resnet, num_classes=3),
):
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = model.fit(images, labels, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    print(f"{type(model).__name__}: {losses[0]:.3f} to {losses[-1]:.3f}")
