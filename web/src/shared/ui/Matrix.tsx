import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Matrix.module.css";

/** Values by two measures: one down, one across. It moves sideways where there is little room. */
export function Matrix({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.matrix} tabIndex={0} role="group" aria-label={label}>
      <Table aria-label={label} verticalSpacing={7} horizontalSpacing={14} fz="sm">
        {children}
      </Table>
    </div>
  );
}
