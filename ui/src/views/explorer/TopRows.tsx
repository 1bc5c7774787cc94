import { useMemo, useRef } from 'react';

import type { BreakdownBody } from '../../api/explore.ts';
import { dimensionParts, groupName } from '../../model/dimension.ts';
import { formatCount, formatShare, formatValue, middleEllipsis } from '../../model/format.ts';
import { formatNormalized, normalizerOf, type Normalizer } from '../../model/normalize.ts';
import { facetTerms, toggleExcluded, toggleIncluded } from '../../model/query-text.ts';
import {
  choiceOf,
  columnHead,
  frameDimensionOf,
  frameKeyOf,
  toggledFilters,
  toggledTransforms,
  type Choice,
} from '../../model/row-choice.ts';
import { costPerCall, type FunctionRow, type SortField } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EndKept } from '../../widgets/EndKept.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { useRowWindow } from '../../widgets/use-row-window.ts';
import { SortHeader } from '../pane/SortHeader.tsx';

const ROW_HEIGHT = 28;
const HEADS: Record<SortField, string> = {
  name: '',
  self: 'Self',
  total: 'Total',
  calls: 'Calls',
  each: 'Per call',
};

interface TopRowsProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly body: BreakdownBody;
  readonly rows: readonly FunctionRow[];
  /** What the rows are, in the plural. */
  readonly name: string;
  readonly isOfFrames: boolean;
}

/** Bars to compare by, and the numbers behind them. A click keeps that row only, for every view. */
export function TopRows({ state, update, body, rows, name, isOfFrames }: TopRowsProps) {
  const { dimension } = state;
  const by = frameDimensionOf(dimension);
  const ref = useRef<HTMLDivElement>(null);
  const view = useRowWindow(ref, rows.length, ROW_HEIGHT);
  const normalizer = normalizerOf(body, state.normalize);
  const columns: readonly SortField[] = isOfFrames
    ? ['self', 'total']
    : rows.some((row) => row.calls !== null)
      ? ['total', 'calls', 'each']
      : ['total'];
  // The bars show what the rows are sorted by, so that the longest is on top.
  const sortField = state.functionSort.replace('-', '');
  const barField = isOfFrames && sortField !== 'total' ? 'self' : 'total';
  const largest = useMemo(
    () => rows.reduce((most, row) => Math.max(most, row[barField]), 1),
    [rows, barField],
  );
  const hasFile = by === 'function' || by === 'line';
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="function-table" ref={ref} tabIndex={0} role="region" aria-label={`Top ${name}`}>
      <table aria-rowcount={rows.length + 1} data-frames={isOfFrames}>
        <thead>
          <tr>
            <SortHeader
              field="name"
              label={columnHead(dimension)}
              sort={state.functionSort}
              onSort={(functionSort) => update({ functionSort })}
            />
            {hasFile && (
              <th scope="col" className="top-file">
                File
              </th>
            )}
            {columns.map((field) => (
              <SortHeader
                key={field}
                field={field}
                label={HEADS[field]}
                sort={state.functionSort}
                onSort={(functionSort) => update({ functionSort })}
              />
            ))}
            <th scope="col" className="top-actions">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {view.above > 0 && <tr aria-hidden="true" style={{ height: `${view.above}px` }} />}
          {rows.slice(view.first, view.last).map((row, index) => (
            <Row
              key={`${row.name}\0${row.file}\0${row.module}\0${row.line}`}
              row={row}
              rowIndex={view.first + index + 2}
              share={(row[barField] / largest) * 100}
              hasFile={hasFile}
              columns={columns}
              body={body}
              normalizer={normalizer}
              state={state}
              update={update}
            />
          ))}
          {view.below > 0 && <tr aria-hidden="true" style={{ height: `${view.below}px` }} />}
          {body.other && body.other.rows > 0 && (
            <tr className="muted">
              <td colSpan={hasFile ? 2 : 1}>
                {formatCount(body.other.rows)} {state.rowSearch === '' ? 'others' : 'that do not match'}
              </td>
              {columns.map((field) => (
                <td key={field} className={`number ${field}`}>
                  {body.other && (field === 'self' || field === 'total') && (
                    <>
                      {formatNormalized(body.other[field], body.unit, normalizer)}{' '}
                      <span className="share">{formatShare(body.other[field], body.total)}</span>
                    </>
                  )}
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
      {rows.length === 0 && (
        <p className="table-empty muted">
          {state.rowSearch === ''
            ? `No sample in scope says anything about ${name}.`
            : `None of the ${name} matches.`}
        </p>
      )}
    </div>
  );
}

interface RowProps {
  readonly row: FunctionRow;
  readonly rowIndex: number;
  readonly share: number;
  readonly hasFile: boolean;
  readonly columns: readonly SortField[];
  readonly body: BreakdownBody;
  readonly normalizer: Normalizer;
  readonly state: ViewState;
  readonly update: Update;
}

function Row({ row, rowIndex, share, hasFile, columns, body, normalizer, state, update }: RowProps) {
  const by = frameDimensionOf(state.dimension);
  const plain = by ? row.name || '(unknown)' : groupName(state.dimension, row.name);
  const name = row.line > 0 ? `${plain}:${row.line}` : plain;
  const choice = choiceOfRow(state, row);
  const file = row.file || row.module;
  return (
    <tr aria-rowindex={rowIndex} data-choice={choice}>
      <td className="function-name top-name" data-mono={by !== undefined}>
        <span className="function-bar" style={{ width: `${share}%` }} />
        <button
          type="button"
          title={choice === 'included' ? `No longer only ${name}` : `Only ${name}\n${file}`.trim()}
          aria-pressed={choice === 'included'}
          onClick={() => update(chosen(state, row, false))}
        >
          <EndKept text={middleEllipsis(name, 110)} />
        </button>
      </td>
      {hasFile && (
        <td className="function-file top-file" title={file}>
          <bdi>{file}</bdi>
        </td>
      )}
      {columns.map((field) => (
        <Cell key={field} row={row} field={field} body={body} normalizer={normalizer} />
      ))}
      <td className="top-actions">
        <button
          type="button"
          className="icon-button"
          aria-label={`Show ${name} in the flame graph`}
          title="Show in the flame graph"
          onClick={() =>
            update({
              ...(by
                ? { search: row.name, zoom: [] }
                : choice === 'included'
                  ? {}
                  : chosen(state, row, false)),
              tab: 'flame',
            })
          }
        >
          <Icon name="flame" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`Exclude ${name}`}
          aria-pressed={choice === 'excluded'}
          title={choice === 'excluded' ? 'Do not exclude' : 'Exclude'}
          onClick={() => update(chosen(state, row, true))}
        >
          <Icon name="minus" />
        </button>
      </td>
    </tr>
  );
}

function Cell(props: {
  readonly row: FunctionRow;
  readonly field: SortField;
  readonly body: BreakdownBody;
  readonly normalizer: Normalizer;
}) {
  const { row, field, body, normalizer } = props;
  if (field === 'calls') {
    return <td className="number calls">{row.calls === null ? '–' : formatCount(row.calls)}</td>;
  }
  if (field === 'each') {
    const cost = costPerCall(row);
    return <td className="number each">{cost === null ? '–' : formatValue(cost, body.unit)}</td>;
  }
  const value = field === 'self' ? row.self : row.total;
  return (
    <td className={`number ${field}`}>
      {formatNormalized(value, body.unit, normalizer)}{' '}
      <span className="share">{formatShare(value, body.total)}</span>
    </td>
  );
}

function choiceOfRow(state: ViewState, row: FunctionRow): Choice {
  const by = frameDimensionOf(state.dimension);
  if (by) {
    const frame = frameKeyOf(row, by);
    return choiceOf(state.transforms, `only:${frame}`, `exclude:${frame}`);
  }
  const { kind, key } = dimensionParts(state.dimension);
  if (kind === 'label') return choiceOf(state.filters, `${key}:${row.name}`, `-${key}:${row.name}`);
  const { included, excluded } = facetTerms(state.query, key);
  return included.includes(row.name) ? 'included' : excluded.includes(row.name) ? 'excluded' : 'neither';
}

/** What a click on the row makes of the state. */
function chosen(state: ViewState, row: FunctionRow, isExclusion: boolean): Partial<ViewState> {
  const { kind, key } = dimensionParts(state.dimension);
  const by = frameDimensionOf(state.dimension);
  const cleared = { zoom: [], expanded: [] };
  if (by) return { transforms: toggledTransforms(state.transforms, row, by, isExclusion), ...cleared };
  if (kind === 'label') {
    return { filters: toggledFilters(state.filters, key, row.name, isExclusion), ...cleared };
  }
  const toggle = isExclusion ? toggleExcluded : toggleIncluded;
  return { query: toggle(state.query, key, row.name), ...cleared };
}
