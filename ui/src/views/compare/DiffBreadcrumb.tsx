import { ancestry, nodeName, type NodeId } from '../../model/call-tree.ts';
import { formatSide, totalChange, type Diff } from '../../model/diff.ts';
import { middleEllipsis, plural } from '../../model/format.ts';

const MAX_CRUMBS = 3;

/** Where one is, with what both sides have there. */
export function DiffBreadcrumb(props: {
  readonly diff: Diff;
  readonly zoomed: NodeId;
  readonly onZoom: (node: NodeId) => void;
}) {
  const { diff, zoomed, onZoom } = props;
  const path = ancestry(diff.tree, zoomed);
  const hidden = path.length - MAX_CRUMBS;
  const shown = hidden > 0 ? path.slice(hidden) : path;
  const { a, b } = totalChange(diff, zoomed);
  const amounts = (
    <span className="muted">
      {formatSide(a, diff)} → {formatSide(b, diff)}
    </span>
  );
  return (
    <nav className="breadcrumb" aria-label="Zoom">
      <ol>
        <li>
          {path.length === 0 ? (
            <span className="strong">All {diff.mode !== 'share' && amounts}</span>
          ) : (
            <button type="button" className="text-button" onClick={() => onZoom(0)}>
              All
            </button>
          )}
        </li>
        {hidden > 0 && <li className="muted">{plural(hidden, 'frame')}</li>}
        {shown.map((node, index) => {
          const name = nodeName(diff.tree, node);
          return (
            <li key={node}>
              {index === shown.length - 1 ? (
                <span className="strong" aria-current="location" title={name}>
                  {middleEllipsis(name, 48)} {amounts}
                </span>
              ) : (
                <button type="button" className="text-button" title={name} onClick={() => onZoom(node)}>
                  {middleEllipsis(name, 28)}
                </button>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
