tf.reduce_sum(t, axis=0)  # sum over rows → gives column sums
tf.reduce_sum(t, axis=1)  # sum over columns → gives row sums
