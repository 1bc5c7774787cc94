import { apiUrl } from '../../api/client.ts';
import { scopeOf } from '../../api/queries.ts';
import { useSameProcess } from '../../api/profile-page.ts';
import { revisionOfTags } from '../../api/revision.ts';
import type { ProfileBody } from '../../api/types.ts';
import { formatBytes, formatTimeShort } from '../../model/format.ts';
import { neighborsOf, type ListedProfile } from '../../model/neighbors.ts';
import { commitUrl } from '../../model/repository.ts';
import type { ViewState } from '../../state/url.ts';
import { Announcement, SAID, useCopy } from '../../widgets/CopyButton.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { CompareMenu } from '../compare/CompareMenu.tsx';
import { toProfile } from './links.ts';

/** What to do with a profile as a whole. */
export function ProfileActions({
  profile,
  state,
}: {
  readonly profile: ProfileBody;
  readonly state: ViewState;
}) {
  const isStored = state.source === '';
  const process = useSameProcess(profile, isStored);
  const own = { id: profile.id, startMs: profile.start_ms, endMs: profile.end_ms };
  const { previous, next } = neighborsOf(process.data?.profiles ?? [], own);
  const [said, copy] = useCopy(() => location.href);
  return (
    <div className="profile-actions">
      {isStored && (
        <div className="step-buttons" role="group" aria-label="The same process">
          <Step profile={previous} own={own.startMs} icon="chevron-left" name="Previous profile" />
          <Step profile={next} own={own.startMs} icon="chevron-right" name="Next profile" />
        </div>
      )}
      <CompareMenu scope={scopeOf(state)} profile={profile} before={previous?.id} />
      <CommitLink profile={profile} />
      <DownloadMenu profile={profile} source={state.source} />
      <button type="button" className="button" aria-label="Copy link" title="Copy link" onClick={copy}>
        <Icon name={said === 'copied' ? 'check' : 'link'} />
        <span className="wide-only">{said ? SAID[said] : 'Copy link'}</span>
      </button>
      <Announcement said={said} />
    </div>
  );
}

function CommitLink({ profile }: { readonly profile: ProfileBody }) {
  const revision = revisionOfTags(profile.tags);
  const href = revision && commitUrl(revision);
  if (!href) return null;
  return (
    <a
      className="button commit-link"
      href={href}
      target="_blank"
      rel="noreferrer"
      title={`The commit that this ran, at ${revision.repository.site}`}
    >
      <Icon name="commit" />
      {revision.commit.slice(0, 7)}
    </a>
  );
}

function Step(props: {
  readonly profile: ListedProfile | undefined;
  readonly own: number;
  readonly icon: 'chevron-left' | 'chevron-right';
  readonly name: string;
}) {
  const { profile, own, icon, name } = props;
  if (!profile) {
    return (
      <span
        role="link"
        aria-disabled="true"
        aria-label={name}
        className="icon-button bordered"
        title="None within half an hour"
      >
        <Icon name={icon} />
      </span>
    );
  }
  const title = `${name} of this process, ${formatTimeShort(profile.startMs, own)}`;
  return (
    <StateLink className="icon-button bordered" title={title} label={name} patch={toProfile(profile.id)}>
      <Icon name={icon} />
    </StateLink>
  );
}

function DownloadMenu({ profile, source }: { readonly profile: ProfileBody; readonly source: string }) {
  const params: [string, string][] = source ? [['source', source]] : [];
  return (
    <Popover
      label="Download what was uploaded"
      align="end"
      trigger={
        <>
          <Icon name="download" />
          <span className="wide-only">Download</span>
        </>
      }
    >
      {() => (
        <ul className="type-menu">
          <li>
            <a className="menu-item" download href={apiUrl(`/profiles/${profile.id}/upload`, params)}>
              <span className="strong">Original upload</span>
              <span className="type-total">{formatBytes(profile.upload_bytes)}</span>
              <span className="muted">byte for byte as it was sent, `vesta import` reads it</span>
            </a>
          </li>
          {profile.attachments.map((attachment) => (
            <li key={attachment.filename}>
              <a className="menu-item" download href={attachmentUrl(profile.id, attachment.filename, source)}>
                <span className="strong">{attachment.filename}</span>
                <span className="type-total">{formatBytes(attachment.size)}</span>
                <span className="muted">{aboutAttachment(attachment)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

export function attachmentUrl(id: string, filename: string, source: string): string {
  const params: [string, string][] = source ? [['source', source]] : [];
  return apiUrl(`/profiles/${id}/attachments/${encodeURIComponent(filename)}`, params);
}

export function aboutAttachment({ filename, encoding }: ProfileBody['attachments'][number]): string {
  const content = filename.endsWith('.pprof')
    ? 'samples in the pprof format'
    : filename.endsWith('.jfr')
      ? 'a recording of Java Flight Recorder'
      : filename === 'metrics.json'
        ? 'metrics of the runtime'
        : filename === 'code-provenance.json'
          ? 'the libraries that code comes from'
          : filename.endsWith('.trace')
            ? 'an execution trace, which the timeline is made of'
            : 'as it was sent';
  return encoding && encoding !== 'plain' ? `${content}, compressed with ${encoding}` : content;
}
