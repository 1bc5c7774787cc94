import {
  at,
  nodeKind,
  nodeModule,
  nodeName,
  nodePackage,
  nodeSource,
  OTHER,
  type CallTree,
  type NodeId,
} from '../model/call-tree.ts';
import { formatShare } from '../model/format.ts';
import { kindName } from '../model/frame-kind.ts';
import { formatNormalized, type Normalizer } from '../model/normalize.ts';
import type { Terms } from './frame-handlers.ts';
import type { Lens } from './lens.ts';

interface FrameDetailsProps {
  readonly tree: CallTree;
  readonly node: NodeId;
  readonly normalizer: Normalizer;
  readonly terms: Terms;
  readonly lens: Lens | undefined;
}

/** Name, place and values of one frame, as the tooltip and the pinned details show them. */
export function FrameDetails({ tree, node, normalizer, terms, lens }: FrameDetailsProps) {
  const source = nodeSource(tree, node);
  const name = nodeName(tree, node);
  const module = nodeModule(tree, node);
  const about = [
    nodePackage(tree, node),
    at(tree.functions, node) < 0 ? '' : kindName(nodeKind(tree, node)),
  ].filter((text) => text !== '' && text !== name);
  return (
    <>
      <div className="flame-tooltip-name">{name}</div>
      {source && source !== name && <div className="flame-tooltip-source">{source}</div>}
      {module && module !== name && <div className="flame-tooltip-source">{module}</div>}
      {about.length > 0 && <div className="flame-tooltip-about">{about.join(' · ')}</div>}
      {lens ? (
        lens.details(tree, node)
      ) : (
        <Values tree={tree} node={node} normalizer={normalizer} terms={terms} />
      )}
    </>
  );
}

function Values({ tree, node, normalizer, terms }: Omit<FrameDetailsProps, 'lens'>) {
  const whole = at(tree.totals, 0);
  const parent = at(tree.parents, node);
  const above = parent > 0 ? at(tree.totals, parent) : undefined;
  const rows: [string, number][] = [['Total', at(tree.totals, node)]];
  if (at(tree.functions, node) !== OTHER) rows.push(['Self', at(tree.selfs, node)]);
  return (
    <table>
      <thead>
        <tr>
          <td>{'\u00a0'}</td>
          <th scope="col">{tree.type}</th>
          <th scope="col">{terms.ofRoot}</th>
          {above !== undefined && <th scope="col">{terms.ofParent}</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, value]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>{formatNormalized(value, tree.unit, normalizer)}</td>
            <td>{formatShare(value, whole)}</td>
            {above !== undefined && <td>{formatShare(value, above)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
