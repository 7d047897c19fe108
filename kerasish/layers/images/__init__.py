"""Layers that change images at random: augmentation of training data."""
