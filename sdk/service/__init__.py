"""The gRPC service: servicer, validation, health, drain. Knows no ONNX."""
