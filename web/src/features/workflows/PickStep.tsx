import { Modal, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { stepKinds } from "./kinds";
import cards from "@/shared/ui/Cards.module.css";
import classes from "./PickStep.module.css";

const groups = ["Do", "Decide", "Wait", "Answer"] as const;

/** Which kind of step is put in. */
export function PickStep({ onPick, onClose }: { onPick: (type: string) => void; onClose: () => void }) {
  const [search, setSearch] = useState("");
  const words = search.trim().toLowerCase();
  const fits = Object.entries(stepKinds).filter(([type, { title, about }]) =>
    `${type} ${title} ${about}`.toLowerCase().includes(words),
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title="Put in a step"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <TextInput
          aria-label="Search the kinds of steps"
          placeholder="What shall it do?"
          leftSection={<IconSearch size={15} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && fits[0] && onPick(fits[0][0])}
          data-autofocus
        />
        {groups.map((group) => {
          const kinds = fits.filter(([, kind]) => kind.group === group);
          return (
            kinds.length > 0 && (
              <section key={group} aria-label={group}>
                <h3 className="silk">{group}</h3>
                <ul className={cards.grid}>
                  {kinds.map(([type, { title, about, icon: Mark }]) => (
                    <li key={type}>
                      <UnstyledButton className={cards.card} onClick={() => onPick(type)}>
                        <Mark size={20} stroke={1.7} className={classes.icon} aria-hidden />
                        <span className={classes.words}>
                          <Text size="sm" fw={600} component="span" display="block">
                            {title}
                          </Text>
                          <Text size="xs" className="dim" component="span" display="block">
                            {about}
                          </Text>
                        </span>
                      </UnstyledButton>
                    </li>
                  ))}
                </ul>
              </section>
            )
          );
        })}
        {fits.length === 0 && (
          <Text size="sm" className="dim">
            No kind of step is called like that.
          </Text>
        )}
      </Stack>
    </Modal>
  );
}
