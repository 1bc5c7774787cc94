import { useEffect, useRef, useState } from 'react';

import { ApiError } from '../../api/client.ts';
import { openFile, type OpenedBody } from '../../api/opened.ts';
import { formatBytes, plural } from '../../model/format.ts';
import { rememberOpened } from '../../state/opened-files.ts';
import { DEFAULTS, NO_SIDE, type ViewState } from '../../state/url.ts';
import { useViewState } from '../../state/use-view-state.ts';
import { Dialog } from '../../widgets/Dialog.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { chooseFiles, type FilesToOpen } from './choose-files.ts';

type Step =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly share: number }
  | { readonly kind: 'opened'; readonly body: OpenedBody }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Sends one file after the other. When all went well the first one shows by itself. */
export function OpeningDialog(props: { readonly chosen: FilesToOpen; readonly onClose: () => void }) {
  const { chosen, onClose } = props;
  const { files, compareWith } = chosen;
  const [, update] = useViewState();
  const [steps, setSteps] = useState<readonly Step[]>(() => files.map(() => ({ kind: 'waiting' })));
  const done = useRef({ update, onClose });
  useEffect(() => {
    done.current = { update, onClose };
  });

  useEffect(() => {
    const abort = new AbortController();
    const set = (index: number, step: Step): void => {
      if (!abort.signal.aborted) setSteps((all) => all.map((each, at) => (at === index ? step : each)));
    };
    async function send(): Promise<void> {
      const opened: OpenedBody[] = [];
      for (const [index, file] of files.entries()) {
        set(index, { kind: 'sending', share: 0 });
        try {
          // One after the other: the first can be looked at soonest.
          // oxlint-disable-next-line eslint/no-await-in-loop
          const body = await openFile(file, {
            signal: abort.signal,
            onProgress: (share) => set(index, { kind: 'sending', share }),
          });
          rememberOpened({ id: body.id, name: body.name, openedMs: Date.now() });
          opened.push(body);
          set(index, { kind: 'opened', body });
        } catch (error) {
          if (abort.signal.aborted) return;
          set(index, { kind: 'failed', error });
        }
      }
      const [first] = opened;
      if (abort.signal.aborted || !first || opened.length < files.length) return;
      done.current.update(addressOf(first, compareWith));
      done.current.onClose();
    }
    void send();
    return () => abort.abort();
  }, [files, compareWith]);

  const isBusy = steps.some((step) => step.kind === 'waiting' || step.kind === 'sending');
  const opened = steps.flatMap((step) => (step.kind === 'opened' ? [step.body] : []));
  const [first] = opened;
  return (
    <Dialog title={files.length === 1 ? 'Opening a file' : `Opening ${files.length} files`} onClose={onClose}>
      <ul className="opening">
        {files.map((file, index) => (
          // Two files may have one name.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={`${index} ${file.name}`}>
            <div className="opening-file">
              <Icon name={steps[index]?.kind === 'failed' ? 'warning' : 'file'} />
              <span className="opening-name" title={file.name}>
                {file.name}
              </span>
              <span className="muted">{formatBytes(file.size)}</span>
            </div>
            <Progress name={file.name} step={steps[index] ?? { kind: 'waiting' }} />
          </li>
        ))}
      </ul>
      <div className="button-row opening-buttons">
        {isBusy ? (
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={() => chooseFiles(compareWith)}>
              Choose another file
            </button>
            {first && (
              <button
                type="button"
                className="button primary"
                title={first.name}
                onClick={() => {
                  update(addressOf(first, compareWith));
                  onClose();
                }}
              >
                {opened.length === 1 ? 'Show it' : 'Show the first'}
              </button>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}

function Progress({ name, step }: { readonly name: string; readonly step: Step }) {
  switch (step.kind) {
    case 'waiting':
      return <p className="muted">Waiting</p>;
    case 'sending':
      return (
        <>
          <progress aria-label={`Sending ${name}`} max={1} value={step.share} />
          <p className="muted" role="status">
            {step.share < 1 ? 'Sending' : 'Reading'}
          </p>
        </>
      );
    case 'opened':
      return (
        <p className="muted">
          Open
          {step.body.problems.length > 0 && `, with ${plural(step.body.problems.length, 'part')} left out`}
        </p>
      );
    case 'failed': {
      const { error } = step;
      return (
        <div role="alert">
          <p className="error-text">{error instanceof Error ? error.message : String(error)}</p>
          {error instanceof ApiError && error.hint && <p className="muted">{error.hint}</p>}
        </div>
      );
    }
  }
}

function addressOf(file: OpenedBody, compareWith: string | undefined): Partial<ViewState> {
  if (compareWith === undefined) return { ...DEFAULTS, page: 'profile', profile: file.id, source: 'opened' };
  return comparison(compareWith, file.id);
}

/** Two opened files side by side. */
export function comparison(a: string, b: string): Partial<ViewState> {
  const side = (profile: string) => ({ ...NO_SIDE, profile, source: 'opened' as const });
  return { ...DEFAULTS, page: 'compare', a: side(a), b: side(b) };
}
