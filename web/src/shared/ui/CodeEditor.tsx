import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import {
  bracketMatching,
  ensureSyntaxTree,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { linter, lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { CodeProps } from "./Code";

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-name)" },
  { tag: tags.string, color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-value)" },
  { tag: tags.punctuation, color: "var(--dim)" },
]);

const look = (minHeight: number, maxHeight: number) =>
  EditorView.theme({
    "&": {
      fontSize: "12.5px",
      backgroundColor: "var(--well)",
      border: "1px solid var(--line)",
      borderRadius: "6px",
    },
    "&.cm-focused": { outline: "2px solid var(--cord)", outlineOffset: "1px" },
    ".cm-scroller": {
      fontFamily: "var(--mantine-font-family-monospace)",
      minHeight: `${minHeight}px`,
      maxHeight: `${maxHeight}px`,
    },
    ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--dim)" },
    ".cm-content": { caretColor: "var(--mantine-color-text)" },
    ".cm-tooltip": {
      backgroundColor: "var(--surface)",
      color: "var(--mantine-color-text)",
      border: "1px solid var(--line)",
    },
    "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--select) !important",
    },
  });

/** Where in the text the value at a JSON pointer stands. */
function placeOf(state: EditorState, pointer: string): { from: number; to: number } {
  const tree = ensureSyntaxTree(state, state.doc.length, 200);
  let node = tree?.topNode.firstChild ?? null;
  for (const raw of pointer.split("/").slice(1)) {
    const step = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    let next = null;
    if (node?.name === "Object") {
      for (const property of node.getChildren("Property")) {
        const name = property.getChild("PropertyName");
        if (name && state.sliceDoc(name.from, name.to) === JSON.stringify(step)) next = property.lastChild;
      }
    } else if (node?.name === "Array") {
      const items = [];
      for (let child = node.firstChild; child; child = child.nextSibling)
        if (!/^[[\],⚠]$/.test(child.name)) items.push(child);
      next = items[Number(step)] ?? null;
    }
    if (!next) break;
    node = next;
  }
  return node ? { from: node.from, to: node.to } : { from: 0, to: Math.min(1, state.doc.length) };
}

export default function CodeEditor({
  value,
  label,
  onChange,
  errors,
  minHeight = 160,
  maxHeight = 480,
}: CodeProps) {
  const home = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const tell = useRef(onChange);
  const said = useRef<Diagnostic[]>([]);
  const first = useRef(value);
  tell.current = onChange;
  const writable = !!onChange;

  useEffect(() => {
    const made = new EditorView({
      parent: home.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          lineNumbers(),
          foldGutter(),
          bracketMatching(),
          json(),
          syntaxHighlighting(colours),
          look(minHeight, maxHeight),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap]),
          writable
            ? [
                history(),
                indentOnInput(),
                lintGutter(),
                linter(
                  (view) => [
                    ...jsonParseLinter()(view).filter(() => view.state.doc.length > 0),
                    ...said.current,
                  ],
                  { delay: 250 },
                ),
                EditorView.updateListener.of((update) => {
                  if (update.docChanged) tell.current?.(update.state.doc.toString());
                }),
              ]
            : [EditorState.readOnly.of(true)],
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label, minHeight, maxHeight, writable]);

  useEffect(() => {
    const shown = view.current;
    if (shown && shown.state.doc.toString() !== value)
      shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const shown = view.current;
    if (!shown || !writable) return;
    said.current = (errors ?? []).map(({ pointer, message }) => ({
      ...placeOf(shown.state, pointer),
      severity: "error",
      message,
    }));
    shown.dispatch(setDiagnostics(shown.state, said.current));
  }, [errors, writable]);

  return <div ref={home} />;
}
