from tensorflow.keras.layers import Input, Dense
from tensorflow.keras.models import Model

# Step 1: Define input
inputs = Input(shape=(4,))

# Step 2: Pass input to hidden layers
x = Dense(16, activation='relu')(inputs)  # Chunk 1
x = Dense(8, activation='relu')(x)        # Chunk 2

# Step 3: Define output layer
outputs = Dense(1, activation='sigmoid')(x)

# Step 4: Define model (connect first and last chunk)
model = Model(inputs=inputs, outputs=outputs)

model.summary()
