// The self-test of stickiness: starts one, follows it, and shows what came of it and of earlier ones.
import { html, useEffect, useState } from './lib.js';
import { ask, get } from './api.js';
import { mayChange, useAsked, useStore } from './store.js';
import { Empty, Failure } from './parts.js';
import { Story, Verdict } from './checkstory.js';
import { moment } from './time.js';

/** How often one that runs is looked at, in milliseconds. */
const EVERY = 1000;
const WAYS = [
  ['', 'Find out by itself', null],
  ['header', 'A header', 'X-Served-By'],
  ['json', 'A member of a JSON body', 'server.name'],
  ['regex', 'A regular expression in the body', 'Served by (\\S+)'],
];
const START = { listener: '', host: '', path: '/', way: '', where: '' };

const identify = ({ way, where }) => (way && where ? `${way}:${where}` : null);

/** What the self-test is asked for. */
function wanted(form, listener) {
  const who = identify(form);
  return {
    listener,
    path: form.path || '/',
    ...(form.host ? { host: form.host } : {}),
    ...(who ? { identify: who } : {}),
  };
}

/** The same from a terminal. */
function command(form, listener) {
  const address = listener.address.replace(/^0\.0\.0\.0|^\[::\]/, 'localhost');
  const words = [`${listener.protocol.toLowerCase()}://${address}${form.path || '/'}`];
  if (form.host) words.push('--header', `Host: ${form.host}`);
  if (identify(form)) words.push('--who', identify(form));
  if (listener.protocol === 'HTTPS') words.push('--insecure');
  return ['clingfish check', ...words.map(quoted)].join(' ');
}

const quoted = (word) => (/^[\w:/.,@%=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A self-test, looked at until it has ended. */
function useRun(id) {
  const [run, take] = useState(null);
  const [error, fail] = useState(null);
  useEffect(() => {
    if (id === null) return undefined;
    let timer = null;
    let isWanted = true;
    const look = async () => {
      try {
        const found = await get(`/v1/checks/${id}`);
        if (!isWanted) return;
        take(found);
        fail(null);
        if (found.state === 'running') timer = setTimeout(look, EVERY);
      } catch (error) {
        if (!isWanted) return;
        fail(error);
        // An answer that did not come may come yet; one that says no will not change.
        if (error.status === 0) timer = setTimeout(look, EVERY);
      }
    };
    look();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [id]);
  return { run: run?.id === id ? run : null, take, error };
}

export function Check() {
  const { config } = useStore();
  const [form, set] = useState(START);
  const [chosen, choose] = useState(null);
  const { data, error: listError } = useAsked('/v1/checks');
  const { run, take, error } = useRun(chosen ?? data?.checks[0]?.id ?? null);
  // What is looked at is known better than the list knows it.
  const checks = (data?.checks ?? []).map((one) => (one.id === run?.id ? run : one));
  const [refusal, refuse] = useState(null);
  const listeners = config?.listeners ?? [];
  const listener = listeners.find((one) => one.name === form.listener) ?? listeners[0];
  const isRunning = run?.state === 'running' || checks.some((one) => one.state === 'running' && one.id !== run?.id);
  const start = async () => {
    refuse(null);
    try {
      const { data: begun } = await ask('POST', '/v1/checks', { body: wanted(form, listener.name) });
      take(begun);
      choose(begun.id);
    } catch (error) {
      refuse(error);
    }
  };
  const cancel = async () => {
    try {
      take((await ask('DELETE', `/v1/checks/${run.id}`)).data);
    } catch (error) {
      refuse(error);
    }
  };
  return html`
    <div class="head"><h1>Check</h1><span class="muted">The test of stickiness that people do by hand, done by a program.</span></div>
    <${Failure} error=${refusal ?? error ?? listError}/>
    <div class="split">
      <div class="stack">
        ${mayChange() && html`<${Ask} form=${form} set=${set} listeners=${listeners} listener=${listener} isRunning=${isRunning} start=${start}/>`}
        ${run ? html`<${Story} run=${run} cancel=${mayChange() ? cancel : null}/>` : html`<section class="panel" aria-label="Report"><${Empty}>${
          mayChange()
            ? 'Each promise of stickiness appears here with its verdict: what was seen, what it means for users, and what to change.'
            : 'Nobody has started a check since Clingfish was started. It takes a role that may change things.'
        }</${Empty}></section>`}
      </div>
      <div class="stack">
        <${Earlier} checks=${checks} current=${run?.id} choose=${choose}/>
        ${
          listener &&
          html`<section class="panel" aria-labelledby="terminal-title"><header><h2 id="terminal-title">From a terminal</h2></header>
          <div class="body stack"><p class="muted">The same, and more: a login, a stopped target, reports for CI, and any other balancer.</p>
            <pre class="command" tabindex="0">${command(form, listener)}</pre></div></section>`
        }
      </div>
    </div>`;
}

function Ask({ form, set, listeners, listener, isRunning, start }) {
  const field = (key) => ({ value: form[key], onInput: (event) => set({ ...form, [key]: event.target.value }) });
  const example = WAYS.find(([way]) => way === form.way)[2];
  const submit = (event) => {
    event.preventDefault();
    start();
  };
  return html`<section class="panel" aria-labelledby="ask-title"><header><h2 id="ask-title">A new check</h2>
      <span class="muted small">About 200 requests, 20 in a second, to the application itself.</span></header>
    <form class="body stack" onSubmit=${submit}>
      <div class="columns">
        <label class="field">Listener<select value=${listener?.name}
          onChange=${(event) => set({ ...form, listener: event.target.value })}>${listeners.map((one) => html`<option value=${one.name}
          selected=${one.name === listener?.name}>${one.name}</option>`)}</select></label>
        <label class="field">Host<input ...${field('host')} placeholder=${listener?.address} spellcheck="false" autocomplete="off"/></label>
        <label class="field">Path<input ...${field('path')} placeholder="/" spellcheck="false" autocomplete="off"/></label>
      </div>
      <div class="columns">
        <label class="field">What names the target<select value=${form.way}
          onChange=${(event) => set({ ...form, way: event.target.value })}>${WAYS.map(([way, label]) => html`<option value=${way}
          selected=${way === form.way}>${label}</option>`)}</select></label>
        ${example && html`<label class="field">Where<input ...${field('where')} placeholder=${example} required spellcheck="false" autocomplete="off"/></label>`}
      </div>
      <div class="actions"><button class="primary" disabled=${isRunning || !listener}>${isRunning ? 'Checking…' : 'Start check'}</button></div>
    </form></section>`;
}

function Earlier({ checks, current, choose }) {
  return html`<section class="panel" aria-labelledby="earlier-title"><header><h2 id="earlier-title">Checks</h2>
      <span class="muted small">the last few since Clingfish was started</span></header>
    ${checks.length === 0 && html`<${Empty}>None yet.</${Empty}>`}
    ${
      checks.length > 0 &&
      html`<ul class="runs">${checks.map(
        (one) => html`<li key=${one.id}><button class="plain" aria-current=${one.id === current ? 'true' : null} onClick=${() => choose(one.id)}>
        <span class="what">${one.listener} <span class="muted">${one.url}</span></span>
        <span class="muted small">${moment(one.began_at)} · ${one.who}</span>
        <span class="counts">${
          one.state === 'done'
            ? html`<${Verdict} outcome="kept" word=${`${one.kept} kept`}/> <${Verdict} outcome="broken" word=${`${one.broken} broken`}
              isOff=${one.broken === 0}/>`
            : html`<span class="muted">${one.state}</span>`
        }</span></button></li>`,
      )}</ul>`
    }
  </section>`;
}
