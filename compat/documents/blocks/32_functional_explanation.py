model = Model(inputs, outputs)
