import { useState } from 'react';

import { useKeep } from '../../api/opened.ts';
import type { ProfileBody } from '../../api/types.ts';
import { forgetOpened, useOpenedFiles } from '../../state/opened-files.ts';
import { DEFAULTS } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { chooseFiles } from './choose-files.ts';
import { comparison } from './OpeningDialog.tsx';

/** Says that this is a file and not a stored profile, and what can be done about that. */
export function OpenedBanner(props: { readonly profile: ProfileBody; readonly update: Update }) {
  const { profile, update } = props;
  const files = useOpenedFiles();
  const own = files.find((file) => file.id === profile.id);
  const others = files.filter((file) => file.id !== profile.id);
  const name = own?.name ?? profile.attachments[0]?.filename ?? 'a file';
  return (
    <section className="opened-banner" aria-label="Opened file">
      <Icon name="file" />
      <p>
        <strong>{name}</strong> <span className="muted">is open for an hour and not stored.</span>
      </p>
      <div className="opened-actions">
        <Popover label="Keep it" className="button" align="end" trigger="Keep it as a service…">
          {() => <KeepForm profile={profile} update={update} />}
        </Popover>
        <Popover label="Compare with another file" className="button" align="end" trigger="Compare with…">
          {(close) => (
            <div className="opened-menu">
              {others.map((file) => (
                <StateLink key={file.id} className="menu-item" patch={comparison(profile.id, file.id)}>
                  {file.name}
                </StateLink>
              ))}
              <button
                type="button"
                className="menu-item"
                onClick={() => {
                  close();
                  chooseFiles(profile.id);
                }}
              >
                Open another file…
              </button>
            </div>
          )}
        </Popover>
        {others.length > 0 && (
          <Popover
            label="Other opened files"
            className="button"
            align="end"
            trigger={`${others.length} more open`}
          >
            {(close) => (
              <div className="opened-menu">
                {others.map((file) => (
                  <button
                    key={file.id}
                    type="button"
                    className="menu-item"
                    onClick={() => {
                      close();
                      update({ ...DEFAULTS, page: 'profile', profile: file.id, source: 'opened' });
                    }}
                  >
                    {file.name}
                  </button>
                ))}
              </div>
            )}
          </Popover>
        )}
        <button
          type="button"
          className="button"
          onClick={() => {
            forgetOpened(profile.id);
            update(DEFAULTS);
          }}
        >
          Close
        </button>
      </div>
    </section>
  );
}

function KeepForm({ profile, update }: { readonly profile: ProfileBody; readonly update: Update }) {
  const [service, setService] = useState(profile.service);
  const [env, setEnv] = useState(profile.env);
  const keep = useKeep(profile.id);
  return (
    <form
      className="keep-form"
      onSubmit={(event) => {
        event.preventDefault();
        keep.mutate(
          { service, env },
          { onSuccess: ({ id }) => update({ ...DEFAULTS, page: 'profile', profile: id }) },
        );
      }}
    >
      <label>
        Service
        <input
          type="text"
          required
          spellCheck={false}
          value={service}
          onChange={(event) => setService(event.target.value)}
        />
      </label>
      <label>
        <span>
          Environment <span className="muted">(optional)</span>
        </span>
        <input type="text" spellCheck={false} value={env} onChange={(event) => setEnv(event.target.value)} />
      </label>
      {keep.isError && (
        <p className="error-text" role="alert">
          {keep.error.message}
        </p>
      )}
      <button type="submit" className="button primary" disabled={keep.isPending || service.trim() === ''}>
        {keep.isPending ? 'Storing' : 'Store it'}
      </button>
    </form>
  );
}
