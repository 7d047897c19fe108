with tf.device('/GPU:0'):
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    b = tf.constant([[2.0, 0.0], [0.0, 2.0]])
    c = tf.matmul(a, b)
print(c)
