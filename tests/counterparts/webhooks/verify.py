"""Verifies requests with the libraries `standardwebhooks` and `svix`.

Each line of the input is a request as JSON: {"secret", "headers", "body" in base64}. Each line of the output is
what both said of it: "ok", or what they refused it for.
"""

import base64
import json
import sys

import standardwebhooks
import svix.webhooks

for line in sys.stdin:
    told = json.loads(line)
    body = base64.b64decode(told["body"])
    said = []
    for library in (standardwebhooks, svix.webhooks):
        try:
            library.Webhook(told["secret"]).verify(body.decode(), told["headers"])
        except Exception as error:  # each library has its own
            said.append(f"{library.__name__}: {error!r}")
    print("; ".join(said) or "ok", flush=True)
