v = tf.constant([10, 20, 30, 40])
print(v.shape)   # (4,)
print(tf.rank(v))  # 1
