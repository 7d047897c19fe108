from tensorflow.keras.layers import Dense

x = Dense(16, activation='relu')(inputs)
