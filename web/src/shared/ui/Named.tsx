import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { pathOf } from "../subject";
import { ProviderIcon } from "./ProviderIcon";

/** The name of a thing as the way to its page, with the mark of the service that it is of. */
export function Named({ id, provider, children }: { id: string; provider?: string; children: ReactNode }) {
  return (
    <Link to={(pathOf(id) ?? "/") as "/"} className="named">
      {provider && <ProviderIcon provider={provider} />}
      <span className="break">{children}</span>
    </Link>
  );
}

/** A service by its name and its mark. */
export function Platform({ id, name }: { id: string; name: string }) {
  return (
    <span className="named">
      <ProviderIcon provider={id} size={20} />
      {name}
    </span>
  );
}
