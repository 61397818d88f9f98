// Attributes of a target group: stickiness as the AWS console edits it, and everything else as keys and values.
import { html, useEffect, useState } from './lib.js';
import { ask, part } from './api.js';
import { look, mayChange, say } from './store.js';
import { Failure, Notice } from './parts.js';
import { Stickiness } from './stickiness.js';
import { Settings } from './settings.js';
import { Moves } from './whatif.js';
import { flat, nested, shown } from './keys.js';

export function Attributes({ group, tag }) {
  // What is edited is kept apart from what is in force, and so is the tag of what it was made of.
  const [base, setBase] = useState({ settings: group.settings, tag });
  const [draft, setDraft] = useState({});
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const before = flat(base.settings);
  const changes = Object.entries(draft).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]) && !(value === null && before[key] === undefined),
  );
  const isStale = tag !== base.tag && JSON.stringify(group.settings) !== JSON.stringify(base.settings);
  useEffect(() => {
    if (changes.length === 0 && tag !== base.tag) setBase({ settings: group.settings, tag });
  }, [tag, changes.length]);
  const set = (keys) => {
    fail(null);
    setDraft((old) => ({ ...old, ...keys }));
  };
  const forget = () => {
    setDraft({});
    setBase({ settings: group.settings, tag });
    fail(null);
  };
  const body = nested(Object.fromEntries(changes));
  const apply = async () => {
    work(true);
    fail(null);
    try {
      const { data } = await ask('PATCH', `/v1/target-groups/${part(group.name)}`, { body, tag: base.tag });
      say('good', `${group.name} is changed.`, ['#/events', `Revision ${data.revision}`]);
      const fresh = await ask('GET', `/v1/target-groups/${part(group.name)}`);
      setBase({ settings: fresh.data.settings, tag: fresh.tag });
      setDraft({});
      look();
    } catch (error) {
      fail(error);
    }
    work(false);
  };
  const edit = { before, draft, set, disabled: !mayChange() };
  return html`<div class="editor">
    <${Stickiness} ...${edit}/>
    <section class="panel changes-panel" aria-labelledby="changes-title">
      <header><h2 id="changes-title">What will change</h2></header>
      <div class="body stack">
        ${isStale && changes.length > 0 && html`<${Notice} kind="warn"
          role="alert">Somebody else has changed the configuration meanwhile. Discard your changes to see theirs.</${Notice}>`}
        ${!mayChange() && html`<p class="muted">You may look only.</p>`}
        ${mayChange() && changes.length === 0 && html`<p
          class="muted">Nothing yet. Changes are listed here before they are made, and are made at once, for all workers.</p>`}
        ${
          changes.length > 0 &&
          html`
          <ul class="changes" aria-label="Changes">${changes.map(
            ([key, value]) => html`<li key=${key}><code>${key}</code><span>
            ${before[key] !== undefined ? html`<del>${shown(before[key])}</del> → ` : ''}<ins>${value === null ? 'default' : shown(value)}</ins>
              </span></li>`,
          )}</ul>
          <${Moves} change=${{ method: 'PATCH', path: `/v1/target-groups/${part(group.name)}`, body }}/>`
        }
        <${Failure} error=${error}/>
        ${
          mayChange() &&
          html`<div class="actions">
          <button disabled=${Object.keys(draft).length === 0 || busy} onClick=${forget}>Discard</button>
          <button class="primary" disabled=${changes.length === 0 || busy} onClick=${apply}>${busy ? 'Applying…' : 'Apply changes'}</button></div>`
        }
      </div>
    </section>
    <${Settings} ...${edit}/>
  </div>`;
}
