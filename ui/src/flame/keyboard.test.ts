import { describe, expect, it } from 'vitest';

import { at, childrenOf, decodeCallTree, OTHER } from '../model/call-tree.ts';
import { orderedByName } from '../model/order.ts';
import { randomBody } from '../model/random-tree.testing.ts';
import { FRAME_ACTIONS } from './frame-actions.ts';
import { FRAME_KEYS, keyAction, MOVE_KEYS, type KeyContext } from './keyboard.ts';

const tree = decodeCallTree(randomBody({ seed: 3, nodes: 300 }), 'function');
const context: KeyContext = { tree, selected: 1, zoomed: 0, upright: false };

function press(key: string, over: Partial<KeyContext> = {}, shiftKey = false) {
  const event = { key, shiftKey, ctrlKey: false, metaKey: false, altKey: false };
  return keyAction(event, { ...context, ...over });
}

describe('keys of the flame graph', () => {
  it('lead to the largest callee, whatever the order, and back to the caller', () => {
    const byName = orderedByName(tree);
    const action = press('ArrowDown', { tree: byName, selected: 0 });
    const largest = Math.max(...childrenOf(byName, 0).map((child) => at(byName.totals, child)));
    expect(action?.kind === 'select' && at(byName.totals, action.node)).toBe(largest);
    expect(press('ArrowUp')).toEqual({ kind: 'select', node: 0 });
  });

  it('follow the picture when the root is at the bottom', () => {
    expect(press('ArrowDown', { upright: true })).toEqual({ kind: 'select', node: 0 });
    expect(press('ArrowUp', { upright: true })).toEqual(press('ArrowDown'));
  });

  it('tell Shift from none', () => {
    expect(press('ArrowLeft', {}, true)).toEqual({ kind: 'pan', share: -0.2 });
    expect(press('ArrowLeft')?.kind).not.toBe('pan');
    expect(press('F10', {}, true)).toEqual({ kind: 'menu', node: 1 });
    expect(press('F10')).toBeUndefined();
    expect(press('C', {}, true)).toEqual({ kind: 'frame', id: 'copy-stack', node: 1 });
  });

  it('do nothing to the root or to what stands for others that only makes sense for a function', () => {
    const body = randomBody({ seed: 1, nodes: 2 });
    body.nodes.function = [-1, OTHER];
    const pruned = decodeCallTree(body, 'function');
    expect(press('x', { tree: pruned, selected: 1 })).toBeUndefined();
    expect(press('x', { selected: 0 })).toBeUndefined();
    expect(press('Enter', { tree: pruned, selected: 1 })).toEqual({ kind: 'expand', node: 0 });
  });

  it('leave those of the browser alone', () => {
    const event = { key: 'f', shiftKey: false, ctrlKey: true, metaKey: false, altKey: false };
    expect(keyAction(event, context)).toBeUndefined();
    expect(keyAction({ ...event, key: 'c' }, context)).toMatchObject({ id: 'copy-name' });
  });

  it('are all in the help, once', () => {
    const shown = [...MOVE_KEYS, ...FRAME_KEYS].map(([keys]) => keys);
    expect(new Set(shown).size).toBe(shown.length);
    for (const { key, meaning } of FRAME_ACTIONS) {
      if (key && key !== 'Enter') expect(FRAME_KEYS.map(([, text]) => text)).toContain(meaning);
    }
    const letters = FRAME_ACTIONS.flatMap(({ key }) => key ?? []);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
