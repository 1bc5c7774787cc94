import { useMemo } from 'react';

import type { FrameActionId } from '../../flame/frame-actions.ts';
import type { FrameHandlers, SourceLink } from '../../flame/frame-handlers.ts';
import { at, nodeName, nodePackage, type CallTree, type NodeId } from '../../model/call-tree.ts';
import {
  addTransform,
  functionKeyOfNode,
  keyOfNode,
  withTransforms,
  type Transform,
} from '../../model/transforms.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';

interface FrameHandlersOptions {
  readonly tree: CallTree | undefined;
  readonly state: ViewState;
  readonly update: Update;
  readonly sourceLink: (tree: CallTree, node: NodeId) => SourceLink | undefined;
  readonly sourceLines?: ((tree: CallTree, node: NodeId) => React.ReactNode) | undefined;
}

/** What the pane does with a frame: everything ends up in the address. */
export function useFrameHandlers(options: FrameHandlersOptions): FrameHandlers | undefined {
  const { tree, state, update, sourceLink, sourceLines } = options;
  const { transforms } = state;
  return useMemo(() => {
    if (!tree) return undefined;
    return {
      can: (id, node) => isPossible(tree, node, id),
      run: (id, node) => {
        const transform = transformOf(tree, node, id);
        if (transform) update(withTransforms(addTransform(transforms, transform)));
        if (id === 'sandwich') update({ sandwich: functionKeyOfNode(tree, node), zoom: [] });
        if (id === 'search') update({ search: nodeName(tree, node) });
      },
      sourceLink: (node) => sourceLink(tree, node),
      sourceLines: sourceLines ? (node) => sourceLines(tree, node) : undefined,
    };
  }, [tree, transforms, update, sourceLink, sourceLines]);
}

function isPossible(tree: CallTree, node: NodeId, id: FrameActionId): boolean {
  if (at(tree.functions, node) < 0) return false;
  switch (id) {
    // A file or package is no function that something calls.
    case 'sandwich':
      return tree.granularity === 'function' || tree.granularity === 'line';
    case 'library':
      return nodePackage(tree, node) !== '';
    default:
      return true;
  }
}

function transformOf(tree: CallTree, node: NodeId, id: FrameActionId): Transform | undefined {
  switch (id) {
    case 'focus':
    case 'only':
    case 'exclude':
    case 'merge':
      return { kind: id, key: keyOfNode(tree, node) };
    case 'recursion':
      return { kind: 'collapse-recursion', key: keyOfNode(tree, node) };
    case 'library':
      return { kind: 'collapse-library', key: nodePackage(tree, node) };
    default:
      return undefined;
  }
}
