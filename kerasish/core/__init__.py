"""What everything else stands on: tensors, variables, dtypes, shapes, devices, gradients, random numbers, registries."""
