// All target groups in one table.
import { html, useState } from './lib.js';
import { useStore } from './store.js';
import { Empty, Meter, Status } from './parts.js';
import { KINDS, format } from './groupcard.js';
import { balanced, cameHome } from './shares.js';
import { percent, perSecond } from './time.js';

export function Groups() {
  const { config, sample, rates } = useStore();
  const [wanted, want] = useState('');
  if (!config || !sample) return html`<p class="muted" role="status">Loading…</p>`;
  const shown = config.groups.filter((group) => group.name.toLowerCase().includes(wanted.toLowerCase()));
  return html`
    <div class="head"><h1>Target groups</h1><span class="muted">${config.groups.length}</span>
      <span class="grow"></span>
      <label class="row"><span class="hidden-text">Find a target group</span>
        <input type="search" placeholder="Find by name" value=${wanted} onInput=${(event) => want(event.target.value)}/></label></div>
    <section class="panel scroll all-groups" tabindex="0" role="region" aria-label="Target groups">
      ${
        shown.length === 0
          ? html`<${Empty}>No target group is called so.</${Empty}>`
          : html`<table>
        <thead><tr><th scope="col">Name</th><th scope="col">Stickiness</th><th scope="col">Algorithm</th><th scope="col">Listeners</th>
          <th scope="col">Healthy</th>
          <th scope="col" class="num">Req/s</th><th scope="col" class="num">Came home</th><th scope="col" class="num">Broken</th>
            <th scope="col" class="num">Errors</th><th scope="col" class="num">Balance</th></tr></thead>
        <tbody>${shown.map((group) => html`<${Row} key=${group.name} group=${group} sample=${sample.groups.get(group.name)}
          rates=${rates.groups.get(group.name)}/>`)}</tbody>
      </table>`
      }
    </section>`;
}

function Row({ group, sample, rates }) {
  const targets = [...(sample?.targets.values() ?? [])];
  const healthy = targets.filter((target) => target.state === 'healthy').length;
  const worst = targets.some((target) => target.state === 'unhealthy')
    ? 'unhealthy'
    : targets.length === healthy && healthy > 0
      ? 'healthy'
      : (targets[0]?.state ?? 'unused');
  const isSticky = group.stickiness !== 'off';
  return html`<tr>
    <th scope="row"><a href=${`#/groups/${encodeURIComponent(group.name)}`}>${group.name}</a></th>
    <td><span class=${`tag ${isSticky ? 'accent' : ''}`}>${KINDS[group.stickiness] ?? group.stickiness}</span></td>
    <td class="muted">${group.algorithm.replaceAll('_', ' ')}</td><td>${group.listeners.join(', ') || html`<span class="muted">none</span>`}</td>
    <td><${Status} state=${worst} label=${`${healthy} of ${targets.length}`}/></td>
    <td class="num">${perSecond(rates?.requests)}</td><td class="num">${isSticky ? percent(cameHome(rates)) : '–'}</td>
    <td class=${`num ${rates?.broken > 0 ? 'warn' : ''}`}>${isSticky ? percent(rates?.breakRate) : '–'}</td>
    <td class=${`num ${rates?.errors > 0 ? 'bad' : ''}`}>${percent(rates?.errorShare)}</td>
      <td class="num">${format(balanced(group, sample, rates))}</td></tr>`;
}
