model = Sequential([
    Dense(16, input_shape=(4,), activation='relu'),
    Dense(8, activation='relu'),
    Dense(1, activation='sigmoid')
])
