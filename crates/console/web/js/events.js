// What was changed, by whom, and the way back.
import { html, useEffect, useState } from './lib.js';
import { ask, get } from './api.js';
import { look, mayChange, say, useStore } from './store.js';
import { Dialog, Diff, Empty, Failure } from './parts.js';
import { moment } from './time.js';

const MORE = 50;

export function Events() {
  const { state } = useStore();
  const [limit, want] = useState(MORE);
  const [{ events, kept }, take] = useState({ events: null, kept: new Set() });
  const [error, fail] = useState(null);
  const [back, goBack] = useState(null);
  useEffect(() => {
    Promise.all([get(`/v1/events?limit=${limit}`), get('/v1/revisions')]).then(([found, revisions]) => {
      take({ events: newestFirst(found.events), kept: new Set(revisions.revisions.map((one) => one.revision)) });
      fail(null);
    }, fail);
  }, [state?.revision, limit]);
  return html`
    <div class="head"><h1>Events</h1>
      <span class="muted">Every change of the configuration, newest first. Revision ${state.revision} is in force.</span></div>
    <${Failure} error=${error}/>
    ${
      events &&
      html`<section class="panel" aria-label="Events">
      ${events.length === 0 && html`<${Empty}>Nothing has been changed yet.</${Empty}>`}
      ${events.map((event) => html`<${Event} key=${event.id} event=${event} current=${state.revision} isKept=${kept.has(event.revision)}
        goBack=${goBack}/>`)}
    </section>
    ${events.length >= limit && html`<p><button onClick=${() => want(limit + MORE)}>Show more</button></p>`}`
    }
    ${back !== null && html`<${Rollback} to=${back} from=${state.revision} onClose=${() => goBack(null)}/>`}`;
}

const newestFirst = (events) => [...events].sort((one, other) => other.id - one.id);

function Event({ event, current, isKept, goBack }) {
  const { at, who, action, outcome, revision, resources = [], diff, reason } = event;
  const isBad = outcome !== 'applied';
  return html`<details class="event">
    <summary><time datetime=${at}>${moment(at)}</time><span class="who">${who}</span>
      <span class="what">${action}${resources.length > 0 && html` <span class="muted">${resources.join(', ')}</span>`}</span>
      <span class=${`status ${isBad ? 'bad' : ''}`}>${isBad ? '▲ ' : ''}${outcome}${revision != null && !isBad && html` <span
        class="tag">${revision}</span>`}</span></summary>
    <div>
      ${diff ? html`<${Diff} text=${diff}/>` : html`<p class="muted">No differences are kept of it.</p>`}
      ${reason && html`<p class="bad">${reason}</p>`}
      ${
        mayChange() &&
        isKept &&
        revision !== current &&
        !isBad &&
        html`<div class="actions">
        <button onClick=${() => goBack(revision)}>Go back to revision ${revision}</button></div>`
      }
    </div></details>`;
}

/** Shows what going back changes before it is done. */
function Rollback({ to, from, onClose }) {
  const [diff, show] = useState(null);
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  useEffect(() => {
    get(`/v1/diff?from=${from}&to=${to}`).then((found) => show(found.diff), fail);
  }, [from, to]);
  const submit = async () => {
    work(true);
    try {
      const { data } = await ask('POST', '/v1/rollback', { body: { revision: to } });
      say('good', `What was in force as revision ${to} is in force again, as revision ${data.revision}.`);
      await look();
      onClose();
    } catch (error) {
      fail(error);
      work(false);
    }
  };
  return html`<${Dialog} title=${`Go back to revision ${to}?`} action="Go back" busy=${busy} disabled=${diff === null} onClose=${onClose}
    onSubmit=${submit}>
    <p>The configuration becomes what it was then, as a new revision. This is what changes:</p>
    <${Failure} error=${error}/>
    ${diff === null ? !error && html`<p class="muted" role="status">Loading…</p>` : diff === '' ? html`<p
      class="muted">Nothing: it says the same.</p>` : html`<${Diff} text=${diff}/>`}
  </${Dialog}>`;
}
