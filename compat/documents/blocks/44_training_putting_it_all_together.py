from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense

# 1. Build the model
model = Sequential([
    Dense(16, activation='relu', input_shape=(4,)),
    Dense(8, activation='relu'),
    Dense(1, activation='sigmoid')
])

# 2. Compile
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])

# 3. Fit (Train)
history = model.fit(X_train, y_train, epochs=10, batch_size=32, validation_split=0.2)

# 4. Evaluate (Test)
loss, acc = model.evaluate(X_test, y_test)

print(f"Test Loss: {loss:.4f}, Test Accuracy: {acc:.4f}")
