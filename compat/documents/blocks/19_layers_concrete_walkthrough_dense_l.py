layer = tf.keras.layers.Dense(32, activation='relu', input_shape=(100,))
