shared_dense = tf.keras.layers.Dense(32)
x1 = shared_dense(inputs1)
x2 = shared_dense(inputs2)  # same kernel & bias used
