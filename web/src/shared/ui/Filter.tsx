import { Select } from "@mantine/core";

interface FilterProps {
  label: string;
  value?: string;
  options: (string | { value: string; label: string })[];
  onChange: (value: string | undefined) => void;
}

export function Filter({ label, value, options, onChange }: FilterProps) {
  return (
    <Select
      size="sm"
      w={{ base: "calc(50% - 6px)", xs: 170 }}
      aria-label={label}
      placeholder={label}
      data={options}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
      clearButtonProps={{ "aria-label": `Clear ${label.toLowerCase()}` }}
    />
  );
}
