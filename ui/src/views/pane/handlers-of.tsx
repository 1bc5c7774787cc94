import { lazy, Suspense } from 'react';

import type { SampleQuestion, Scope } from '../../api/queries.ts';
import type { FrameActionId } from '../../flame/frame-actions.ts';
import type { FrameHandlers, SourceLink } from '../../flame/frame-handlers.ts';
import { at, nodeName, nodePackage, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { sourceUrl, type Revision } from '../../model/repository.ts';
import {
  addTransform,
  functionKeyOfNode,
  keyOfNode,
  withTransforms,
  type Transform,
} from '../../model/transforms.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';

const SourcePreview = lazy(async () => ({ default: (await import('./SourcePreview.tsx')).SourcePreview }));

interface FrameHandlersOptions {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  readonly tree: CallTree;
  readonly state: ViewState;
  readonly update: Update;
  readonly revision: Revision | undefined;
}

/** What the pane does with a frame: everything ends up in the address. */
export function handlersOf(options: FrameHandlersOptions): FrameHandlers {
  const { scope, question, tree, state, update, revision } = options;
  return {
    can: (id, node) => isPossible(tree, node, id),
    run: (id, node) => {
      const transform = transformOf(tree, node, id);
      if (transform) update(withTransforms(addTransform(state.transforms, transform)));
      if (id === 'sandwich') update({ sandwich: functionKeyOfNode(tree, node), zoom: [], expanded: [] });
      if (id === 'search') update({ search: nodeName(tree, node) });
    },
    sourceLink: (node) => (revision ? linkOf(tree, node, revision) : undefined),
    sourceLines: (node) => (
      <Suspense fallback={null}>
        <SourcePreview
          scope={scope}
          question={question}
          normalize={state.normalize}
          tree={tree}
          node={node}
        />
      </Suspense>
    ),
  };
}

function linkOf(tree: CallTree, node: NodeId, revision: Revision): SourceLink | undefined {
  const index = at(tree.functions, node);
  const { files, lines, kinds } = tree.table;
  const place = { file: files[index] ?? '', line: lines[index] ?? 0, kind: kinds[index] };
  const href = sourceUrl(revision, place);
  return href === undefined ? undefined : { href, site: revision.repository.site };
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
