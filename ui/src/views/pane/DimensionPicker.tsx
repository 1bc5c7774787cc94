import { lazy, Suspense } from 'react';

import type { Scope } from '../../api/queries.ts';
import type { LabelsBody } from '../../api/types.ts';
import { dimensionParts } from '../../model/dimension.ts';
import { columnHead } from '../../model/row-choice.ts';
import type { Dimension } from '../../state/url.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';

const DimensionChoices = lazy(async () => ({
  default: (await import('./DimensionChoices.tsx')).DimensionChoices,
}));

export interface DimensionPickerProps {
  readonly scope: Scope;
  readonly labels: LabelsBody | undefined;
  readonly value: Dimension;
  /** One profile has one value of each tag, so there is nothing to split by. */
  readonly hasTags: boolean;
  readonly onPick: (dimension: Dimension) => void;
}

/** What the rows of the table stand for. */
export function DimensionPicker(props: DimensionPickerProps) {
  const { kind, key } = dimensionParts(props.value);
  const name = columnHead(props.value);
  return (
    <Popover
      label={`Rows of the table: ${name}`}
      trigger={
        <>
          <span className="muted">by</span>
          <span className="strong dimension-name">{kind === 'frame' ? name : key}</span>
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <Suspense fallback={<Skeleton lines={4} label="Loading" />}>
          <DimensionChoices
            {...props}
            onPick={(dimension) => {
              props.onPick(dimension);
              close();
            }}
          />
        </Suspense>
      )}
    </Popover>
  );
}
