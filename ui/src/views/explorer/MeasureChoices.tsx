import { useMeasures } from '../../api/explore.ts';
import { useTypes, type Scope } from '../../api/queries.ts';
import { groupedMeasures, measureName } from '../../model/measure-name.ts';
import { MEASURES } from '../../state/url.ts';
import { ChoiceList, type ChoiceGroup } from '../../widgets/ChoiceList.tsx';

export interface MeasureChoicesProps {
  readonly scope: Scope;
  /** A measure, or `type:NAME`. */
  readonly measure: string;
  readonly onMeasure: (measure: string) => void;
}

/** Measures of profiles, value types of samples, and the metrics that profilers send. */
export function MeasureChoices({ scope, measure, onMeasure }: MeasureChoicesProps) {
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
