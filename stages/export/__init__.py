"""Models in other people's formats: ONNX, TensorBoard. Each file imports its library, which an extra brings."""
