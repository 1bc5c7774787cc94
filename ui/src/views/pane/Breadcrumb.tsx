import { ancestry, at, nodeName, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { formatShare, middleEllipsis, plural } from '../../model/format.ts';
import { AS_IS, formatNormalized, type Normalizer } from '../../model/normalize.ts';

const MAX_CRUMBS = 4;

export function Breadcrumb(props: {
  readonly tree: CallTree;
  readonly zoomed: NodeId;
  readonly normalizer?: Normalizer;
  readonly onZoom: (node: NodeId) => void;
}) {
  const { tree, zoomed, normalizer = AS_IS, onZoom } = props;
  const path = ancestry(tree, zoomed);
  const hidden = path.length - MAX_CRUMBS;
  const shown = hidden > 0 ? path.slice(hidden) : path;
  const whole = at(tree.totals, 0);
  return (
    <nav className="breadcrumb" aria-label="Zoom">
      <ol>
        <li>
          {path.length === 0 ? (
            <span className="strong">
              All <span className="muted">{formatNormalized(whole, tree.unit, normalizer)}</span>
            </span>
          ) : (
            <button type="button" className="text-button" onClick={() => onZoom(0)}>
              All
            </button>
          )}
        </li>
        {hidden > 0 && <li className="muted">{plural(hidden, 'frame')}</li>}
        {shown.map((node, index) => (
          <li key={node}>
            {index === shown.length - 1 ? (
              <span className="strong" aria-current="location" title={nodeName(tree, node)}>
                {middleEllipsis(nodeName(tree, node), 48)}{' '}
                <span className="muted">
                  {formatNormalized(at(tree.totals, node), tree.unit, normalizer)},{' '}
                  {formatShare(at(tree.totals, node), whole)}
                </span>
              </span>
            ) : (
              <button
                type="button"
                className="text-button"
                title={nodeName(tree, node)}
                onClick={() => onZoom(node)}
              >
                {middleEllipsis(nodeName(tree, node), 28)}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
