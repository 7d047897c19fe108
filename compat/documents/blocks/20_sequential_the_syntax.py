from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Activation
