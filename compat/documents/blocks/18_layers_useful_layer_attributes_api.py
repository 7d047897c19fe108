class MyDense(tf.keras.layers.Layer):
    def __init__(self, units, kernel_regularizer=None, kernel_constraint=None):
        super().__init__()
        self.units = units
        self.kernel_regularizer = tf.keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = tf.keras.constraints.get(kernel_constraint)

    def build(self, input_shape):
        self.kernel = self.add_weight('kernel', shape=(input_shape[-1], self.units),
                                      initializer='glorot_uniform',
                                      regularizer=self.kernel_regularizer,
                                      constraint=self.kernel_constraint)
        self.bias = self.add_weight('bias', shape=(self.units,), initializer='zeros')

    def call(self, inputs):
        return tf.matmul(inputs, self.kernel) + self.bias
