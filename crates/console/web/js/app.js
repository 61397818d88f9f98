// The frame around every page: who is here, where to go, and what has just happened.
import { html, render, useEffect, useRef, useState } from './lib.js';
import { begin, dismiss, look, signOut, store, toasts, useStore } from './store.js';
import { Failure, Notice } from './parts.js';
import { Gate } from './gate.js';
import { Overview } from './overview.js';
import { Groups } from './groups.js';
import { Group } from './group.js';
import { Trace } from './trace.js';
import { Events } from './events.js';
import { Check } from './check.js';
import { theme, useTheme } from './theme.js';
import { clock, moment, now } from './time.js';

const PAGES = [
  ['overview', 'Overview', Overview],
  ['groups', 'Target groups', Groups],
  ['trace', 'Trace', Trace],
  ['events', 'Events', Events],
  ['check', 'Check', Check],
];

/** Where the address bar says that we are: `#/groups/web/monitoring`. */
function place() {
  const [page = '', ...rest] = location.hash.replace(/^#\/?/, '').split('?')[0].split('/').map(decoded);
  return { page: page || 'overview', rest: rest.filter((name) => name !== '') };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function App() {
  const { session, error } = useStore();
  const [here, go] = useState(place);
  useEffect(() => {
    const follow = () => go(place());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  if (!session)
    return html`<main class="gate">${error ? html`<${Failure} error=${error}/>` : html`<p class="muted" role="status">Loading…</p>`}</main>`;
  if (!['open', 'signed_in'].includes(session.standing)) return html`<${Gate} session=${session}/>`;
  return html`<${Frame} here=${here}/>`;
}

function Frame({ here }) {
  const { session, state, error, sample } = useStore();
  const main = useRef(null);
  const [, title, Page] = PAGES.find(([name]) => name === here.page) ?? [null, 'Not found', Lost];
  const isFirst = useRef(true);
  const name = here.page === 'groups' && here.rest[0] ? here.rest[0] : title;
  useEffect(() => {
    document.title = `${name} · Clingfish`;
    // Whoever cannot see the page hears that it is another one.
    if (!isFirst.current) main.current.focus();
    isFirst.current = false;
  }, [here.page, here.rest[0]]);
  const Shown = here.page === 'groups' && here.rest.length > 0 ? Group : Page;
  return html`
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      main.current.focus();
    }}>Skip to content</a>
    <header class="bar"><div class="bar-inner">
      <a class="brand" href="#/overview"><${Fish}/>Clingfish <span class="muted">${session.host}</span></a>
      <nav class="nav" aria-label="Pages">
        ${PAGES.map(([key, label]) => html`<a href=${`#/${key}`} aria-current=${key === here.page ? 'page' : null}>${label}</a>`)}
      </nav>
      <div class="bar-end"><${Live}/><${Who}/></div>
    </div></header>
    <main id="main" tabindex="-1" ref=${main}>
      <div class="stack">
        ${session.standing === 'open' && html`<${OpenBanner}/>`}
        ${error && html`<${Notice} kind="bad"
          role="alert">${error.message} ${sample && html`What is shown is from ${clock(sample.at)}.`}</${Notice}>`}
        ${state || here.page === 'trace' ? html`<${Shown} key=${`${here.page}/${here.rest[0] ?? ''}`} rest=${here.rest}/>` : !error && html`<p
          class="muted" role="status">Loading…</p>`}
      </div>
    </main>
    <footer class="foot">Clingfish ${session.version}${state && html` · revision ${state.revision} · started ${moment(state.started_at)}`}</footer>
    <${Toasts}/>`;
}

const Fish = () => html`<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="var(--accent)"/>
  <path d="M6 16c4-6 11-7 16-2l4-4v12l-4-4c-5 5-12 4-16-2z" fill="var(--on-accent)"/><circle cx="12" cy="15" r="1.6" fill="var(--accent)"/></svg>`;

const OpenBanner = () => html`
  <${Notice} kind="warn">
    <strong>Open on this machine.</strong> No credentials are configured: everybody on this machine may look and change things here.
    Add <code>tokens</code> to <code>[admin]</code> to ask who it is.
  </${Notice}>`;

/** Whether what is shown is of now. */
function Live() {
  const { error, heardAt, paused, state } = useStore();
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again(now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const age = heardAt ? Math.round((now() - heardAt) / 1000) : null;
  const [kind, text] = paused
    ? ['late', 'paused']
    : error
      ? ['lost', 'no answer']
      : age !== null && age > 8
        ? ['late', `${age} s old`]
        : state && state.phase !== 'ready'
          ? ['late', state.phase]
          : ['', 'live'];
  const toggle = () => {
    store.paused = !store.paused;
    look();
  };
  return html`<span class=${`live ${kind}`}>
    <svg viewBox="0 0 10 10" aria-hidden="true">${kind === '' ? html`<circle cx="5" cy="5" r="5" fill="currentColor"/>` : html`<path
      d="M5 0l5 10H0z" fill="currentColor"/>`}</svg>${text}</span>
    <button class="plain" onClick=${toggle} aria-pressed=${String(paused)} aria-label="Pause updates"
      title="Pause updates">${paused ? '▶' : 'Ⅱ'}</button>`;
}

function Who() {
  const { session } = useStore();
  const shown = useTheme();
  const other = shown === 'dark' ? 'light' : 'dark';
  return html`
    <button class="plain" onClick=${() => theme(other)} aria-label=${`Switch to ${other} colours`}
      title=${`Switch to ${other} colours`}>${shown === 'dark' ? '☀' : '☾'}</button>
    <span class="who small muted">${session.standing === 'open' ? 'open' : session.who}${session.role === 'read_only' && ' · read only'}</span>
    ${session.standing === 'signed_in' && html`<button onClick=${signOut}>Sign out</button>`}`;
}

function Toasts() {
  useStore();
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map(
      (toast) => html`<div class=${`notice ${toast.kind}`} key=${toast.number}>
      <div class="grow">${toast.text} ${toast.link && html`<a href=${toast.link[0]}>${toast.link[1]}</a>`}</div>
      <button class="plain" onClick=${() => dismiss(toast)} aria-label="Dismiss">✕</button></div>`,
    )}
  </div>`;
}

const Lost = () => html`<h1>There is no such page</h1><p><a href="#/overview">Overview</a></p>`;

theme();
render(html`<${App}/>`, document.getElementById('app'));
begin();
