x = tf.constant([1.0, 2.0, 3.0], dtype=tf.float32)
print(x.dtype)
