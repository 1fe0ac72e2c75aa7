// What the integrations of this workspace can do.

import type { Connector, ConnectorType } from "./api/actions";
import { useListing } from "./listing";

/** The services that can do something, with their actions. They change with the server's version alone. */
export const useConnectorTypes = (enabled = true) =>
  useListing<ConnectorType>("/connectors?available=true", {}, { limit: null, staleTime: 600_000, enabled });

/** This workspace's integrations of such services. */
export const useConnectors = (type?: string) =>
  useListing<Connector>("/connectors", { type }, { limit: 200 });
