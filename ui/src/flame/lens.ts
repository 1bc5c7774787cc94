import type { ReactNode } from 'react';

import type { CallTree, NodeId } from '../model/call-tree.ts';

/**
 * Another way to read the tree than by package, self and total: the flame graph lays it out as ever, and the lens
 * says what a frame looks like and what is told about it. A comparison is one. Must stay the same object for as long
 * as it says the same.
 */
export interface Lens {
  /** One index into the palette's fills per node. */
  readonly colors: (tree: CallTree) => Uint8Array;
  /** What is written into the box of a frame, in at most `room` characters. */
  readonly label: (tree: CallTree, node: NodeId, room: number) => string;
  /** What the tooltip says below the name. */
  readonly details: (tree: CallTree, node: NodeId) => ReactNode;
  /** The same for those who do not see the canvas, in pieces. */
  readonly spoken: (tree: CallTree, node: NodeId) => readonly string[];
}
