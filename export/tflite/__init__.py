"""From TensorFlow Lite to ONNX, for the operators that the face models use and no others."""
