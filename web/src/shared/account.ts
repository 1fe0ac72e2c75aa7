import type { Connection } from "./api/connections";

/** What an account is called: by its name there, else by whose it is. */
export const nameOf = ({
  account,
  subject,
  provider,
}: Pick<Connection, "account" | "subject" | "provider">) =>
  account.name ?? (subject || account.id || provider);

/** Whether only a person can bring it back: what its token says of its end is no longer true. */
export const isOver = ({ status }: { status: string }) => status === "expired" || status === "revoked";

/** How a subject stands in an address: the workspace's own accounts have none, and go by `~`. */
export const subjectParam = (subject: string) => subject || "~";
export const subjectOf = (param: string) => (param === "~" ? "" : param);
