model.save('trained_model.h5')
