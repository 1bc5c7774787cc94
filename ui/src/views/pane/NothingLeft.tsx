import { useQueries } from '@tanstack/react-query';

import { get } from '../../api/client.ts';
import { sampleParams, type SampleQuestion, type Scope } from '../../api/queries.ts';
import type { TopBody } from '../../api/types.ts';
import { describeTransform, withTransforms } from '../../model/transforms.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EmptyState } from '../../widgets/State.tsx';

interface NothingLeftProps {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  readonly update: Update;
}

/** Filters and transforms left no sample: says which of them took the last. */
export function NothingLeft({ scope, question, update }: NothingLeftProps) {
  const { transforms, filters } = question;
  // How much is left after the first 0, 1, 2, ... transforms.
  const totals = useQueries({
    queries: transforms.map((_, count) => {
      const params = [
        ...sampleParams({ ...question, transforms: transforms.slice(0, count) }),
        ['limit', '1'] as const,
      ];
      return {
        queryKey: ['/top', scope.params, params],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          get<TopBody>('/top', [...scope.params, ...params], signal),
      };
    }),
    combine: (answers) => answers.map(({ data }) => data?.total),
  });
  // The first after which nothing is left; the last one needs no question, nothing is left after it.
  const culprit = transforms.find((_, index) => totals[index] !== 0 && (totals[index + 1] ?? 0) === 0);
  const areFiltersToBlame = transforms.length === 0 || totals[0] === 0;

  if (areFiltersToBlame) {
    const isTimeOrSpan = question.window !== '' || question.span !== '';
    return (
      <EmptyState title="No samples match the filters">
        <p className="muted">
          {filters.length > 0
            ? 'There are profiles in this scope, but none of their samples carries these labels.'
            : isTimeOrSpan
              ? 'There are profiles in this scope, but no sample of this type lies in the chosen time or request.'
              : 'There are profiles in this scope, but their samples add up to nothing.'}
        </p>
        <div className="button-row">
          {filters.length > 0 && (
            <button type="button" className="button" onClick={() => update({ filters: [] })}>
              Remove the filters
            </button>
          )}
          {isTimeOrSpan && (
            <button type="button" className="button" onClick={() => update({ window: '', span: '' })}>
              Show the whole time
            </button>
          )}
        </div>
      </EmptyState>
    );
  }
  if (totals.some((total) => total === undefined)) {
    return <EmptyState title="No stack is left" />;
  }
  const described = culprit === undefined ? undefined : describeTransform(culprit);
  return (
    <EmptyState title="No stack is left">
      <p className="muted">
        {described
          ? `“${described.verb}${described.object ? ` ${described.object}` : ''}” leaves nothing of what came before it.`
          : 'The transforms leave nothing.'}
      </p>
      <div className="button-row">
        {culprit !== undefined && (
          <button
            type="button"
            className="button primary"
            onClick={() => update(withTransforms(transforms.filter((each) => each !== culprit)))}
          >
            Remove it
          </button>
        )}
        {transforms.length > 1 && (
          <button type="button" className="button" onClick={() => update(withTransforms([]))}>
            Remove all transforms
          </button>
        )}
      </div>
    </EmptyState>
  );
}
