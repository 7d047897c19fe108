predictions = model.predict(X_new)
