"""Versions: of this package, and of the libraries whose behaviour it has."""

VERSION = "0.1.0"
KERAS_VERSION = "3.15.1"
KERAS_2_VERSION = "2.21.0"  # tf_keras's, which is tf.keras in programs that set TF_USE_LEGACY_KERAS
TENSORFLOW_VERSION = "2.21.0"
