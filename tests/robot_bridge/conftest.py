"""Certificates for the bridge's server, as the tests of the SDK's own server make them."""

from tests.service.conftest import pems

__all__ = ["pems"]
