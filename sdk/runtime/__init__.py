"""The engine: ONNX sessions, text encoder, decoding loop, limits. Knows no gRPC and no torch."""
