from tensorflow.keras.layers import Input
inputs = Input(shape=(4,))
