import { useState } from 'react';

import { useLabels, useTagKeys, type SampleQuestion, type Scope } from '../../api/queries.ts';
import {
  dimensionName,
  FRAME_DIMENSIONS,
  LABEL_DIMENSIONS,
  shortDimension,
  TAG_DIMENSIONS,
} from '../../model/dimension.ts';
import { formatCompact } from '../../model/format.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { ChoiceList, type Choice, type ChoiceGroup } from '../../widgets/ChoiceList.tsx';

export interface DimensionChoicesProps {
  readonly label: string;
  readonly scope: Scope;
  /** Whose labels can be chosen; none where rows stand for whole profiles. */
  readonly question: SampleQuestion | undefined;
  /** One profile has one value of each tag, so there is nothing to group by. */
  readonly hasTags?: boolean;
  readonly chosen: readonly string[];
  readonly isMulti?: boolean;
  readonly onChoose: (dimension: string) => void;
}

/** Any tag is found by typing. */
export function DimensionChoices(props: DimensionChoicesProps) {
  const { label, scope, question, hasTags = true, chosen, isMulti = false, onChoose } = props;
  const [typed, setTyped] = useState('');
  const tags = useTagKeys(scope, useDebounced(typed.trim(), 120), hasTags);
  const isOfSamples = question !== undefined;
  const labels = useLabels(scope, { ...(question ?? NO_QUESTION), filters: [] }, isOfSamples);
  const found = new Map((tags.data?.keys ?? []).map((key, index) => [key, tags.data?.counts[index] ?? 0]));
  const keys = hasTags ? [...new Set<string>([...TAG_DIMENSIONS, ...found.keys()])] : [];
  const groups: ChoiceGroup[] = [
    {
      label: isOfSamples ? 'Tags of profiles' : 'Tags',
      choices: keys.map((key): Choice => {
        const count = found.get(key);
        return { value: key, label: key, note: count === undefined ? '' : formatCompact(count) };
      }),
    },
  ];
  if (isOfSamples) {
    const own = (labels.data?.labels ?? []).map(({ key }) => `label:${key}`);
    groups.unshift(
      { label: 'Code', choices: FRAME_DIMENSIONS.map(choiceOf) },
      { label: 'Labels of samples', choices: [...new Set([...LABEL_DIMENSIONS, ...own])].map(choiceOf) },
    );
  }
  return (
    <ChoiceList
      label={label}
      groups={groups.filter(({ choices }) => choices.length > 0)}
      chosen={chosen.map(shortDimension)}
      onChoose={onChoose}
      isMulti={isMulti}
      typed={typed}
      onType={setTyped}
      note={tags.data?.truncated ? 'Type to find other tags' : ''}
    />
  );
}

const NO_QUESTION: SampleQuestion = {
  type: '',
  filters: [],
  transforms: [],
  window: '',
  span: '',
  focusOn: 'children',
};

function choiceOf(dimension: string): Choice {
  return { value: dimension, label: dimensionName(dimension) };
}
