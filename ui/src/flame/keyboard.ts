import { at, childrenOf, OTHER, type CallTree, type NodeId } from '../model/call-tree.ts';

export type KeyAction =
  | { readonly kind: 'select' | 'zoom' | 'expand' | 'copy'; readonly node: NodeId }
  | { readonly kind: 'zoom-out' }
  | { readonly kind: 'match'; readonly step: 1 | -1 }
  | { readonly kind: 'scale'; readonly delta: number }
  | { readonly kind: 'pan'; readonly share: number };

interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** For the help overlay; the tests check that each of these does something. */
export const FLAME_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['↓', 'Largest callee'],
  ['↑', 'Caller'],
  ['← →', 'Neighbor at the same depth'],
  ['Enter', 'Zoom in on the selected frame; on “(other)”, show what it stands for'],
  ['Esc', 'Zoom out'],
  ['Home', 'Back to the root'],
  ['+ −', 'Widen, narrow'],
  ['Shift ← →', 'Move sideways'],
  ['n  p', 'Next, previous match of the search'],
  ['c', 'Copy the name of the selected frame'],
];

export function keyAction(
  event: Key,
  tree: CallTree,
  selected: NodeId,
  zoomed: NodeId,
): KeyAction | undefined {
  const { key } = event;
  const withCommand = event.ctrlKey || event.metaKey;
  if (withCommand && key === 'c') return { kind: 'copy', node: selected };
  if (withCommand || event.altKey) return undefined;
  switch (key) {
    case 'ArrowDown': {
      const [first] = childrenOf(tree, selected);
      return first === undefined ? undefined : { kind: 'select', node: first };
    }
    case 'ArrowUp':
      return selected > 0 ? { kind: 'select', node: at(tree.parents, selected) } : undefined;
    case 'ArrowLeft':
    case 'ArrowRight': {
      const step = key === 'ArrowLeft' ? -1 : 1;
      if (event.shiftKey) return { kind: 'pan', share: step * 0.2 };
      const node = neighbor(tree, selected, step);
      return node === undefined ? undefined : { kind: 'select', node };
    }
    case 'Enter':
    case ' ':
      return at(tree.functions, selected) === OTHER
        ? { kind: 'expand', node: at(tree.parents, selected) }
        : { kind: 'zoom', node: selected };
    case 'Escape':
    case 'Backspace':
      return zoomed > 0 ? { kind: 'zoom-out' } : undefined;
    case 'Home':
      return { kind: 'zoom', node: 0 };
    case '+':
    case '=':
      return { kind: 'scale', delta: -1000 };
    case '-':
      return { kind: 'scale', delta: 1000 };
    case 'n':
      return { kind: 'match', step: 1 };
    case 'p':
      return { kind: 'match', step: -1 };
    case 'c':
      return { kind: 'copy', node: selected };
    default:
      return undefined;
  }
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

function neighbor(tree: CallTree, node: NodeId, step: 1 | -1): NodeId | undefined {
  const row = tree.rows[at(tree.depths, node)];
  const index = row ? row.indexOf(node) : -1;
  return index < 0 ? undefined : row?.[index + step];
}
