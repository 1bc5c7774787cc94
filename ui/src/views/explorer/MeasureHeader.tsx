import { measureName } from '../../model/measure-name.ts';

/** The head of a column: a click sorts by it, numbers the largest first; another turns it around. */
export function MeasureHeader(props: {
  readonly name: string;
  readonly label?: string;
  readonly sort: string;
  readonly isNumber?: boolean;
  /** Names are read from their beginning. */
  readonly isName?: boolean;
  readonly onSort: (sort: string) => void;
}) {
  const { name, sort, isNumber = true, isName = false, onSort } = props;
  const { group, label } = measureName(name);
  const isDescending = sort === `-${name}`;
  const isAscending = sort === name;
  const direction = isDescending ? 'descending' : isAscending ? 'ascending' : undefined;
  return (
    <th
      scope="col"
      aria-sort={direction ?? 'none'}
      className={isNumber ? 'number' : undefined}
      title={group === '' || isName ? undefined : `${group}: ${name}`}
    >
      <button
        type="button"
        className="sort-button"
        data-direction={direction}
        onClick={() => onSort((isName ? isAscending : !isDescending) ? `-${name}` : name)}
      >
        {props.label ?? label}
      </button>
    </th>
  );
}
