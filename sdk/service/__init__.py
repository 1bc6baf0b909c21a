"""The gRPC service: servicer, validation, health, drain. Knows no ONNX."""

import os

# gRPC's core prints its own lines for what this package reports as errors, a port in use above all. It reads this once,
# when grpc is first imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
