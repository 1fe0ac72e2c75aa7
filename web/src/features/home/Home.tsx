import { Button, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconList, IconTopologyStar3, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { health, type Graph } from "@/shared/api/health";
import { useUrlState } from "@/shared/listing";
import { plural } from "@/shared/text";
import { Page, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { Throughput } from "@/shared/ui/Throughput";
import { Search } from "@/shared/ui/Toolbar";
import { FirstSteps } from "./FirstSteps";
import { Freshness } from "./Freshness";
import { GraphList } from "./GraphList";
import classes from "./Home.module.css";
import { Screens } from "./Screens";
import { Attention } from "./Attention";
import { arrange, CROWD } from "./patchbay";

const Board = lazy(() => import("./Board"));

/** The patch bay: everything that is connected, alive, and what needs a hand. */
export default function Home() {
  const graph = useQuery({ queryKey: ["graph"], queryFn: health.graph, refetchInterval: 60_000 });
  const status = useQuery({ queryKey: ["status"], queryFn: health.status, refetchInterval: 60_000 });
  const empty = graph.data && graph.data.nodes.length === 0;
  return (
    <Page wide title="Patch bay" lead={graph.data && !empty ? <Amounts graph={graph.data} /> : undefined}>
      <Problem error={graph.error} retry={() => void graph.refetch()} />
      {graph.isPending && <Skeleton height={420} />}
      {empty && <FirstSteps />}
      {graph.data && !empty && (
        <div className={classes.home}>
          <div className={classes.bay}>
            <Bay graph={graph.data} readAt={graph.dataUpdatedAt} />
            <Screens />
          </div>
          <div className={classes.side}>
            <Attention status={status.data} graph={graph.data} />
            <Section title="Throughput">
              <div className="box">
                {status.data ? (
                  <Throughput minutes={status.data.throughput} height={120} />
                ) : (
                  <Skeleton height={120} />
                )}
              </div>
            </Section>
            <Freshness graph={graph.data} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Amounts({ graph }: { graph: Graph }) {
  const of = (kind: string) => graph.nodes.filter((node) => node.kind === kind).length;
  return (
    <>
      {plural(of("integration"), "source")}, {plural(of("feed"), "feed")}, {plural(of("widget"), "widget")},{" "}
      {plural(of("player"), "player")}
    </>
  );
}

function Bay({ graph, readAt }: { graph: Graph; readAt: number }) {
  const [{ view, search, focus }, setUrl] = useUrlState();
  const narrow = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const shownAs = view ?? (narrow ? "list" : "board");
  const shown = useMemo(() => arrange(graph, { search, focus }), [graph, search, focus]);
  const onFocus = useCallback((id: string) => setUrl({ focus: id }), [setUrl]);
  const many = graph.nodes.length > 12;
  const visible = useMemo(() => {
    const ids = shown.shownAs;
    return { nodes: graph.nodes.filter(({ id }) => ids.has(id)), edges: graph.edges };
  }, [graph, shown]);
  return (
    <div className={classes.panel}>
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="How the patch bay is shown"
          value={shownAs}
          onChange={(view) => setUrl({ view })}
          data={[
            { value: "board", label: <Labelled icon={<IconTopologyStar3 size={14} />} text="Board" /> },
            { value: "list", label: <Labelled icon={<IconList size={14} />} text="List" /> },
          ]}
        />
        {many && (
          <Search value={search} onChange={(search) => setUrl({ search })} label="Find on the board" />
        )}
        {focus && (
          <Button
            size="compact-sm"
            variant="light"
            rightSection={<IconX size={14} />}
            onClick={() => setUrl({ focus: undefined })}
          >
            Show everything
          </Button>
        )}
        {!focus && shown.nodes.length < visible.nodes.length && (
          <Text size="xs" className="dim">
            More than {CROWD} things: like is gathered with like. Click a stack to open it.
          </Text>
        )}
      </div>
      {shown.nodes.length === 0 ? (
        <div className="box dim">Nothing on the board is called that.</div>
      ) : shownAs === "list" ? (
        <GraphList graph={visible} readAt={readAt} />
      ) : (
        <Suspense fallback={<Skeleton height={420} />}>
          <Board shown={shown} readAt={readAt} onFocus={onFocus} />
        </Suspense>
      )}
    </div>
  );
}

function Labelled({ icon, text }: { icon: React.ReactNode; text: string }) {
  return (
    <span className={classes.labelled}>
      {icon} {text}
    </span>
  );
}
