Dense(16, activation='relu')
