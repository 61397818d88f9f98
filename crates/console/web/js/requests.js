// Recent requests, and what became of each; one of them leads to its steps.
import { html, useState } from './lib.js';
import { part } from './api.js';
import { useAsked, useStore } from './store.js';
import { Empty, Failure } from './parts.js';
import { BROKEN, ENDED, HOME } from './metrics.js';
import { clock, seconds } from './time.js';

const SHOWN_MAX = 50;
const WORDS = [...HOME, 'new', 'no_app_cookie', ...BROKEN, ...ENDED, 'off'];

const tone = (verdict) => (BROKEN.includes(verdict) ? 'bad' : ENDED.includes(verdict) ? 'warn' : HOME.includes(verdict) ? 'good' : 'off');
// A sign beside the word, so that colour says nothing that is not said otherwise.
const SIGNS = { bad: '▲', warn: '◆', good: '✓', off: '·' };

export const words = (verdict) => verdict.replaceAll('_', ' ');

export const Verdict = ({ verdict }) =>
  verdict
    ? html`<span class=${`status ${tone(verdict)}`}><span aria-hidden="true">${SIGNS[tone(verdict)]}</span> ${words(verdict)}</span>`
    : html`<span class="muted">none</span>`;

/** What was asked for, as a person would say it. */
export const asked = ({ method, host, path, has_query: hasQuery }) =>
  method ? `${method} ${host}${path}${hasQuery ? '?…' : ''}` : 'a request that could not be read';
const brief = (request) => asked({ ...request, host: '' });

/** The list. `trace` is told which request somebody wants to follow; `traced` is the id of the one that is being told. */
export function Requests({ trace, traced }) {
  const { config } = useStore();
  const [group, chooseGroup] = useState('');
  const [verdict, chooseVerdict] = useState('');
  const query = [`limit=${SHOWN_MAX}`, group && `target-group=${part(group)}`, verdict && `verdict=${part(verdict)}`].filter(Boolean).join('&');
  const { data, error } = useAsked(`/v1/requests?${query}`);
  const choice = (name, value, choose, options) => html`<label class="row">${name}<select value=${value}
    onChange=${(event) => choose(event.target.value)}><option value="" selected=${value === ''}>all</option>${options.map(
      ([key, text]) => html`<option value=${key} selected=${key === value}>${text}</option>`,
    )}</select></label>`;
  return html`
    <section class="panel requests" aria-labelledby="requests-title"><header>
      <h2 id="requests-title">Recent requests</h2><span class="muted small grow">A sample, newest first. Choose one to follow it.</span>
      ${choice('Target group', group, chooseGroup, (config?.groups ?? []).map(({ name }) => [name, name]))}
      ${choice('Verdict', verdict, chooseVerdict, WORDS.map((word) => [word, words(word)]))}</header>
      ${error && html`<div class="body"><${Failure} error=${error}/></div>`}
      ${data?.is_kept === false && html`<${Empty}>None are kept: recent_requests is off in [admin].</${Empty}>`}
      ${data?.is_kept && data.requests.length === 0 && html`<${Empty}>${group || verdict ? 'None of these came lately.' : 'None came yet.'}</${Empty}>`}
      ${data?.requests.length > 0 && html`<${Table} requests=${data.requests} trace=${trace} traced=${traced}/>`}
    </section>`;
}

const Table = ({ requests, trace, traced }) => html`<div class="scroll"><table>
  <thead><tr><th scope="col">Time</th><th scope="col">Request</th><th scope="col">Verdict</th><th scope="col">Target</th>
    <th scope="col" class="num">Status</th><th scope="col" class="num">Took</th></tr></thead>
  <tbody>${requests.map((request) => html`<${Row} key=${request.id} request=${request} trace=${trace} isTraced=${request.id === traced}/>`)}</tbody>
</table></div>`;

const Row = ({ request, trace, isTraced }) => html`<tr class=${isTraced ? 'chosen' : ''}>
  <td><time datetime=${request.at}>${clock(request.at)}</time></td>
  <th scope="row">${
    request.can_be_explained
      ? html`<button class="plain" aria-pressed=${isTraced ? 'true' : 'false'} onClick=${() => trace(request)}
        title=${asked(request)}>${brief(request)}</button>`
      : html`<span class="muted" title="Its head was not kept: it could not be read, or was too long.">${brief(request)}</span>`
  }</th>
  <td><${Verdict} verdict=${request.verdict}/></td>
  <td>${request.target_group && html`<span class="muted">${request.target_group}${request.target && ' / '}</span>`}${request.target}</td>
  <td class="num"><span class=${request.status >= 500 ? 'bad' : ''}>${request.status ?? '–'}</span></td>
  <td class="num">${seconds(request.duration_micros / 1e6)}</td></tr>`;
