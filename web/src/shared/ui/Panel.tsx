import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";

/** The side panel in which things are made and changed. What is in it is forgotten when it closes. */
export function Panel({
  opened,
  onClose,
  title,
  children,
  size = 560,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  size?: number;
}) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      position="right"
      size={size}
      closeButtonProps={{ "aria-label": "Close" }}
      keepMounted={false}
    >
      {children}
    </Drawer>
  );
}
