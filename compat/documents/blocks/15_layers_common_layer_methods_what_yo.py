class MyLayer(tf.keras.layers.Layer):
    def __init__(self, units): 
        super().__init__()
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer='random_normal')

    def call(self, inputs):
        return tf.matmul(inputs, self.w)
