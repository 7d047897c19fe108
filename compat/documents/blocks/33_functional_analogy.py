def model_fn(x):
    x = layer1(x)
    x = layer2(x)
    return output_layer(x)
