test_loss, test_acc = model.evaluate(X_test, y_test)
