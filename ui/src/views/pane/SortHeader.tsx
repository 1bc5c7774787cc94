import type { FunctionSort, SortField } from '../../model/top.ts';

/** The head of a column that rows are sorted by: names from A first, values from the largest. */
export function SortHeader(props: {
  readonly field: SortField;
  readonly label: string;
  readonly sort: FunctionSort;
  readonly onSort: (sort: FunctionSort) => void;
}) {
  const { field, label, sort, onSort } = props;
  const isDescending = sort === `-${field}`;
  const isAscending = sort === field;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  const next: FunctionSort =
    field === 'name' ? (isAscending ? '-name' : 'name') : isDescending ? field : `-${field}`;
  return (
    <th
      scope="col"
      aria-sort={direction ?? 'none'}
      className={field === 'name' ? undefined : `number ${field}`}
    >
      <button type="button" className="sort-button" data-direction={direction} onClick={() => onSort(next)}>
        {label}
      </button>
    </th>
  );
}
