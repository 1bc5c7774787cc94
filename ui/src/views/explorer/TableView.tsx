import { useTable, type TableBody } from '../../api/explore.ts';
import type { Scope } from '../../api/queries.ts';
import { dimensionName, groupName } from '../../model/dimension.ts';
import { formatCount, formatValue, plural } from '../../model/format.ts';
import { narrowedToGroup } from '../../model/narrow.ts';
import { measureUnit } from '../../model/measure-name.ts';
import { DEFAULTS, ROWS, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { ColumnMenu } from './ColumnMenu.tsx';
import { DimensionMenu } from '../pane/DimensionMenu.tsx';
import { MeasureHeader } from './MeasureHeader.tsx';
import './table-view.css';

/** What every group has; metrics come as the reader chooses. */
const ALWAYS = [
  'profiles',
  'processes',
  'cpu_cores',
  'wall_cores',
  'alloc_bytes_per_second',
  'samples',
] as const;
const MOST_TAGS = 3;

interface TableViewProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly whenEmpty: React.ReactNode;
}

/** A row for each combination of up to three tags, with what its profiles measure on average. */
export function TableView({ scope, state, update, whenEmpty }: TableViewProps) {
  const tags = state.tableBy.length > 0 ? state.tableBy.slice(0, MOST_TAGS) : ['service'];
  const columns = state.columns.filter((name) => !(ALWAYS as readonly string[]).includes(name));
  const measures = [...ALWAYS, ...columns];
  // What is no longer a column cannot be sorted by.
  const isSortable = [...tags, ...measures].includes(state.tableSort.replace(/^-/, ''));
  const sort = isSortable ? state.tableSort : DEFAULTS.tableSort;
  const table = useTable(scope, tags, measures, sort, state.limit);
  const body = table.data;
  if (body?.found === 0) return whenEmpty;
  return (
    <div className="pane">
      <div className="pane-bar">
        <span className="muted">by</span>
        <ul className="chips" aria-label="Grouped by">
          {tags.map((tag) => (
            <li key={tag} className="chip">
              <span>{dimensionName(tag)}</span>
              {tags.length > 1 && (
                <button
                  type="button"
                  aria-label={`Do not group by ${tag}`}
                  onClick={() => update({ tableBy: tags.filter((each) => each !== tag) })}
                >
                  <Icon name="close" />
                </button>
              )}
            </li>
          ))}
        </ul>
        {tags.length < MOST_TAGS ? (
          <DimensionMenu
            label="Tags of the table"
            scope={scope}
            question={undefined}
            chosen={tags}
            trigger={
              <>
                <Icon name="plus" />
                tag
              </>
            }
            onChoose={(tag) => {
              const without = tags.filter((each) => each !== tag);
              if (without.length > 0 || tags.length === 0)
                update({ tableBy: tags.includes(tag) ? without : [...tags, tag] });
            }}
          />
        ) : (
          <span className="muted">at most three</span>
        )}
        <div className="pane-bar-end">
          <label className="inline-select">
            <span className="visually-hidden">Rows</span>
            <select
              aria-label="Rows"
              value={state.limit}
              onChange={(event) => update({ limit: Number(event.target.value) })}
            >
              {ROWS.map((count) => (
                <option key={count} value={count}>
                  {formatCount(count)} rows
                </option>
              ))}
            </select>
          </label>
          <ColumnMenu
            scope={scope}
            always={ALWAYS}
            columns={columns}
            onColumns={(next) => update({ columns: next })}
          />
        </div>
      </div>
      {table.isError && !body ? (
        <ErrorState error={table.error} onRetry={() => void table.refetch()} />
      ) : !body ? (
        <Skeleton lines={14} label="Loading the table" />
      ) : (
        <>
          <div className="pane-status">
            <span className="muted">
              {body.truncated
                ? `The first ${formatCount(rowCount(body))} of ${plural(body.found, 'group')}`
                : plural(body.found, 'group')}
              . Measures are averages over profiles.
            </span>
          </div>
          <div className="group-table-frame">
            <Busy isBusy={table.isFetching && table.isPlaceholderData} />
            <GroupTable
              body={body}
              tags={tags}
              measures={measures}
              sort={sort}
              state={state}
              update={update}
            />
          </div>
        </>
      )}
    </div>
  );
}

function GroupTable(props: {
  readonly body: TableBody;
  readonly tags: readonly string[];
  readonly measures: readonly string[];
  readonly sort: string;
  readonly state: ViewState;
  readonly update: Update;
}) {
  const { body, tags, measures, sort, state, update } = props;
  const sorted = sort.replace(/^-/, '');
  const largest = (body.measures[sorted] ?? []).reduce<number>(
    (most, value) => Math.max(most, value ?? 0),
    0,
  );
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="group-table" tabIndex={0} role="region" aria-label="Groups">
      <table>
        <thead>
          <tr>
            {tags.map((tag) => (
              <MeasureHeader
                key={tag}
                name={tag}
                label={dimensionName(tag)}
                isNumber={false}
                isName
                sort={sort}
                onSort={(tableSort) => update({ tableSort })}
              />
            ))}
            {measures.map((name) => (
              <MeasureHeader
                key={name}
                name={name}
                sort={sort}
                onSort={(tableSort) => update({ tableSort })}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rowCount(body) }, (_, row) => {
            const values = tags.map((tag) => body.groups[tag]?.[row] ?? '');
            const narrow = (): void => update(narrowedToGroup(state, tags, values));
            return (
              <tr
                key={values.join('\0')}
                onClick={(event) => {
                  // The button works by itself, and text stays selectable.
                  if (event.target instanceof Element && event.target.closest('button')) return;
                  if (getSelection()?.isCollapsed !== false) narrow();
                }}
              >
                {values.map((value, index) => {
                  const name = groupName(tags[index] ?? '', value);
                  return (
                    <td key={tags[index]} className="clip" title={name} data-empty={value === ''}>
                      {index === 0 ? (
                        <button type="button" className="group-name" title="Only this group" onClick={narrow}>
                          {name}
                        </button>
                      ) : (
                        name
                      )}
                    </td>
                  );
                })}
                {measures.map((name) => {
                  const value = body.measures[name]?.[row] ?? null;
                  const isSorted = name === sorted && largest > 0 && value !== null;
                  return (
                    <td key={name} className="number measure-cell">
                      {isSorted && (
                        <span className="function-bar" style={{ width: `${(value / largest) * 100}%` }} />
                      )}
                      <span>
                        {value === null ? '–' : formatValue(value, measureUnit(name, body.units[name] ?? ''))}
                      </span>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function rowCount(body: TableBody): number {
  return Object.values(body.groups)[0]?.length ?? 0;
}
