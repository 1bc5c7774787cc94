import { useMemo, useRef } from 'react';

import { formatShare, formatValue, middleEllipsis } from '../../model/format.ts';
import { sortedRows, type FunctionRow, type FunctionSort } from '../../model/top.ts';
import { useRowWindow } from '../../widgets/use-row-window.ts';

const ROW_HEIGHT = 26;

interface FunctionTableProps {
  readonly rows: readonly FunctionRow[];
  /** What shares are shares of. */
  readonly whole: number;
  readonly unit: string;
  readonly sort: FunctionSort;
  readonly search: string;
  /** With a column for the file. */
  readonly isWide?: boolean;
  readonly onSort: (sort: FunctionSort) => void;
  readonly onPick: (name: string) => void;
}

export function FunctionTable(props: FunctionTableProps) {
  const { rows, whole, unit, sort, search, isWide = false, onSort, onPick } = props;
  const ref = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => sortedRows(rows, sort, search), [rows, sort, search]);
  const view = useRowWindow(ref, shown.length, ROW_HEIGHT);
  const largest = useMemo(() => Math.max(1, ...rows.map((row) => row.self)), [rows]);
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="function-table" ref={ref} tabIndex={0} role="region" aria-label="Functions">
      <table aria-rowcount={shown.length + 1}>
        <thead>
          <tr>
            <SortHeader name="name" label="Function" sort={sort} onSort={onSort} />
            {isWide && <th scope="col">File</th>}
            <SortHeader name="self" label="Self" sort={sort} onSort={onSort} />
            <SortHeader name="total" label="Total" sort={sort} onSort={onSort} />
          </tr>
        </thead>
        <tbody>
          {view.above > 0 && <tr aria-hidden="true" style={{ height: `${view.above}px` }} />}
          {shown.slice(view.first, view.last).map((row, index) => (
            <tr key={`${row.name}\0${row.file}\0${row.module}`} aria-rowindex={view.first + index + 2}>
              <td className="function-name">
                <span className="function-bar" style={{ width: `${(row.self / largest) * 100}%` }} />
                <button
                  type="button"
                  title={`${row.name}\n${row.file || row.module}`}
                  aria-pressed={search === row.name}
                  onClick={() => onPick(row.name)}
                >
                  {middleEllipsis(row.name || '(unknown)', 90)}
                </button>
              </td>
              {isWide && (
                <td className="function-file" title={row.file || row.module}>
                  <bdi>{row.file || row.module}</bdi>
                </td>
              )}
              <NumberCell value={row.self} whole={whole} unit={unit} />
              <NumberCell value={row.total} whole={whole} unit={unit} />
            </tr>
          ))}
          {view.below > 0 && <tr aria-hidden="true" style={{ height: `${view.below}px` }} />}
        </tbody>
      </table>
      {shown.length === 0 && <p className="table-empty muted">No function matches the search.</p>}
    </div>
  );
}

function NumberCell({
  value,
  whole,
  unit,
}: {
  readonly value: number;
  readonly whole: number;
  readonly unit: string;
}) {
  return (
    <td className="number">
      {formatValue(value, unit)} <span className="share">{formatShare(value, whole)}</span>
    </td>
  );
}

function SortHeader(props: {
  readonly name: 'name' | 'self' | 'total';
  readonly label: string;
  readonly sort: FunctionSort;
  readonly onSort: (sort: FunctionSort) => void;
}) {
  const { name, label, sort, onSort } = props;
  const isDescending = sort === `-${name}`;
  const isAscending = sort === name;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  const next: FunctionSort =
    name === 'name' ? (isAscending ? '-name' : 'name') : isDescending ? name : `-${name}`;
  return (
    <th scope="col" aria-sort={direction ?? 'none'} className={name === 'name' ? undefined : 'number'}>
      <button type="button" className="sort-button" data-direction={direction} onClick={() => onSort(next)}>
        {label}
      </button>
    </th>
  );
}
