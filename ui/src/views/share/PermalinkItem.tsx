import { useCreateLink } from '../../api/links.ts';
import { plural } from '../../model/format.ts';
import { CopyButton } from '../../widgets/CopyButton.tsx';

/** Makes a short address, and shows it. */
export function PermalinkItem({ link }: { readonly link: string }) {
  const create = useCreateLink();
  const made = create.data;
  if (link && !made) return <Address id={link} about="This view is pinned already." />;
  if (made) {
    return (
      <Address
        id={made.id}
        about={
          made.pinned > 0
            ? `Keeps ${plural(made.pinned, 'profile')}, however old they get.`
            : `Nothing is kept: ${made.notice ?? 'there is no profile in this view'}.`
        }
      />
    );
  }
  return (
    <>
      <button
        type="button"
        className="menu-item"
        disabled={create.isPending}
        onClick={() => create.mutate(location.pathname + location.search)}
      >
        <span className="strong">
          {create.isPending ? 'Copying the profiles…' : 'Make a link that keeps the data'}
        </span>
        <span className="muted">a short address; its profiles stay, whatever the retention</span>
      </button>
      {create.isError && (
        <p className="error-text" role="alert">
          {create.error instanceof Error ? create.error.message : 'That did not work'}
        </p>
      )}
    </>
  );
}

function Address({ id, about }: { readonly id: string; readonly about: string }) {
  const address = `${location.origin}/l/${id}`;
  return (
    <div className="share-address">
      <input
        type="text"
        readOnly
        aria-label="Permalink"
        value={address}
        onFocus={(event) => event.target.select()}
      />
      <CopyButton label="Copy the permalink" text={() => address} />
      <p className="muted" role="status">
        {about}
      </p>
    </div>
  );
}
