import { Table, Tooltip, UnstyledButton } from "@mantine/core";
import { Matrix } from "@/shared/ui/Matrix";
import { Platform } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";
import { said, titleOf, type Known, type Latest } from "./metrics";
import classes from "./SubjectPage.module.css";

interface Props {
  latest: Latest;
  /** The metrics that can be drawn: a press draws them. */
  drawn: string[];
  nameOf: (platform: string) => string;
  chosen?: string;
  onChoose: (metric: string) => void;
}

/** The newest number of each kind on each platform. What a platform does not tell stays empty. */
export function Numbers({ latest, drawn, nameOf, chosen, onChoose }: Props) {
  return (
    <Section title="Newest numbers">
      <Matrix label="Newest numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Metric</Table.Th>
            {latest.platforms.map((platform) => (
              <Table.Th key={platform} scope="col" ta="right">
                <Platform id={platform} name={nameOf(platform)} />
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {latest.metrics.map((metric) => (
            <Table.Tr key={metric} data-chosen={metric === chosen}>
              <Table.Th scope="row">
                {drawn.includes(metric) ? (
                  <UnstyledButton
                    fz="sm"
                    fw={500}
                    td="underline"
                    aria-pressed={metric === chosen}
                    onClick={() => onChoose(metric)}
                  >
                    {titleOf(metric)}
                  </UnstyledButton>
                ) : (
                  titleOf(metric)
                )}
              </Table.Th>
              {latest.platforms.map((platform) => (
                <Table.Td key={platform} ta="right">
                  <Value metric={metric} known={latest.of(metric, platform)} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Matrix>
    </Section>
  );
}

function Value({ metric, known }: { metric: string; known?: Known }) {
  if (!known) return <span className="dim">—</span>;
  const text = said(metric, known.value);
  if (!known.formula) return <span title={known.date}>{text}</span>;
  return (
    <Tooltip
      label={`Estimated: ${known.formula}`}
      multiline
      maw={360}
      events={{ hover: true, focus: true, touch: true }}
    >
      <span className={classes.estimate} tabIndex={0}>
        ≈ {text}
      </span>
    </Tooltip>
  );
}
