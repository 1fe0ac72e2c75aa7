// Changing something on the server. What was sent is forgotten as soon as it has been answered, since
// it may hold a secret.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { notifications } from "@mantine/notifications";
import { ApiError, type FieldError } from "./api/client";

export interface Act<A extends unknown[], R> {
  run: (...given: A) => Promise<R | undefined>;
  busy: boolean;
  error: Error | null;
  /** What the server found wrong with single fields. */
  errors: FieldError[];
  clear: () => void;
}

interface Options<R> {
  /** First words of the query keys that are out of date afterwards. */
  stale?: string[];
  done?: (result: R) => void;
  /** Said in a corner when it worked. */
  say?: string;
  /** Where there is no form to show an error in, it is said in a corner too. */
  sayError?: boolean;
}

export function useAct<A extends unknown[], R>(
  act: (...given: A) => Promise<R>,
  options: Options<R> = {},
): Act<A, R> {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const run = async (...given: A) => {
    setBusy(true);
    setError(null);
    try {
      const result = await act(...given);
      await Promise.all((options.stale ?? []).map((key) => queries.invalidateQueries({ queryKey: [key] })));
      if (options.say) notifications.show({ message: options.say });
      options.done?.(result);
      return result;
    } catch (caught) {
      const failure = caught instanceof Error ? caught : new Error(String(caught));
      setError(failure);
      if (options.sayError) {
        const code = failure instanceof ApiError ? failure.code : undefined;
        notifications.show({ title: failure.message, message: code, color: "red" });
      }
      return undefined;
    } finally {
      setBusy(false);
    }
  };

  const clear = useCallback(() => setError(null), []);
  return { run, busy, error, errors: error instanceof ApiError ? error.errors : [], clear };
}
