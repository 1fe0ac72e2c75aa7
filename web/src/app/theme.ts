import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

// One accent, the blue of a patch cord; everything else is grey. Green, amber and red mean a state.
const cord: MantineColorsTuple = [
  "#edf5fb",
  "#dbe8f2",
  "#b3d0e6",
  "#88b6d9",
  "#65a0ce",
  "#4f92c7",
  "#3c83bb",
  "#2a6fa6",
  "#1f6295",
  "#0c5484",
];
const dark: MantineColorsTuple = [
  "#d3d5d7",
  "#b3b6b9",
  "#989b9f",
  "#63676b",
  "#3d4043",
  "#2f3235",
  "#242628",
  "#1a1c1e",
  "#151618",
  "#0f1011",
];
const gray: MantineColorsTuple = [
  "#f8f8f7",
  "#e9e9e6",
  "#e6e6e3",
  "#d8d8d5",
  "#c4c4c1",
  "#a3a4a2",
  "#7d7f7e",
  "#5c5e5e",
  "#3f4142",
  "#252728",
];

export const theme = createTheme({
  primaryColor: "cord",
  primaryShade: 7,
  colors: { cord, dark, gray },
  defaultRadius: "sm",
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8375rem", md: "0.925rem", lg: "1.05rem", xl: "1.2rem" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.5rem" },
      h2: { fontSize: "1.3rem" },
      h3: { fontSize: "1.1rem" },
      h4: { fontSize: "1rem" },
    },
  },
  components: {
    // A link stands in running text and is told apart by more than its colour.
    Anchor: { defaultProps: { underline: "always" } },
    Drawer: {
      defaultProps: {
        attributes: { header: { role: "presentation" } },
        overlayProps: { backgroundOpacity: 0.35 },
        transitionProps: { duration: 150 },
      },
    },
    Modal: {
      defaultProps: {
        attributes: { header: { role: "presentation" } },
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
        transitionProps: { duration: 120 },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close the message" } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    PasswordInput: { defaultProps: { visibilityToggleButtonProps: { "aria-label": "Show what is typed" } } },
  },
});

/** The ground of the page; what stands on it is coloured in global.css. */
export const grounds: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f0f0ed",
    "--mantine-color-text": "#1d1f20",
    "--mantine-color-dimmed": "#5c5f60",
    "--mantine-color-default": "#fbfbfa",
    "--mantine-color-default-hover": "#f4f4f2",
    "--mantine-color-default-border": "#cfcfcb",
    "--mantine-color-placeholder": "#6f7273",
    "--mantine-color-error": "var(--state-failing)",
  },
  dark: {
    "--mantine-color-body": "#141517",
    "--mantine-color-text": "#dcdedf",
    "--mantine-color-dimmed": "#9a9da0",
    "--mantine-color-default": "#1c1e20",
    "--mantine-color-default-hover": "#25282a",
    "--mantine-color-default-border": "#3a3e41",
    "--mantine-color-placeholder": "#8b8f92",
    "--mantine-color-error": "var(--state-failing)",
  },
});
