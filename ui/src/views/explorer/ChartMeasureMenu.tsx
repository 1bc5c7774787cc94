import { lazy, Suspense } from 'react';

import { chartName } from '../../model/measure-name.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';
import type { MeasureChoicesProps } from './MeasureChoices.tsx';

const MeasureChoices = lazy(async () => {
  const { MeasureChoices: component } = await import('./MeasureChoices.tsx');
  return { default: component };
});

/** What the chart shows: what profiles measure, or the rate of a value type. */
export function ChartMeasureMenu({ scope, measure, onMeasure }: MeasureChoicesProps) {
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
        <Suspense fallback={<Skeleton label="Loading the choices" />}>
          <MeasureChoices
            scope={scope}
            measure={measure}
            onMeasure={(chosen) => {
              onMeasure(chosen);
              close();
            }}
          />
        </Suspense>
      )}
    </Popover>
  );
}
