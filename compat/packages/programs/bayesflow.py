"""Amortized inference of a mean: a few batches online, then samples."""

import kerasish

kerasish.install()
import bayesflow
import numpy as np

rng = np.random.default_rng(0)
simulator = bayesflow.simulators.make_simulator(
    [lambda: {"theta": rng.normal(size=2)}, lambda theta: {"x": rng.normal(size=(8, 2)) + theta}]
)
workflow = bayesflow.BasicWorkflow(
    simulator=simulator,
    inference_network=bayesflow.networks.CouplingFlow(depth=2),
    summary_network=bayesflow.networks.DeepSet(summary_dim=4),
    inference_variables=["theta"],
    summary_variables=["x"],
)
losses = workflow.fit_online(epochs=3, num_batches_per_epoch=20, batch_size=32, verbose=0).history["loss"]
assert losses[-1] < losses[0]
samples = workflow.sample(conditions=simulator.sample(2), num_samples=5)["theta"]
assert samples.shape == (2, 5, 2) and np.isfinite(samples).all()
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}")
