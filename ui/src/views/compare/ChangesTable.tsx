import { useMemo, useRef } from 'react';

import type { CompareBody } from '../../api/compare.ts';
import {
  changeRows,
  confidenceOf,
  CONFIDENCE_SHORT,
  explainConfidence,
  formatAmount,
  formatAmountDelta,
  perOf,
  sortedChanges,
  tintOf,
  type ChangeRow,
  type ChangeSort,
  type Diff,
} from '../../model/diff.ts';
import { changesCsv } from '../../model/changes-csv.ts';
import { formatChange, formatCount, middleEllipsis, plural } from '../../model/format.ts';
import { compileSearch } from '../../model/search.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EndKept } from '../../widgets/EndKept.tsx';
import { useCopy } from '../../widgets/CopyButton.tsx';
import { useRowWindow } from '../../widgets/use-row-window.ts';
import { ConfidenceBars } from './ConfidenceBars.tsx';

const ROW_HEIGHT = 28;

interface ChangesTableProps {
  readonly body: CompareBody;
  readonly diff: Diff;
  readonly state: ViewState;
  readonly update: Update;
  readonly onPick: (name: string) => void;
}

/** The functions whose own share changed the most, with what speaks for it. */
export function ChangesTable({ body, diff, state, update, onPick }: ChangesTableProps) {
  const ref = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => changeRows(body, state.change), [body, state.change]);
  const shown = useMemo(() => {
    const matches = compileSearch(state.search);
    const kept = matches
      ? rows.filter((row) => matches(row.name) || matches(row.file) || matches(row.module))
      : rows;
    return sortedChanges(kept, state.changeSort);
  }, [rows, state.search, state.changeSort]);
  const view = useRowWindow(ref, shown.length, ROW_HEIGHT);
  const largest = useMemo(
    () => Math.max(Number.MIN_VALUE, ...rows.map((row) => Math.abs(row.delta))),
    [rows],
  );
  const real = rows.filter((row) => ['clear', 'likely'].includes(confidenceOf(row.z))).length;
  const per = perOf(diff) && ` ${perOf(diff)}`;
  const sortHeader = (field: string, label: string, isNumber = true) => (
    <SortHeader
      field={field}
      label={label}
      isNumber={isNumber}
      sort={state.changeSort}
      onSort={(changeSort) => update({ changeSort })}
    />
  );
  return (
    <div className="changes">
      <div className="changes-bar">
        <span className="muted">
          Largest changes of self · {formatCount(real)} of {plural(rows.length, 'function')} beyond noise
        </span>
        <CopyCsv rows={shown} />
      </div>
      <div
        className="function-table changes-table"
        data-mode={diff.mode}
        ref={ref}
        // Scrollable regions must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label="Changes"
      >
        <table aria-rowcount={shown.length + 1}>
          <thead>
            <tr>
              {sortHeader('name', 'Function', false)}
              {sortHeader('a', `A${per}`)}
              {sortHeader('b', `B${per}`)}
              {sortHeader('change', 'Change')}
              {sortHeader('real', 'Real?', false)}
            </tr>
          </thead>
          <tbody>
            {view.above > 0 && <tr aria-hidden="true" style={{ height: `${view.above}px` }} />}
            {shown.slice(view.first, view.last).map((row, index) => (
              <Row
                key={`${row.name}\0${row.file}\0${row.module}`}
                row={row}
                index={view.first + index}
                diff={diff}
                largest={largest}
                isPicked={state.search === row.name}
                onPick={onPick}
              />
            ))}
            {view.below > 0 && <tr aria-hidden="true" style={{ height: `${view.below}px` }} />}
          </tbody>
        </table>
        {shown.length === 0 && (
          <p className="table-empty muted">
            {rows.length === 0 ? 'No function changed its share.' : 'No function matches the search.'}
          </p>
        )}
      </div>
    </div>
  );
}

function Row(props: {
  readonly row: ChangeRow;
  readonly index: number;
  readonly diff: Diff;
  readonly largest: number;
  readonly isPicked: boolean;
  readonly onPick: (name: string) => void;
}) {
  const { row, index, diff, largest, isPicked, onPick } = props;
  const tint = tintOf(row).kind;
  const direction = tint === 'same' ? 'same' : row.delta > 0 ? 'more' : 'less';
  const samples = `${formatCount(row.samplesA)} → ${plural(row.samplesB, 'sample')}`;
  return (
    <tr aria-rowindex={index + 2}>
      <td className="function-name">
        <span
          className="function-bar change-bar"
          data-direction={direction}
          style={{ width: `${(Math.abs(row.delta) / largest) * 100}%` }}
        />
        <button
          type="button"
          title={`${row.name}\n${row.file || row.module}`}
          aria-pressed={isPicked}
          onClick={() => onPick(row.name)}
        >
          <EndKept text={middleEllipsis(row.name || '(unknown)', 70)} />
        </button>
      </td>
      <td className="number">{row.a === 0 ? '–' : formatAmount(row.a, diff)}</td>
      <td className="number">{row.b === 0 ? '–' : formatAmount(row.b, diff)}</td>
      <td className="number change-value" data-direction={direction}>
        {direction === 'more' ? '▲ ' : direction === 'less' ? '▼ ' : ''}
        {formatAmountDelta(row.delta, diff)} <span className="share">{formatChange(row.a, row.b)}</span>
      </td>
      <td className="confidence" title={`${explainConfidence(row)} ${samples}.`}>
        <ConfidenceBars z={row.z} />
        {CONFIDENCE_SHORT[confidenceOf(row.z)]}
      </td>
    </tr>
  );
}

function SortHeader(props: {
  readonly field: string;
  readonly label: string;
  readonly isNumber: boolean;
  readonly sort: ChangeSort;
  readonly onSort: (sort: ChangeSort) => void;
}) {
  const { field, label, isNumber, sort, onSort } = props;
  const isDescending = sort === `-${field}`;
  const isAscending = sort === field;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  const next = field === 'name' ? (isAscending ? '-name' : 'name') : isDescending ? field : `-${field}`;
  return (
    <th
      scope="col"
      aria-sort={direction ?? 'none'}
      className={isNumber ? 'number' : undefined}
      data-field={field}
    >
      <button
        type="button"
        className="sort-button"
        data-direction={direction}
        onClick={() => onSort(next as ChangeSort)}
      >
        {label}
      </button>
    </th>
  );
}

function CopyCsv({ rows }: { readonly rows: readonly ChangeRow[] }) {
  const [said, copy] = useCopy(() => changesCsv(rows));
  return (
    <button type="button" className="text-button" onClick={copy}>
      <span role="status">
        {said === 'copied' ? 'Copied' : said === 'refused' ? 'The browser refused' : 'Copy as CSV'}
      </span>
    </button>
  );
}
