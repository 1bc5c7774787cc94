import { at, childrenOf, OTHER, type CallTree, type NodeId } from '../model/call-tree.ts';
import { FRAME_ACTIONS, shownKey, type FrameActionId } from './frame-actions.ts';

export type KeyAction =
  | { readonly kind: 'select' | 'zoom' | 'expand' | 'menu'; readonly node: NodeId }
  | { readonly kind: 'zoom-out' }
  | { readonly kind: 'match'; readonly step: 1 | -1 }
  | { readonly kind: 'scale'; readonly delta: number }
  | { readonly kind: 'pan'; readonly share: number }
  | { readonly kind: 'frame'; readonly id: FrameActionId; readonly node: NodeId };

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export interface KeyContext {
  readonly tree: CallTree;
  readonly selected: NodeId;
  readonly zoomed: NodeId;
  /** With the root at the bottom, up is where callees are. */
  readonly upright: boolean;
}

interface Binding {
  /** As `KeyboardEvent.key` has them. */
  readonly keys: readonly string[];
  readonly shift?: boolean;
  readonly act: (context: KeyContext, key: string) => KeyAction | undefined;
  /** How the help names it. Bindings with the same text are one line there, and only the first has a meaning. */
  readonly shown: string;
  readonly meaning: string;
}

/** The keys of the flame graph. What the help shows is made from them, so it cannot say anything else. */
const MOVE_BINDINGS: readonly Binding[] = [
  {
    keys: ['ArrowDown', 'ArrowUp'],
    shown: '↓  ↑',
    meaning: 'Largest callee, caller; with the root at the bottom, the other way round',
    act: ({ tree, selected, upright }, key) => {
      const isDeeper = (key === 'ArrowDown') !== upright;
      if (!isDeeper) return selected > 0 ? { kind: 'select', node: at(tree.parents, selected) } : undefined;
      const largest = largestChild(tree, selected);
      return largest === undefined ? undefined : { kind: 'select', node: largest };
    },
  },
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shift: false,
    shown: '← →',
    meaning: 'Neighbor at the same depth',
    act: ({ tree, selected }, key) => {
      const node = neighbor(tree, selected, key === 'ArrowLeft' ? -1 : 1);
      return node === undefined ? undefined : { kind: 'select', node };
    },
  },
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shift: true,
    shown: 'Shift ← →',
    meaning: 'Move sideways',
    act: (_, key) => ({ kind: 'pan', share: key === 'ArrowLeft' ? -0.2 : 0.2 }),
  },
  {
    keys: ['Enter', ' '],
    shown: 'Enter',
    meaning: 'Zoom in; on “(other)”, show what it stands for',
    act: ({ tree, selected }) =>
      at(tree.functions, selected) === OTHER
        ? { kind: 'expand', node: at(tree.parents, selected) }
        : { kind: 'zoom', node: selected },
  },
  {
    keys: ['Escape', 'Backspace'],
    shown: 'Esc',
    meaning: 'Zoom out; then out of callers and callees, and of the full screen',
    act: () => ({ kind: 'zoom-out' }),
  },
  { keys: ['Home'], shown: 'Home', meaning: 'Back to the root', act: () => ({ kind: 'zoom', node: 0 }) },
  {
    keys: ['+', '=', '-'],
    shown: '+ −',
    meaning: 'Widen, narrow',
    act: (_, key) => ({ kind: 'scale', delta: key === '-' ? 1000 : -1000 }),
  },
  {
    keys: ['n', 'p'],
    shown: 'n  p',
    meaning: 'Next, previous match of the search',
    act: (_, key) => ({ kind: 'match', step: key === 'n' ? 1 : -1 }),
  },
];

const FRAME_BINDINGS: readonly Binding[] = [
  {
    keys: ['F10'],
    shift: true,
    shown: 'Shift F10',
    meaning: 'Its menu, as the menu key and right click',
    act: ({ selected }) => ({ kind: 'menu', node: selected }),
  },
  {
    keys: ['ContextMenu'],
    shown: 'Shift F10',
    meaning: '',
    act: ({ selected }) => ({ kind: 'menu', node: selected }),
  },
  ...FRAME_ACTIONS.flatMap(({ id, key, meaning }): Binding[] =>
    // Enter is above: it means something else on "(other)".
    key === undefined || key === 'Enter'
      ? []
      : [
          {
            keys: [key],
            shown: shownKey(key),
            meaning,
            act: ({ tree, selected }) =>
              at(tree.functions, selected) < 0 && id !== 'pin'
                ? undefined
                : { kind: 'frame', id, node: selected },
          },
        ],
  ),
];

const BINDINGS = [...MOVE_BINDINGS, ...FRAME_BINDINGS];

/** For the help overlay: moving about, and what is done with the selected frame. */
export const MOVE_KEYS = shownKeys(MOVE_BINDINGS);
export const FRAME_KEYS = shownKeys(FRAME_BINDINGS);

function shownKeys(bindings: readonly Binding[]): readonly (readonly [keys: string, meaning: string])[] {
  return bindings
    .filter(({ meaning }) => meaning !== '')
    .map(({ shown, meaning }) => [shown, meaning] as const);
}

export function keyAction(event: Key, context: KeyContext): KeyAction | undefined {
  const { key } = event;
  const withCommand = event.ctrlKey || event.metaKey;
  if (withCommand && key === 'c') return { kind: 'frame', id: 'copy-name', node: context.selected };
  if (withCommand || event.altKey) return undefined;
  const binding = BINDINGS.find(
    ({ keys, shift }) => keys.includes(key) && (shift === undefined || shift === event.shiftKey),
  );
  return binding?.act(context, key);
}

/**
 * Where zooming out leads: the nearest caller that is visibly wider. In a chain of single calls one step up would
 * show the same picture again.
 */
export function zoomOutTarget(tree: CallTree, zoomed: NodeId): NodeId {
  let node = zoomed;
  while (node > 0) {
    node = at(tree.parents, node);
    if (at(tree.totals, node) > at(tree.totals, zoomed) * 1.05) return node;
  }
  return 0;
}

/** Siblings may be in the order of their names. */
function largestChild(tree: CallTree, node: NodeId): NodeId | undefined {
  return childrenOf(tree, node).reduce<NodeId | undefined>(
    (best, child) => (best === undefined || at(tree.totals, child) > at(tree.totals, best) ? child : best),
    undefined,
  );
}

function neighbor(tree: CallTree, node: NodeId, step: 1 | -1): NodeId | undefined {
  const row = tree.rows[at(tree.depths, node)];
  const index = row ? row.indexOf(node) : -1;
  return index < 0 ? undefined : row?.[index + step];
}
