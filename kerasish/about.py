"""Versions: of this package, and of the libraries whose behaviour it has."""

VERSION = "0.1.0"
KERAS_VERSION = "3.15.1"
TENSORFLOW_VERSION = "2.21.0"
