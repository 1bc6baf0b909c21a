"""From a finished run to a bundle: ONNX graphs, text encoder, parity, the bundle's torch twin."""
