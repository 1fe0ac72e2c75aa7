// Code that checks a request. The secret is never in it: code is kept where secrets must not be.

import type { Signing, Webhook } from "@/shared/api/webhooks";

interface Sample {
  language: string;
  code: string;
}

const hmac: Sample[] = [
  {
    language: "JavaScript",
    code: `// npm install standardwebhooks
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET); // whsec_…

app.post("/hooks", express.raw({ type: "*/*" }), (request, response) => {
  const event = webhook.verify(request.body, request.headers); // throws if it is not ours
  response.sendStatus(204);
});`,
  },
  {
    language: "Python",
    code: `# pip install standardwebhooks
import os
from standardwebhooks.webhooks import Webhook

webhook = Webhook(os.environ["WEBHOOK_SECRET"])  # whsec_…

@app.post("/hooks")
def hooks():
    event = webhook.verify(request.get_data(), dict(request.headers))  # raises if it is not ours
    return "", 204`,
  },
  {
    language: "Go",
    code: `// go get github.com/standard-webhooks/standard-webhooks/libraries/go
webhook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET")) // whsec_…

func hooks(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := webhook.Verify(body, r.Header); err != nil {
		http.Error(w, "not ours", http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}`,
  },
];

const ed25519 = (publicKey: string): Sample[] => [
  {
    language: "JavaScript",
    code: `import { createPublicKey, verify } from "node:crypto";

const raw = Buffer.from("${publicKey.replace(/^whpk_/, "")}", "base64");
const key = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
  format: "jwk",
});

function isOurs(body, headers) {
  const fresh = Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) < 300;
  const signed = \`\${headers["webhook-id"]}.\${headers["webhook-timestamp"]}.\${body}\`;
  return fresh && headers["webhook-signature"].split(" ").some((signature) => {
    const [version, text] = signature.split(",");
    return version === "v1a" && verify(null, Buffer.from(signed), key, Buffer.from(text, "base64"));
  });
}`,
  },
  {
    language: "Python",
    code: `# pip install cryptography
import base64, time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode("${publicKey.replace(/^whpk_/, "")}"))

def is_ours(body: bytes, headers) -> bool:
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + body
    for signature in headers["webhook-signature"].split():
        version, _, text = signature.partition(",")
        try:
            if version == "v1a":
                KEY.verify(base64.b64decode(text), signed)
                return True
        except InvalidSignature:
            pass
    return False`,
  },
];

const byKind: Record<Signing, (webhook: Pick<Webhook, "public_key">) => Sample[]> = {
  hmac: () => hmac,
  ed25519: ({ public_key }) => ed25519(public_key ?? "whpk_…"),
};

export const samplesOf = (webhook: Pick<Webhook, "signing" | "public_key">) =>
  byKind[webhook.signing](webhook);
