"""Version 1 of the wire contract: stubs made by `python tools/generate_protos.py` from the .proto files beside them."""
