import { useMemo } from 'react';

import { useChart as useSeriesOf } from '../../api/explore.ts';
import { questionOf, useTypes, type SampleQuestion, type Scope } from '../../api/queries.ts';
import { dimensionFor, measureFor, shortDimension } from '../../model/dimension.ts';
import { narrowed, type Narrowing } from '../../model/narrow.ts';
import type { SeriesBody } from '../../api/types.ts';
import { measureUnit } from '../../model/measure-name.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';

/** The chart that the state asks for, and what can be done about it. */
export function useChart(scope: Scope, state: ViewState, update: Update, lines: number, isShown: boolean) {
  const series = useSeriesOf(
    scope,
    state.measure,
    shortDimension(state.groupBy),
    lines,
    state.filters,
    isShown,
  );
  // The same object as long as the answer is the same: the plot is made anew for another.
  const body = useMemo(
    () => series.data && withUnit(series.data, state.measure),
    // The measure belongs to the answer; until the next one is here, the previous stays as it was.
    // eslint-disable-next-line react/exhaustive-deps
    [series.data],
  );
  const types = useTypes(scope);
  const typeNames = (types.data?.types ?? []).map(({ name }) => name);
  const isOfSamples = state.measure.startsWith('type:');
  const type = isOfSamples ? state.measure.slice('type:'.length) : (typeNames[0] ?? '');
  const question: SampleQuestion = questionOf(state, type);
  return {
    series,
    body: isShown ? body : undefined,
    question,
    /** The label filters that the chart is subject to: measures of whole profiles are to none. */
    filters: isOfSamples ? state.filters : NO_FILTERS,
    onFilters: (filters: readonly string[]): void => update({ filters, expanded: [] }),
    onMeasure: (measure: string): void => update({ measure, groupBy: dimensionFor(state.groupBy, measure) }),
    onGroupBy: (groupBy: string): void =>
      update({ groupBy, measure: measureFor(state.measure, groupBy, typeNames) }),
    onNarrow: (value: string, how: Narrowing): void => update(narrowed(state, state.groupBy, value, how)),
    onBrush: (fromMs: number, toMs: number): void =>
      update({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), live: false }),
  };
}

const NO_FILTERS: readonly string[] = [];

/** Numbers of metrics are in the unit that their name says. */
function withUnit(body: SeriesBody, measure: string): SeriesBody {
  return measure.startsWith('type:') ? body : { ...body, unit: measureUnit(measure, body.unit) };
}
