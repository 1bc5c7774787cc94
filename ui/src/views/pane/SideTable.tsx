import { useMemo, useRef } from 'react';

import type { FlameGraphQuestion, Scope } from '../../api/queries.ts';
import type { CallTree, NodeId } from '../../model/call-tree.ts';
import { dimensionName, dimensionParts, groupName } from '../../model/dimension.ts';
import { formatCount, formatShare, formatValue, middleEllipsis, plural } from '../../model/format.ts';
import { AS_IS, formatNormalized, normalizerOf, type Normalizer } from '../../model/normalize.ts';
import { facetTerms, toggleExcluded, toggleIncluded } from '../../model/query-text.ts';
import {
  choiceOf,
  columnHead,
  frameDimensionOf,
  frameKeyOf,
  missingChoice,
  toggledFilters,
  toggledMissing,
  toggledTransforms,
  type Choice,
  type FrameDimension,
} from '../../model/row-choice.ts';
import {
  costPerCall,
  sortedRows,
  type FunctionRow,
  type FunctionSort,
  type SortField,
} from '../../model/top.ts';
import type { Dimension, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EndKept } from '../../widgets/EndKept.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { useRowWindow } from '../../widgets/use-row-window.ts';
import { DimensionMenu } from './DimensionMenu.tsx';
import { SortHeader } from './SortHeader.tsx';
import { TableMenu } from './TableMenu.tsx';
import { useSideRows } from './use-side-rows.ts';

const ROW_HEIGHT = 26;
const PLURALS: Record<FrameDimension, string> = {
  function: 'Functions',
  line: 'Lines',
  file: 'Files',
  package: 'Packages',
};

interface SideTableProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly question: FlameGraphQuestion;
  readonly tree: CallTree;
  readonly zoomed: NodeId;
  /** The row under the pointer or with the focus, as marks of the nodes of the tree. */
  readonly onHover: (row: FunctionRow | null) => void;
}

/** The scope by functions, threads, endpoints or tags. A click on a row filters the flame graph. */
export function SideTable(props: SideTableProps) {
  const { scope, state, update, question, tree, zoomed, onHover } = props;
  const side = useSideRows(scope, state, question, tree, zoomed);
  const { kind, key } = dimensionParts(state.dimension);
  const by = frameDimensionOf(state.dimension);
  const search = by ? state.search : '';
  const shown = useMemo(() => {
    const found = sortedRows(side.rows, state.functionSort, search);
    return state.rowSearch ? sortedRows(found, state.functionSort, state.rowSearch) : found;
  }, [side.rows, state.functionSort, search, state.rowSearch]);
  const head = columnHead(state.dimension);
  const columns = columnsOf(kind, side.rows);
  // Rows of endpoints have a column of their own for the cost of a call, each by its own calls.
  const normalizer =
    columns.includes('each') && state.normalize === 'call'
      ? AS_IS
      : normalizerOf(side.basis, state.normalize);

  const chooser: Chooser = {
    canChoose: (row) => !by || frameKeyOf(row, by) !== '',
    choice: (row) => {
      if (by) {
        const frame = frameKeyOf(row, by);
        return choiceOf(state.transforms, `only:${frame}`, `exclude:${frame}`);
      }
      if (kind === 'label') return choiceOf(state.filters, `${key}:${row.name}`, `-${key}:${row.name}`);
      if (row.name === '') return missingChoice(state.query, key);
      const { included, excluded } = facetTerms(state.query, key);
      return included.includes(row.name) ? 'included' : excluded.includes(row.name) ? 'excluded' : 'neither';
    },
    choose: (row, isExclusion) => {
      if (by) {
        const transforms = toggledTransforms(state.transforms, row, by, isExclusion);
        update({ transforms, zoom: [], expanded: [] });
      } else if (kind === 'label') {
        update({ filters: toggledFilters(state.filters, key, row.name, isExclusion), expanded: [] });
      } else {
        const toggle = isExclusion ? toggleExcluded : toggleIncluded;
        const query =
          row.name === ''
            ? toggledMissing(state.query, key, isExclusion)
            : toggle(state.query, key, row.name);
        update({ query, expanded: [] });
      }
    },
  };

  return (
    <section className="side-table" aria-label={`Table by ${dimensionName(state.dimension)}`}>
      <div className="side-table-bar">
        <span className="muted">by</span>
        <DimensionMenu
          label="Rows of the table"
          scope={scope}
          question={question}
          hasTags={state.profile === ''}
          chosen={[state.dimension]}
          onChoose={(dimension) =>
            update({ dimension, rowSearch: '', functionSort: sortFor(dimension, state.functionSort) })
          }
        />
        <input
          type="text"
          aria-label="Filter the rows of the table"
          placeholder="Filter rows"
          value={state.rowSearch}
          spellCheck={false}
          onChange={(event) => update({ rowSearch: event.target.value }, { replace: true })}
          onKeyDown={(event) => {
            if (event.key === 'Escape') update({ rowSearch: '' }, { replace: true });
          }}
        />
        <TableMenu
          rows={shown}
          dimension={state.dimension}
          columns={columns}
          unit={side.unit}
          whole={side.whole}
        />
      </div>
      {side.note && <p className="side-table-note">{side.note}</p>}
      <Busy isBusy={side.isBusy} />
      {side.error ? (
        <ErrorState error={side.error} onRetry={side.retry} />
      ) : side.isPending ? (
        <Skeleton lines={12} label="Loading the table" />
      ) : (
        <Rows
          name={by ? PLURALS[by] : head}
          head={head}
          dimension={state.dimension}
          rows={shown}
          columns={columns}
          isPath={by === 'file'}
          whole={side.whole}
          unit={side.unit}
          normalizer={normalizer}
          sort={state.functionSort}
          chooser={chooser}
          other={state.rowSearch ? null : side.other}
          empty={
            side.rows.length === 0
              ? `No sample in this scope says anything about ${dimensionName(state.dimension)}.`
              : 'No row matches.'
          }
          onSort={(functionSort) => update({ functionSort })}
          onHover={onHover}
          onSandwich={(row) => update({ sandwich: frameKeyOf(row, 'function'), zoom: [], expanded: [] })}
        />
      )}
    </section>
  );
}

interface Chooser {
  /** Not for rows of frames without a name. */
  readonly canChoose: (row: FunctionRow) => boolean;
  readonly choice: (row: FunctionRow) => Choice;
  readonly choose: (row: FunctionRow, isExclusion: boolean) => void;
}

interface RowsProps {
  readonly name: string;
  readonly head: string;
  readonly dimension: Dimension;
  readonly rows: readonly FunctionRow[];
  readonly columns: readonly SortField[];
  readonly isPath: boolean;
  readonly whole: number;
  readonly unit: string;
  readonly normalizer: Normalizer;
  readonly sort: FunctionSort;
  readonly chooser: Chooser;
  readonly other: { readonly rows: number; readonly self: number; readonly total: number } | null;
  readonly empty: string;
  readonly onSort: (sort: FunctionSort) => void;
  readonly onHover: (row: FunctionRow | null) => void;
  readonly onSandwich: (row: FunctionRow) => void;
}

const HEADS: Record<SortField, string> = {
  name: '',
  self: 'Self',
  total: 'Total',
  calls: 'Calls',
  each: 'Per call',
};

function Rows(props: RowsProps) {
  const { rows, columns, whole, unit, normalizer, sort, chooser, other, onHover } = props;
  const by = frameDimensionOf(props.dimension);
  // A file or package is no function that something calls.
  const hasCallers = by === 'function' || by === 'line';
  const ref = useRef<HTMLDivElement>(null);
  const view = useRowWindow(ref, rows.length, ROW_HEIGHT);
  const barField = columns.includes('self') ? 'self' : 'total';
  const largest = useMemo(
    () => rows.reduce((most, row) => Math.max(most, row[barField]), 1),
    [rows, barField],
  );
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="function-table" ref={ref} tabIndex={0} role="region" aria-label={props.name}>
      <table aria-rowcount={rows.length + 1} onPointerLeave={() => onHover(null)}>
        <thead>
          <tr>
            <SortHeader field="name" label={props.head} sort={sort} onSort={props.onSort} />
            {columns.map((field) => (
              <SortHeader key={field} field={field} label={HEADS[field]} sort={sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {view.above > 0 && <tr aria-hidden="true" style={{ height: `${view.above}px` }} />}
          {rows.slice(view.first, view.last).map((row, index) => {
            const choice = chooser.choice(row);
            const shortName = by ? row.name || '(unknown)' : groupName(props.dimension, row.name);
            const name = row.line > 0 ? `${shortName}:${row.line}` : shortName;
            return (
              <tr
                key={`${row.name}\0${row.file}\0${row.module}\0${row.line}`}
                aria-rowindex={view.first + index + 2}
                data-choice={choice}
                onPointerEnter={() => onHover(row)}
                onKeyDown={(event) => {
                  if (event.key !== 's' || event.ctrlKey || event.metaKey || event.altKey || !hasCallers)
                    return;
                  event.preventDefault();
                  props.onSandwich(row);
                }}
                onFocus={() => onHover(row)}
                onBlur={() => onHover(null)}
              >
                <td className="function-name">
                  <span className="function-bar" style={{ width: `${(row[barField] / largest) * 100}%` }} />
                  <span className="row-name">
                    {chooser.canChoose(row) ? (
                      <>
                        <button
                          type="button"
                          className={props.isPath ? 'row-path' : row.line > 0 ? 'row-with-line' : undefined}
                          title={
                            [name, row.file || row.module]
                              .filter((line) => line && line !== name)
                              .join('\n') || name
                          }
                          aria-pressed={choice === 'included'}
                          onClick={(event) => chooser.choose(row, event.altKey)}
                        >
                          <bdi>{props.isPath ? name : <EndKept text={middleEllipsis(shortName, 90)} />}</bdi>
                          {row.line > 0 && <span className="row-line">:{row.line}</span>}
                        </button>
                        {hasCallers && (
                          <button
                            type="button"
                            className="row-callers"
                            aria-label={`Callers and callees of ${name}`}
                            title="Callers and callees (s)"
                            onClick={() => props.onSandwich(row)}
                          >
                            <Icon name="sandwich" />
                          </button>
                        )}
                        <button
                          type="button"
                          className="row-exclude"
                          aria-label={`Exclude ${name}`}
                          title="Exclude (Alt and click)"
                          aria-pressed={choice === 'excluded'}
                          onClick={() => chooser.choose(row, true)}
                        >
                          <Icon name="minus" />
                        </button>
                      </>
                    ) : (
                      <span className="row-nameless" title="Frames without a name cannot be chosen">
                        {shortName}
                      </span>
                    )}
                  </span>
                </td>
                {columns.map((field) => (
                  <Cell
                    key={field}
                    row={row}
                    field={field}
                    whole={whole}
                    unit={unit}
                    normalizer={normalizer}
                  />
                ))}
              </tr>
            );
          })}
          {view.below > 0 && <tr aria-hidden="true" style={{ height: `${view.below}px` }} />}
          {other && other.rows > 0 && (
            <tr className="muted">
              <td>{plural(other.rows, 'more row')}, filter to find them</td>
              {columns.map((field) => (
                <td key={field} className="number">
                  {(field === 'self' || field === 'total') &&
                    formatNormalized(other[field], unit, normalizer)}
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
      {rows.length === 0 && <p className="table-empty muted">{props.empty}</p>}
    </div>
  );
}

function Cell(props: {
  readonly row: FunctionRow;
  readonly field: SortField;
  readonly whole: number;
  readonly unit: string;
  readonly normalizer: Normalizer;
}) {
  const { row, field, whole, unit, normalizer } = props;
  if (field === 'calls')
    return <td className="number">{row.calls === null ? '–' : formatCount(row.calls)}</td>;
  if (field === 'each') {
    const cost = costPerCall(row);
    return <td className="number">{cost === null ? '–' : formatValue(cost, unit)}</td>;
  }
  const value = field === 'self' ? row.self : row.total;
  return (
    <td className="number">
      {formatNormalized(value, unit, normalizer)} <span className="share">{formatShare(value, whole)}</span>
    </td>
  );
}

/** Labels and tags have no self, and only calls of endpoints are counted. */
function columnsOf(kind: string, rows: readonly FunctionRow[]): readonly SortField[] {
  if (kind === 'frame') return ['self', 'total'];
  return rows.some((row) => row.calls !== null) ? ['total', 'calls', 'each'] : ['total'];
}

function sortFor(dimension: string, sort: FunctionSort): FunctionSort {
  const field = sort.replace('-', '');
  if (dimensionParts(dimension).kind === 'frame')
    return field === 'calls' || field === 'each' ? '-self' : sort;
  return field === 'self' ? '-total' : sort;
}
