import { useMeasures } from '../../api/explore.ts';
import type { Scope } from '../../api/queries.ts';
import { groupedMeasures, measureName } from '../../model/measure-name.ts';
import { ChoiceList } from '../../widgets/ChoiceList.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

interface ColumnMenuProps {
  readonly scope: Scope;
  /** Those that are there besides, whatever is chosen. */
  readonly always: readonly string[];
  readonly columns: readonly string[];
  readonly onColumns: (columns: readonly string[]) => void;
}

/** Which measures and metrics have columns. */
export function ColumnMenu(props: ColumnMenuProps) {
  const count = props.columns.length;
  return (
    <Popover
      label={count === 0 ? 'Columns' : `Columns: ${count} more`}
      align="end"
      trigger={
        <>
          <Icon name="columns" />
          Columns
          {count > 0 && <span className="tab-count">{count}</span>}
        </>
      }
    >
      {() => <ColumnChoices {...props} />}
    </Popover>
  );
}

function ColumnChoices({ scope, always, columns, onColumns }: ColumnMenuProps) {
  const measures = useMeasures(scope);
  const names = (measures.data?.measures ?? [])
    .map(({ name }) => name)
    .filter((name) => !always.includes(name));
  // What was chosen elsewhere can be taken out here, though nothing in scope has it.
  const all = [...new Set([...names, ...columns])];
  return (
    <ChoiceList
      label="Columns"
      isMulti
      groups={groupedMeasures(all).map(({ group, names: own }) => ({
        label: group === '' ? 'Measures' : group === 'Other' ? 'Other metrics' : `${group} metrics`,
        choices: own.map((value) => ({ value, label: measureName(value).label })),
      }))}
      chosen={columns}
      onChoose={(name) =>
        onColumns(columns.includes(name) ? columns.filter((each) => each !== name) : [...columns, name])
      }
      note={measures.isPending ? 'Asking…' : ''}
    />
  );
}
