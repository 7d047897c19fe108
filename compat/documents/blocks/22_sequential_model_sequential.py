model = Sequential()
