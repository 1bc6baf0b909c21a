"""One question to any service that speaks OpenAI's chat-completions protocol; standard library only."""

import json
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from sdk.errors import InvalidInput

_PATH = "/chat/completions"
_MAX_BYTES = 1 << 20


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to a host that nobody named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def ask(endpoint: str, model: str, question: str, *, key: str = "", timeout_s: float = 60.0) -> str:
    """The text of the answer. endpoint: base address or the whole one; key: sent as a bearer token, if there is one.

    Raises InvalidInput, in one line and without the key, when the service cannot be reached in time, refuses, or
    answers with something else than a chat completion.
    """
    url = urllib.parse.urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise InvalidInput(f"endpoint must be an http or https address, got {endpoint[:80]!r}", field="endpoint")
    whole = endpoint if url.path.endswith(_PATH) else endpoint.rstrip("/") + _PATH
    body = {"model": model, "messages": [{"role": "user", "content": question}]}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(whole, json.dumps(body).encode(), headers)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as reply:
            answer = reply.read(_MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        hint = "; is the key in the environment?" if error.code in (401, 403) else ""
        raise InvalidInput(f"{url.hostname} refuses: {error.code} {error.reason}{hint}", field="endpoint") from None
    except (urllib.error.URLError, HTTPException, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise InvalidInput(f"{url.hostname} does not answer: {reason}", field="endpoint") from None
    if len(answer) > _MAX_BYTES:
        raise InvalidInput(f"{url.hostname} answers with more than {_MAX_BYTES} bytes", field="endpoint")
    try:
        text = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise InvalidInput(f"{url.hostname} answers with no chat completion", field="endpoint") from None
    if not isinstance(text, str):
        raise InvalidInput(f"{url.hostname} answers without a text", field="endpoint")
    return text
