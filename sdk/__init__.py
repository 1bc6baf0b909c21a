"""EmoMotion SDK: words and an emotion in, a moving, feeling character out."""

import os

__version__ = "0.1.0"

# gRPC's core prints its own lines for what this package reports as errors, a port in use above all. It reads this once,
# when grpc is first imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
