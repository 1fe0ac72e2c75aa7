import { useState } from "react";

/** The provider's own drawing; its first letter where there is none. */
export function ProviderIcon({ provider, size = 24 }: { provider: string; size?: number }) {
  const [broken, setBroken] = useState(false);
  return (
    <span className="provider" style={{ width: size, height: size, fontSize: size * 0.5 }} aria-hidden>
      {broken ? (
        provider.charAt(0).toUpperCase()
      ) : (
        <img
          src={`/api/v1/providers/${encodeURIComponent(provider)}/icon`}
          alt=""
          width={size - 6}
          height={size - 6}
          onError={() => setBroken(true)}
        />
      )}
    </span>
  );
}
