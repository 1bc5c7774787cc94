import { plural } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';

/** Below it, shares are mostly chance: at 100 samples, a share of 10% is known to about ±6%. */
const FEW_SAMPLES = 100;

/** How much stands behind the picture: always shown, and with a warning where it is little. */
export function Basis({
  tree,
}: {
  readonly tree: { readonly samples: number; readonly profiles: number; readonly kind: string };
}) {
  const isFew = tree.samples > 0 && tree.samples < FEW_SAMPLES;
  return (
    <span className="basis" data-few={isFew}>
      {isFew && <Icon name="warning" />}
      {isFew && <span>Few samples, small shares are chance. </span>}
      <span>
        Based on {plural(tree.samples, 'sample')} in {plural(tree.profiles, 'profile')}
        {tree.kind === 'snapshot' && ', the latest of each process'}
      </span>
    </span>
  );
}
