import { measureName } from '../../model/measure-name.ts';

/** The head of a column of numbers: a click sorts by it, the largest first; another turns it around. */
export function MeasureHeader(props: {
  readonly name: string;
  readonly label?: string;
  readonly sort: string;
  readonly isNumber?: boolean;
  readonly onSort: (sort: string) => void;
}) {
  const { name, sort, isNumber = true, onSort } = props;
  const { group, label } = measureName(name);
  const isDescending = sort === `-${name}`;
  const isAscending = sort === name;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  return (
    <th
      scope="col"
      aria-sort={direction ?? 'none'}
      className={isNumber ? 'number' : undefined}
      title={group === '' ? undefined : `${group}: ${name}`}
    >
      <button
        type="button"
        className="sort-button"
        data-direction={direction}
        onClick={() => onSort(isDescending ? name : `-${name}`)}
      >
        {props.label ?? label}
      </button>
    </th>
  );
}
