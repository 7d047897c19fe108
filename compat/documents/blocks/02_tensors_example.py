x = tf.constant([1, 2, 3])
y = x + 10  # creates a NEW tensor
print(x)    # original tensor unchanged
print(y)    # new tensor created
