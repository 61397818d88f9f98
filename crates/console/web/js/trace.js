// What would become of a request, or what a token says, step by step.
import { html, useRef, useState } from './lib.js';
import { ask, get } from './api.js';
import { useStore } from './store.js';
import { Empty, Failure, Notice } from './parts.js';
import { asked as wording, Requests, Verdict } from './requests.js';
import { clock } from './time.js';

const EMPTY = { text: '', url: '/', method: 'GET', listener: '', client: '', host: '' };

/** What somebody has pasted: a whole URL, header lines, a Cookie, a Set-Cookie, or a bare token. */
export function understood(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const found = { headers: [], url: null, method: null, token: null };
  for (const line of lines) {
    const request = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+)(?: HTTP\/\S+)?$/.exec(line);
    if (request) [found.method, found.url] = [request[1], request[2]];
    else if (/^https?:\/\/\S+$/.test(line) || (line.startsWith('/') && !line.includes(' '))) found.url = line;
    else if (/^set-cookie:/i.test(line)) found.headers.push(`Cookie: ${line.replace(/^set-cookie:\s*/i, '').split(';')[0]}`);
    else if (/^[!#$%&'*+.^_`|~0-9a-z-]+:\s/i.test(line)) found.headers.push(line);
    else if (/^[^=\s;]+=[^;]+(;|$)/.test(line)) found.headers.push(`Cookie: ${withoutAttributes(line)}`);
    else if (!line.includes(' ') && lines.length === 1) found.token = line;
    else found.headers.push(line);
  }
  return found;
}

const ATTRIBUTES = /^(path|domain|expires|max-age|samesite|secure|httponly|partitioned|priority)(=|$)/i;
const withoutAttributes = (line) =>
  line
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair && !ATTRIBUTES.test(pair))
    .join('; ');

export function Trace() {
  const { config } = useStore();
  const [asked, set] = useState(EMPTY);
  const [story, tell] = useState(null);
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const heading = useRef(null);
  const listeners = config?.listeners ?? [];
  const listener = asked.listener || listeners[0]?.name;
  const field = (key) => ({ value: asked[key], onInput: (event) => set({ ...asked, [key]: event.target.value }) });
  const submit = async (event) => {
    event.preventDefault();
    work(true);
    fail(null);
    const { headers, url, method, token } = understood(asked.text);
    const hosted = headers.some((line) => /^host:/i.test(line)) || !asked.host ? headers : [`Host: ${asked.host}`, ...headers];
    const body = token
      ? { token }
      : {
          listener,
          url: url ?? (asked.url || '/'),
          method: method ?? asked.method,
          headers: hosted,
          ...(asked.client ? { client: asked.client } : {}),
        };
    try {
      tell({ ...(await ask('POST', '/v1/explain', { body })).data, about: token ? 'a token' : `${body.method} ${body.url}` });
    } catch (error) {
      fail(error);
      tell(null);
    }
    work(false);
  };
  const follow = async (request) => {
    fail(null);
    try {
      tell({ ...(await get(`/v1/requests/${request.id}/explain`)), about: wording(request) });
    } catch (error) {
      fail(error);
      tell(null);
    }
    // On a phone the steps are above the list, and a screen reader goes on where the answer is.
    heading.current?.scrollIntoView({ block: 'nearest' });
    heading.current?.focus({ preventScroll: true });
  };
  return html`
    <div class="head"><h1>Trace</h1>
      <span class="muted">Why a request goes where it goes. Nothing is sent to a target, and nothing changes.</span></div>
    <div class="split">
      <section class="panel" aria-labelledby="ask-title"><header><h2 id="ask-title">A request, or what came with one</h2></header>
        <form class="body stack" onSubmit=${submit}>
          <label class="field">Cookie, headers, URL or token<textarea ...${field('text')} rows="6" spellcheck="false"
            placeholder=${'Cookie: cling_home=…\nX-Forwarded-For: 192.0.2.1'}></textarea>
            <span class="hint">Paste what you have: a Cookie or Set-Cookie, header lines, a first line such as GET /cart, a URL, or a token by itself.</span></label>
          <div class="columns">
            <label class="field">Listener<select value=${listener}
              onChange=${(event) => set({ ...asked, listener: event.target.value })}>${listeners.map((one) => html`<option value=${one.name}
              selected=${one.name === listener}>${one.name}</option>`)}</select></label>
            <label class="field">Method<select ...${{ value: asked.method, onChange: (event) => set({ ...asked, method: event.target.value }) }}>${['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((name) => html`<option value=${name} selected=${name === asked.method}>${name}</option>`)}</select></label>
            <label class="field">Path or URL<input ...${field('url')} spellcheck="false" autocomplete="off"/></label>
            <label class="field">Host<input ...${field('host')} placeholder="any" spellcheck="false" autocomplete="off"/></label>
            <label class="field">Client address<input ...${field('client')} placeholder="127.0.0.1" spellcheck="false" autocomplete="off"/></label>
          </div>
          <div class="actions"><button type="button" onClick=${() => {
            set(EMPTY);
            tell(null);
            fail(null);
          }}>Clear</button>
            <button class="primary" disabled=${busy}>${busy ? 'Tracing…' : 'Trace'}</button></div>
        </form></section>
      <section class="panel" aria-labelledby="story-title" aria-live="polite"><header>
        <h2 id="story-title" ref=${heading} tabindex="-1">Step by step</h2>${story && html`<span class="muted small">${story.about}</span>`}</header>
        ${error && html`<div class="body"><${Failure} error=${error}/></div>`}
        ${!story && !error && html`<${Empty}>Each step of the way appears here: the listener, the rule, the group, what the cookie says, what is made of it, and where the request would go.</${Empty}>`}
        ${story?.request && html`<${Then} request=${story.request} revision=${story.revision}/>`}
        ${
          story?.steps.length > 0 &&
          html`<ol class="steps">${story.steps.map(
            (step, at) => html`<li key=${at}>
          <span class="about">${step.about}</span><span class="text">${step.text}</span></li>`,
          )}</ol>`
        }
        ${story?.steps.length === 0 && html`<pre class="body">${story.text}</pre>`}
      </section>
    </div>
    <${Requests} trace=${follow} traced=${story?.request?.id}/>`;
}

/** What became of a request when it came, beside the steps, which are of now. */
const Then = ({ request, revision }) => html`<div class="body then">
  <p>At ${clock(request.at)}: <${Verdict} verdict=${request.verdict}/>${
    request.target_group &&
    html` to <b>${request.target_group}${request.target && ` / ${request.target}`}</b>${request.tries > 1 && ` after ${request.tries} tries`}`
  }, answered with <b>${request.status ?? 'nothing'}</b>${request.error_reason && ` (${request.error_reason.replaceAll('_', ' ')})`}${
    request.session && html`, session <span class="mono">${request.session}</span>`
  }. If it came now:</p>
  ${
    revision.has_changed &&
    html`<${Notice} kind="warn">The configuration has changed since: it was revision ${revision.then}, and is ${revision.now} now.</${Notice}>`
  }</div>`;
