import tensorflow as tf

# Create a 2D tensor
t = tf.constant([[1, 2, 3], [4, 5, 6]])
print(t)
