import { formatCount, plural } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

/** Below it, shares are mostly chance: at 100 samples, a share of 10% is known to about ±6%. */
const FEW_SAMPLES = 100;

/** Types that count everything there is, or that the runtime has added up by stack: how many rows say nothing of chance. */
const COUNTED = ['goroutine', 'heap-histogram-', 'heap-reference-', 'mutex-', 'block-'];

function isCounted(type: string): boolean {
  return COUNTED.some((prefix) => type.startsWith(prefix));
}

/** How much stands behind the picture: always shown, and with a warning where it is little. */
export function Basis({
  tree,
}: {
  readonly tree: {
    readonly samples: number;
    readonly profiles: number;
    readonly type: string;
    readonly kind: string;
    readonly problems: readonly string[];
  };
}) {
  const isFew = tree.samples > 0 && tree.samples < FEW_SAMPLES && !isCounted(tree.type);
  return (
    <span className="basis" data-few={isFew}>
      {tree.problems.length > 0 && <Problems problems={tree.problems} />}
      {isFew && <Icon name="warning" />}
      {isFew && <span>Few samples, small shares are chance. </span>}
      <span>
        Based on {plural(tree.samples, 'sample')} in {plural(tree.profiles, 'profile')}
        {tree.kind === 'snapshot' && ', the latest of each process'}
      </span>
    </span>
  );
}

/** What is missing from the picture. */
function Problems({ problems }: { readonly problems: readonly string[] }) {
  const text = problems.length === 1 ? 'One part left out' : `${formatCount(problems.length)} parts left out`;
  return (
    <Popover
      label={text}
      className="text-button basis-problems"
      align="end"
      trigger={
        <>
          <Icon name="warning" />
          {text}
        </>
      }
    >
      {() => (
        <div className="problem-list">
          <p className="muted">What follows could not be read. The rest is shown.</p>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
    </Popover>
  );
}
