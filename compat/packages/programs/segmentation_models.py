"""A U-Net on a small ResNet; EfficientNet has its number of weights."""

import os

import kerasish

kerasish.install()
os.environ["SM_FRAMEWORK"] = "tf.keras"
import efficientnet.tfkeras
import numpy as np
import segmentation_models

rng = np.random.default_rng(0)
images = rng.random((2, 32, 32, 3)).astype("float32")
masks = (images[..., :1] > 0.5).astype("float32")
model = segmentation_models.Unet("resnet18", encoder_weights=None, input_shape=(32, 32, 3), classes=1)
model.compile("adam", segmentation_models.losses.bce_jaccard_loss, metrics=[segmentation_models.metrics.iou_score])
losses = model.fit(images, masks, epochs=5, verbose=0).history["loss"]
assert losses[-1] < losses[0]
assert efficientnet.tfkeras.EfficientNetB0(weights=None).count_params() == 5330564
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}")
