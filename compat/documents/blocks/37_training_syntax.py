model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
