import { useMeasures } from '../../api/explore.ts';
import { useTypes, type Scope } from '../../api/queries.ts';
import { chartName, groupedMeasures, measureName } from '../../model/measure-name.ts';
import { MEASURES } from '../../state/url.ts';
import { ChoiceList, type ChoiceGroup } from '../../widgets/ChoiceList.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

interface ChartMeasureMenuProps {
  readonly scope: Scope;
  /** A measure, or `type:NAME`. */
  readonly measure: string;
  readonly onMeasure: (measure: string) => void;
}

/** What the chart shows: what profiles measure, or the rate of a value type. */
export function ChartMeasureMenu({ scope, measure, onMeasure }: ChartMeasureMenuProps) {
  return (
    <Popover
      label={`Measure: ${chartName(measure)}`}
      className="menu-button"
      trigger={
        <>
          <span className="strong">{chartName(measure)}</span>
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <MeasureChoices
          scope={scope}
          measure={measure}
          onMeasure={(chosen) => {
            onMeasure(chosen);
            close();
          }}
        />
      )}
    </Popover>
  );
}

function MeasureChoices({ scope, measure, onMeasure }: ChartMeasureMenuProps) {
  const measures = useMeasures(scope);
  const types = useTypes(scope);
  const names = new Set<string>([...MEASURES, ...(measures.data?.measures ?? []).map(({ name }) => name)]);
  const groups: ChoiceGroup[] = groupedMeasures([...names]).map(({ group, names: own }) => ({
    label: group === '' ? 'Measures of profiles' : group === 'Other' ? 'Other metrics' : `${group} metrics`,
    choices: own.map((value) => ({ value, label: measureName(value).label })),
  }));
  const rates = (types.data?.types ?? []).map(({ name, kind }) => ({
    value: `type:${name}`,
    label: name,
    note: kind === 'snapshot' ? 'at the time' : 'per second',
  }));
  groups.splice(1, 0, { label: 'Value types of samples', choices: rates });
  return (
    <ChoiceList
      label="Measure"
      groups={groups.filter(({ choices }) => choices.length > 0)}
      chosen={[measure]}
      onChoose={onMeasure}
    />
  );
}
