import type { FieldError } from "@/shared/api/client";
import type { Definition } from "@/shared/api/workflows";
import { missingIn } from "@/shared/schema";
import { called } from "./called";
import { walk } from "./definition";
import { kindOf } from "./kinds";

/**
 * What the server says is wrong, and what a step needs before it can do anything: an address that is still
 * empty may be sound, and is of no use.
 */
export function withLacking(definition: Definition, errors: FieldError[]): FieldError[] {
  const known = new Set(errors.map(({ pointer }) => pointer));
  const lacking = walk(definition).flatMap(({ step, at }) => {
    const config = step.config ?? {};
    if (step.type !== "connector") return missingIn(kindOf(step.type).schema, config, `${at}/config`);
    return called(config).action ? [] : [{ pointer: `${at}/config/action`, message: "Action is needed" }];
  });
  return [...errors, ...lacking.filter(({ pointer }) => !known.has(pointer))];
}
