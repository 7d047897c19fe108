from tensorflow.keras import Model, Input
from tensorflow.keras.layers import Dense

# Define input
inputs = Input(shape=(4,))

# Define path
x = Dense(16, activation='relu')(inputs)
x = Dense(8, activation='relu')(x)
outputs = Dense(1, activation='sigmoid')(x)

# Define model
model = Model(inputs=inputs, outputs=outputs)

model.summary()
