import { useMemo } from 'react';

import { useBreakdown } from '../../api/explore.ts';
import { useStatus, type SampleQuestion, type Scope } from '../../api/queries.ts';
import { useSource } from '../../api/source.ts';
import { at, nodeSource, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { formatShare } from '../../model/format.ts';
import { formatNormalized, normalizerOf } from '../../model/normalize.ts';
import type { Normalize } from '../../state/url.ts';

interface SourcePreviewProps {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  readonly normalize: Normalize;
  readonly tree: CallTree;
  readonly node: NodeId;
}

const CONTEXT = 6;

/** Nothing, unless the server has source to show. */
export function SourcePreview(props: SourcePreviewProps) {
  const status = useStatus(true, false);
  return (status.data?.source_roots ?? 0) > 0 ? <Lines {...props} /> : null;
}

/** The lines around a frame with what each of them costs, for the function of the frame. */
function Lines({ scope, question, normalize, tree, node }: SourcePreviewProps) {
  const index = at(tree.functions, node);
  const file = tree.table.files[index] ?? '';
  const name = tree.table.names[index] ?? '';
  const own = tree.table.lines[index] ?? 0;
  const byLine = useBreakdown(scope, question, 'frame:line', name, 200, file !== '');
  const costs = useMemo(() => {
    const { rows } = byLine.data ?? {};
    const found = new Map<number, number>();
    rows?.value.forEach((value, row) => {
      const line = rows.line?.[row] ?? 0;
      if (value === name && rows.file?.[row] === file && line > 0) found.set(line, rows.total[row] ?? 0);
    });
    return found;
  }, [byLine.data, name, file]);
  // At granularity function the tree knows no line: the one that costs most is where to look.
  const hottest = [...costs].reduce((most, cost) => (cost[1] > most[1] ? cost : most), [0, 0])[0];
  const line = own || hottest;
  const source = useSource(file, line, CONTEXT, file !== '' && line > 0);
  if (!source.data) {
    return source.isError ? (
      <p className="source-note">The server has no source of {nodeSource(tree, node)}.</p>
    ) : null;
  }
  const { first_line: first, lines } = source.data;
  const most = Math.max(0, ...costs.values());
  const normalizer = normalizerOf(tree, normalize);
  return (
    // Long lines are scrolled to, also by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="source" role="region" aria-label={`Source around line ${line}`} tabIndex={0}>
      <table>
        <tbody>
          {lines.map((text, offset) => {
            const number = first + offset;
            const cost = costs.get(number) ?? 0;
            return (
              <tr key={number} data-current={number === line}>
                <td
                  className="source-cost"
                  title={cost > 0 ? `${formatShare(cost, at(tree.totals, 0))} of all` : undefined}
                >
                  {cost > 0 && (
                    <>
                      <span className="source-bar" style={{ width: `${(cost / most) * 100}%` }} />
                      <span>{formatNormalized(cost, tree.unit, normalizer)}</span>
                    </>
                  )}
                </td>
                <td className="source-number">{number}</td>
                <td className="source-text">{text}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
