model.compile(
    optimizer='adam',                 # algorithm for updating weights
    loss='binary_crossentropy',       # what model tries to minimize
    metrics=['accuracy']              # what performance to track
)

model.fit(X_train, y_train, epochs=10, batch_size=32)
