import type { Fields, Json } from "@/shared/api/integrations";

export interface Called {
  provider?: string;
  integration_id?: string;
  credential_id?: string;
  connection_id?: string;
  subject?: string;
  action?: string;
  input: Fields;
}

const names: [Exclude<keyof Called, "input">, string[]][] = [
  ["provider", ["provider", "connectorType", "connector_type"]],
  ["integration_id", ["integration_id", "integrationId"]],
  ["credential_id", ["credential_id", "credentialId"]],
  ["connection_id", ["connection_id", "connectionId"]],
  ["subject", ["subject"]],
  ["action", ["action"]],
];

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The config of a connector step, whose input may stand in it flat or by itself. */
export function called(config: Fields): Called {
  const rest = { ...config };
  const found: Called = { input: {} };
  for (const [name, spellings] of names)
    for (const spelling of spellings) {
      const value = rest[spelling];
      if (typeof value === "string") found[name] ??= value;
      delete rest[spelling];
    }
  const { input, ...flat } = rest;
  found.input = isFields(input) && Object.keys(flat).length === 0 ? input : rest;
  return found;
}
