"""Layers that prepare features: numbers, categories, text and audio."""
