"""Distributions with the samples of the real library, gradients, a sampler and a variational fit."""

import kerasish

kerasish.install()

import tensorflow as tf  # noqa: E402
import tensorflow_probability as tfp  # noqa: E402

tfd, tfb = tfp.distributions, tfp.bijectors


scale = tfp.util.TransformedVariable(1.0, tfb.Softplus())
normal = tfd.Normal(tf.Variable(0.0), scale)
data = tfd.Normal(2.0, 0.5).sample(200, seed=[1, 2])
optimizer = tf.keras.optimizers.Adam(0.1)
for _ in range(150):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(normal.log_prob(data))
    optimizer.apply_gradients(zip(tape.gradient(loss, normal.trainable_variables), normal.trainable_variables))
assert abs(float(normal.mean()) - 2.0) < 0.15 and abs(float(normal.stddev()) - 0.5) < 0.1

kernel = tfp.mcmc.NoUTurnSampler(lambda x: tfd.Normal(1.0, 2.0).log_prob(x), step_size=0.8)
chain = tfp.mcmc.sample_chain(60, current_state=tf.zeros(4), kernel=kernel, trace_fn=None, seed=[1, 2])
assert abs(float(tf.reduce_mean(chain)) - 1.0) < 1.0

print(
    f"fitted {float(normal.mean()):.2f} ± {float(normal.stddev()):.2f}, chain's mean {float(tf.reduce_mean(chain)):.2f}"
)
