import { useEffect, useRef } from 'react';

import { at, nodeName, nodeSource, type CallTree, type NodeId } from '../model/call-tree.ts';
import type { Normalizer } from '../model/normalize.ts';
import { Icon } from '../widgets/Icon.tsx';
import type { FrameActionId } from './frame-actions.ts';
import type { FrameHandlers, Terms } from './frame-handlers.ts';
import { FrameDetails } from './FrameDetails.tsx';
import type { Lens } from './lens.ts';
import { useBeside } from './Tooltip.tsx';

interface PinnedDetailsProps {
  readonly tree: CallTree;
  readonly node: NodeId;
  readonly x: number;
  readonly y: number;
  readonly normalizer: Normalizer;
  readonly terms: Terms;
  readonly lens: Lens | undefined;
  readonly handlers: FrameHandlers | undefined;
  readonly onAction: (id: FrameActionId) => void;
  readonly onMenu: (at: { x: number; y: number }) => void;
  readonly onClose: () => void;
}

/** The tooltip, held: its text can be selected, its buttons pressed. Not modal, the flame graph stays in reach. */
export function PinnedDetails(props: PinnedDetailsProps) {
  const { tree, node, x, y, normalizer, terms, lens, handlers, onAction, onMenu, onClose } = props;
  const ref = useRef<HTMLDivElement>(null);
  useBeside(ref, x, y);
  useEffect(() => ref.current?.focus(), []);
  const link = handlers?.sourceLink(node);
  const isFrame = at(tree.functions, node) >= 0;
  return (
    // Escape anywhere inside lets it go.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={ref}
      className="flame-tooltip flame-pinned"
      role="dialog"
      tabIndex={-1}
      aria-label={`Details of ${nodeName(tree, node)}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <button
        type="button"
        className="icon-button flame-pinned-close"
        aria-label="Let the details go"
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
      <FrameDetails tree={tree} node={node} normalizer={normalizer} terms={terms} lens={lens} />
      {isFrame && handlers?.sourceLines?.(node)}
      {isFrame && (
        <div className="flame-pinned-actions">
          <button type="button" className="button small" onClick={() => onAction('copy-name')}>
            Copy name
          </button>
          <button type="button" className="button small" onClick={() => onAction('copy-stack')}>
            Copy stack
          </button>
          {nodeSource(tree, node) && (
            <button type="button" className="button small" onClick={() => onAction('copy-source')}>
              Copy file:line
            </button>
          )}
          {link && (
            <a className="button small" href={link.href} target="_blank" rel="noreferrer">
              <Icon name="external" />
              {link.site}
            </a>
          )}
          <button
            type="button"
            className="button small"
            aria-haspopup="menu"
            onClick={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              onMenu({ x: box.left, y: box.bottom + 2 });
            }}
          >
            More
            <Icon name="chevron-down" />
          </button>
        </div>
      )}
    </div>
  );
}
