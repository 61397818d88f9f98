// A target group at a glance, with its targets.
import { html } from './lib.js';
import { Meter, Status } from './parts.js';
import { balanced, cameHome } from './shares.js';
import { count, percent, perSecond } from './time.js';

/** Targets of a large group: those that need a look come first, and the rest is on the group's own page. */
const SHOWN = 8;
const URGENCY = ['unhealthy', 'draining', 'initial', 'unavailable', 'unused', 'healthy'];

export const KINDS = {
  off: 'not sticky',
  lb_cookie: 'cookie',
  app_cookie: 'application cookie',
  header: 'header',
  hash: 'hash',
  route: 'route in the id',
  learn: 'learned ids',
  wrap: 'wrapped ids',
};

export function GroupCard({ group, sample, rates }) {
  const targets = [...(sample?.targets ?? [])];
  const healthy = targets.filter(([, target]) => target.state === 'healthy').length;
  const shown =
    targets.length <= SHOWN
      ? targets
      : [...targets].sort(([, a], [, b]) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state)).slice(0, SHOWN);
  const hasSessions = targets.some(([, target]) => target.sessions !== null);
  const load = ([id, target]) => (hasSessions ? (target.sessions ?? 0) : (rates?.targets.get(id)?.requests ?? 0));
  const all = targets.reduce((sum, one) => sum + load(one), 0);
  const link = `#/groups/${encodeURIComponent(group.name)}`;
  const out = targets.length > 0 && healthy === 0 && targets.some(([, target]) => target.state === 'unhealthy');
  return html`<section class="panel group-card" data-group=${group.name} aria-label=${`Target group ${group.name}`}>
    <header><h3><a href=${link}>${group.name}</a></h3>
      <span class=${`tag ${group.stickiness === 'off' ? '' : 'accent'}`}>${KINDS[group.stickiness] ?? group.stickiness}</span>
      ${group.listeners.length === 0 && html`<span class="tag">used by no listener</span>`}
      <span class=${`grow num small ${out ? 'bad' : 'muted'}`}>${healthy} of ${targets.length} healthy</span></header>
    ${
      rates &&
      html`<div class="line">
      <span><b>${perSecond(rates.requests)}</b>/s</span>
      ${group.stickiness !== 'off' && html`<span><b>${percent(cameHome(rates))}</b> came home</span>`}
      ${group.stickiness !== 'off' && html`<span class=${rates.broken > 0 ? 'warn' : ''}><b>${percent(rates.breakRate)}</b> broken</span>`}
      <span class=${rates.errors > 0 ? 'bad' : ''}><b>${percent(rates.errorShare)}</b> errors</span>
      <span>balance <b>${format(balanced(group, sample, rates, hasSessions ? 'sessions' : 'requests'))}</b></span>
      ${sample.learned !== null && html`<span><b>${count(sample.learned)}</b> learned sessions</span>`}
    </div>`
    }
    ${
      targets.length === 0
        ? html`<p class="empty">No targets: requests get 503</p>`
        : html`
    <table><thead><tr><th scope="col">Target</th><th scope="col" class="num">Req/s</th><th scope="col" class="num">5xx/s</th>
      <th scope="col" class="num">In flight</th>
      <th scope="col" class="num">${hasSessions ? 'Sessions' : 'Share'}</th></tr></thead>
    <tbody>${shown.map(([id, target]) => {
      const own = rates?.targets.get(id);
      const share = all > 0 ? load([id, target]) / all : 0;
      return html`<tr key=${id}><th scope="row"><${Status} state=${target.state} label=${id} /><span class="hidden-text"> ${target.state}</span></th>
        <td class="num">${perSecond(own?.requests)}</td><td class=${`num ${own?.errors > 0 ? 'bad' : ''}`}>${perSecond(own?.errors)}</td>
          <td class="num">${target.inFlight}</td>
        <td><span class="bar-cell"><span class="num">${hasSessions ? count(target.sessions) : percent(share)}</span><${Meter} share=${share}/>
          </span></td></tr>`;
    })}</tbody></table>
    ${targets.length > SHOWN && html`<p class="line"><a href=${link}>All ${targets.length} targets</a></p>`}`
    }
  </section>`;
}

export const format = (balance) => (balance === null ? '–' : balance.toFixed(2));
