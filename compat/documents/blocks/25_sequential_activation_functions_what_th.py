Dense(16)
Activation('relu')
