import type { ReactNode } from 'react';

import { nodeSource, type CallTree, type NodeId } from '../model/call-tree.ts';
import type { FrameActionId } from './frame-actions.ts';

/** What the view around a flame graph can do with a frame, beyond what the flame graph does by itself. */
export interface FrameHandlers {
  readonly can: (id: FrameActionId, node: NodeId) => boolean;
  readonly run: (id: FrameActionId, node: NodeId) => void;
  /** Where the code of a frame can be read. */
  readonly sourceLink: (node: NodeId) => SourceLink | undefined;
  /** The lines around a frame, for its pinned details. */
  readonly sourceLines?: ((node: NodeId) => ReactNode) | undefined;
}

export interface SourceLink {
  readonly href: string;
  /** `GitHub`, or the name of the host. */
  readonly site: string;
}

/** How values relate, in the words of the tree that is shown: one that is turned over has callers below. */
export interface Terms {
  readonly ofRoot: string;
  readonly ofParent: string;
}

export const TOP_DOWN: Terms = { ofRoot: 'of all', ofParent: 'of caller' };

/** What the flame graph can do without help. */
const OWN: readonly FrameActionId[] = ['zoom', 'pin', 'copy-name', 'copy-stack', 'copy-source'];

export function canRun(
  id: FrameActionId,
  tree: CallTree,
  node: NodeId,
  handlers: FrameHandlers | undefined,
): boolean {
  if (id === 'copy-source') return nodeSource(tree, node) !== '';
  if (id === 'open-source') return handlers?.sourceLink(node) !== undefined;
  return OWN.includes(id) || handlers?.can(id, node) === true;
}
