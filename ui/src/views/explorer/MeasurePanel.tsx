import { useState } from 'react';

import { useMeasures, type MeasureInfo } from '../../api/explore.ts';
import type { Scope } from '../../api/queries.ts';
import { formatValue } from '../../model/format.ts';
import { groupedMeasures, measureName, measureUnit } from '../../model/measure-name.ts';
import { ANY_VALUE, measureRange, withMeasureRange, type MeasureRange } from '../../model/measure-range.ts';
import { ErrorState, Skeleton } from '../../widgets/State.tsx';
import { RangeSlider, type SliderRange } from '../../widgets/RangeSlider.tsx';
import { FacetGroup } from './FacetGroup.tsx';

interface MeasurePanelProps {
  /** Without the ranges that the sliders set, so that they can be widened again. */
  readonly scope: Scope;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

/** A slider for each number that profiles in scope differ in. */
export function MeasurePanel({ scope, query, onQuery }: MeasurePanelProps) {
  const measures = useMeasures(scope);
  if (measures.isPending) return <Skeleton lines={6} label="Loading measures" />;
  if (measures.isError && !measures.data) {
    return <ErrorState error={measures.error} onRetry={() => void measures.refetch()} />;
  }
  const spread = measures.data.measures.filter(({ histogram }) => histogram.to > histogram.from);
  const byName = new Map(spread.map((measure) => [measure.name, measure]));
  return groupedMeasures([...byName.keys()]).map(({ group, names }) => (
    <MeasureGroup
      key={group}
      group={group}
      measures={names.flatMap((name) => byName.get(name) ?? [])}
      query={query}
      onQuery={onQuery}
    />
  ));
}

function MeasureGroup(props: {
  readonly group: string;
  readonly measures: readonly MeasureInfo[];
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const { group, measures, query, onQuery } = props;
  const isSet = measures.some(({ name }) => isNarrowed(measureRange(query, name)));
  // Those of runtimes are many; the ones that narrow the scope stay in sight.
  const [isOpen, setOpen] = useState(group === '' || isSet);
  const title = group === '' ? 'Measures' : group === 'Other' ? 'Other metrics' : `${group} metrics`;
  return (
    <FacetGroup
      title={title}
      isOpen={isOpen}
      onToggle={() => setOpen(!isOpen)}
      note={String(measures.length)}
    >
      {measures.map((measure) => (
        <MeasureSlider
          key={measure.name}
          measure={measure}
          range={measureRange(query, measure.name)}
          onRange={(range) => onQuery(withMeasureRange(query, measure.name, range))}
        />
      ))}
    </FacetGroup>
  );
}

function MeasureSlider(props: {
  readonly measure: MeasureInfo;
  readonly range: MeasureRange;
  readonly onRange: (range: MeasureRange) => void;
}) {
  const { measure, range, onRange } = props;
  const { histogram, name } = measure;
  const [moving, setMoving] = useState<SliderRange | null>(null);
  const { label } = measureName(name);
  const unit = measureUnit(name, measure.unit);
  const format = (value: number): string => formatValue(value, unit);
  const shown = moving ?? range;
  return (
    <div className="measure" title={`@${name}, on average ${format(measure.mean)}`}>
      <div className="measure-header">
        <span className="measure-label">{label}</span>
        {isNarrowed(range) && !moving ? (
          <button
            type="button"
            className="text-button"
            aria-label={`Clear ${label}`}
            onClick={() => onRange(ANY_VALUE)}
          >
            Clear
          </button>
        ) : null}
        <span className="measure-range" data-set={isNarrowed(shown)}>
          {rangeText(shown, histogram, format)}
        </span>
      </div>
      <RangeSlider
        label={label}
        min={histogram.from}
        max={histogram.to}
        counts={histogram.counts}
        range={range}
        format={format}
        onMove={setMoving}
        onRange={onRange}
      />
    </div>
  );
}

function isNarrowed({ from, to }: MeasureRange): boolean {
  return from !== null || to !== null;
}

function rangeText(
  { from, to }: MeasureRange,
  whole: { readonly from: number; readonly to: number },
  format: (value: number) => string,
): string {
  if (from !== null && to === null) return `≥ ${format(from)}`;
  if (from === null && to !== null) return `≤ ${format(to)}`;
  // Less than a step of the slider is as good as nothing, and its digits take the room of the name.
  const smallest = from ?? (Math.abs(whole.from) < whole.to / 100 ? 0 : whole.from);
  const [low, high] = [format(smallest), format(to ?? whole.to)];
  // The unit once, where both ends have the same.
  const unit = / \S+$/.exec(high)?.[0] ?? '';
  return `${unit !== '' && low.endsWith(unit) ? low.slice(0, -unit.length) : low} – ${high}`;
}
