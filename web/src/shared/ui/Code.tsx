import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { FieldError } from "../api/client";

const Editor = lazy(() => import("./CodeEditor"));

export interface CodeProps {
  value: string;
  label: string;
  onChange?: (value: string) => void;
  /** Marked at the place that the pointer names. */
  errors?: FieldError[];
  minHeight?: number;
  maxHeight?: number;
}

/** JSON, to read or to write. The editor is loaded when first needed. */
export function JsonCode(props: CodeProps) {
  return (
    <Suspense fallback={<Skeleton height={props.minHeight ?? 160} />}>
      <Editor {...props} />
    </Suspense>
  );
}

export const pretty = (value: unknown) => JSON.stringify(value, null, 2) ?? "";
