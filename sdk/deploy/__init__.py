"""Beyond one machine: the servicers of `sdk.service` as a deployment of Ray Serve. The extra `ray` brings Ray.

`app` is what `serve run sdk.deploy:app` and `serve deploy` take; `command` is `emomotion deploy`.
"""

from sdk.deploy.fleet import app
from sdk.deploy.start import command

__all__ = ["app", "command"]
