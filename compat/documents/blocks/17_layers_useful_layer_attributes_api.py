layer = tf.keras.layers.Dense(10, activation='relu', name='dense1')
x = tf.random.normal((4, 8))         # batch=4, input_dim=8
y = layer(x)                         # triggers build() and create weights
print(layer.built)                   # True
print(layer.weights)                 # [kernel, bias]
print(layer.trainable_weights)       # same as weights here
print(layer.output_shape)            # (None, 10)
