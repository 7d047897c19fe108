from tensorflow.keras import Sequential
from tensorflow.keras.layers import Dense

# Simple Sequential model
model = Sequential([
    Dense(16, activation='relu', input_shape=(4,)),  # Input + hidden layer
    Dense(8, activation='relu'),                     # Hidden layer
    Dense(1, activation='sigmoid')                   # Output layer
])

model.summary()
