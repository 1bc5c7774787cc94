import type { Lens } from '../../flame/lens.ts';
import { LESS, MORE, ONLY_A, ONLY_B, OTHER_COLOR, SAME } from '../../flame/palette.ts';
import { at, nodeName, OTHER, type NodeId } from '../../model/call-tree.ts';
import {
  confidenceOf,
  CONFIDENCE_WORDS,
  explainConfidence,
  formatDelta,
  formatSide,
  selfOf,
  tintOf,
  totalChange,
  type Diff,
  type Tint,
} from '../../model/diff.ts';
import { formatChange, formatCount, middleEllipsis } from '../../model/format.ts';
import { ConfidenceBars } from './ConfidenceBars.tsx';

/** Said before a name, so that color is not the only sign of change. */
const SIGNS: Readonly<Record<Tint['kind'], string>> = {
  same: '',
  less: '▼ ',
  more: '▲ ',
  'only-a': '− ',
  'only-b': '+ ',
};

const SPOKEN: Readonly<Record<Tint['kind'], string>> = {
  same: 'no change beyond noise',
  less: 'less in B',
  more: 'more in B',
  'only-a': 'only in A',
  'only-b': 'only in B',
};

/** What one frame says about the two sides. `origins` leads from the nodes of one side's tree to those of the whole. */
export function diffLens(diff: Diff, origins?: Int32Array): Lens {
  const nodeOf = (node: NodeId): NodeId => (origins ? at(origins, node) : node);
  return {
    colors: (tree) => {
      const colors = new Uint8Array(tree.size);
      for (let node = 0; node < tree.size; node++) {
        colors[node] =
          at(tree.functions, node) === OTHER ? OTHER_COLOR : colorOf(tintOf(totalChange(diff, nodeOf(node))));
      }
      return colors;
    },
    label: (tree, node, room) => {
      const change = totalChange(diff, nodeOf(node));
      const tint = tintOf(change);
      const name = SIGNS[tint.kind] + nodeName(tree, node);
      if (tint.kind === 'same') return middleEllipsis(name, room);
      const delta = formatDelta(change.b - change.a, diff);
      return name.length + delta.length + 2 <= room ? `${name}  ${delta}` : middleEllipsis(name, room);
    },
    details: (tree, node) => (
      <DiffDetails diff={diff} node={nodeOf(node)} isOther={at(tree.functions, node) === OTHER} />
    ),
    spoken: (_tree, node) => {
      const change = totalChange(diff, nodeOf(node));
      return [
        `A ${formatSide(change.a, diff)}`,
        `B ${formatSide(change.b, diff)}`,
        SPOKEN[tintOf(change).kind],
        CONFIDENCE_WORDS[confidenceOf(change.z)],
      ];
    },
  };
}

function colorOf(tint: Tint): number {
  switch (tint.kind) {
    case 'same':
      return SAME;
    case 'only-a':
      return ONLY_A;
    case 'only-b':
      return ONLY_B;
    case 'less':
      return LESS + tint.step - 1;
    case 'more':
      return MORE + tint.step - 1;
  }
}

function DiffDetails(props: { readonly diff: Diff; readonly node: NodeId; readonly isOther: boolean }) {
  const { diff, node, isOther } = props;
  const total = totalChange(diff, node);
  const self = selfOf(diff, node);
  return (
    <>
      <table className="diff-details">
        <thead>
          <tr>
            <td>{'\u00a0'}</td>
            <th>A</th>
            <th>B</th>
            <th colSpan={2}>Change</th>
          </tr>
        </thead>
        <tbody>
          <ValueRow label="Total" diff={diff} a={total.a} b={total.b} />
          {!isOther && <ValueRow label="Self" diff={diff} a={self.a} b={self.b} />}
          <tr>
            <th>Samples</th>
            <td>{formatCount(total.samplesA)}</td>
            <td>{formatCount(total.samplesB)}</td>
          </tr>
        </tbody>
      </table>
      {isOther ? (
        <div className="flame-tooltip-hint">Callees too small to send at first. Click to load them.</div>
      ) : (
        <div className="flame-tooltip-hint diff-real">
          <ConfidenceBars z={total.z} />
          <span>{explainConfidence(total)}</span>
        </div>
      )}
    </>
  );
}

function ValueRow(props: {
  readonly label: string;
  readonly diff: Diff;
  readonly a: number;
  readonly b: number;
}) {
  const { label, diff, a, b } = props;
  return (
    <tr>
      <th>{label}</th>
      <td>{formatSide(a, diff)}</td>
      <td>{formatSide(b, diff)}</td>
      <td>{formatDelta(b - a, diff)}</td>
      <td>{formatChange(a, b)}</td>
    </tr>
  );
}
