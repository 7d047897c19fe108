"""A regression that gives distributions, and chains with adapting steps inside tf.function."""

import kerasish

kerasish.install()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tensorflow_probability as tfp  # noqa: E402

tfd, tfpl = tfp.distributions, tfp.layers

tf.random.set_seed(1)
x = np.random.default_rng(0).normal(size=(256, 3)).astype("float32")
y = (x @ [[1.0], [2.0], [-1.0]]).astype("float32")
model = tf.keras.Sequential(
    [
        tf.keras.Input((3,)),
        tf.keras.layers.Dense(2),
        tfpl.DistributionLambda(lambda t: tfd.Normal(t[..., :1], 1e-3 + tf.nn.softplus(t[..., 1:]))),
    ]
)
model.compile(tf.keras.optimizers.Adam(0.1), lambda y, p: -p.log_prob(y))
losses = model.fit(x, y, epochs=60, verbose=0).history["loss"]
assert losses[-1] < losses[0] - 1

kernel = tfp.mcmc.HamiltonianMonteCarlo(tfd.Normal(1.0, 2.0).log_prob, step_size=0.3, num_leapfrog_steps=3)
kernel = tfp.mcmc.DualAveragingStepSizeAdaptation(kernel, num_adaptation_steps=20)


@tf.function
def run():
    return tfp.mcmc.sample_chain(
        30,
        current_state=tf.zeros(4),
        kernel=kernel,
        trace_fn=lambda _, r: r.new_step_size,
        seed=[1, 2],
        num_burnin_steps=10,
    )


chain, steps = run()
assert abs(float(steps[-1]) - 1.5038) < 1e-3  # as TensorFlow has it
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}, step size {float(steps[-1]):.3f}")
