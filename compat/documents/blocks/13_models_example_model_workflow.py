model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
model.fit(X_train, y_train, epochs=10, batch_size=32)
loss, acc = model.evaluate(X_test, y_test)
predictions = model.predict(X_new)
