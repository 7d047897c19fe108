"""Training: data (`feed`), one step (`step`), the loop over it (`loop`), callbacks, the progress line."""
