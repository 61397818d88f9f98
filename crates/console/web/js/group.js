// One target group: its targets, its attributes, and how it does.
import { html } from './lib.js';
import { useAsked, useStore } from './store.js';
import { Failure } from './parts.js';
import { part } from './api.js';
import { KINDS } from './groupcard.js';
import { Targets } from './targets.js';
import { Attributes } from './attributes.js';
import { Monitoring } from './monitoring.js';

const TABS = [
  ['targets', 'Targets', Targets],
  ['attributes', 'Attributes', Attributes],
  ['monitoring', 'Monitoring', Monitoring],
];

export function Group({ rest: [name, tab = 'targets'] }) {
  const { sample, rates } = useStore();
  const { data: group, tag, error } = useAsked(`/v1/target-groups/${part(name)}`);
  const [, , Shown] = TABS.find(([key]) => key === tab) ?? TABS[0];
  if (error?.status === 404) {
    return html`<h1>${name}</h1><${Failure} error=${error}/><p><a href="#/groups">All target groups</a></p>`;
  }
  const stickiness = group?.settings.stickiness;
  const kind = stickiness?.enabled ? stickiness.type : 'off';
  return html`
    <div class="group-head">
      <nav class="small" aria-label="Where this is"><a href="#/groups">Target groups</a> <span class="muted" aria-hidden="true">/</span></nav>
      <div class="row"><h1>${name}</h1>
        ${
          group &&
          html`<span class=${`tag ${kind === 'off' ? '' : 'accent'}`}>${KINDS[kind] ?? kind}${stickiness?.duration && kind !== 'off' && `, ${stickiness.duration}`}</span>
          <span class="tag">${group.settings.algorithm.replaceAll('_', ' ')}</span>
          <span class="tag">${group.settings.protocol}${group.settings.protocol_version !== 'HTTP1' && ` ${group.settings.protocol_version}`}</span>
          <span class="muted small">${group.listeners.length ? `used by ${group.listeners.join(', ')}` : 'used by no listener'}</span>`
        }
      </div>
    </div>
    <nav class="tabs" aria-label=${`Parts of ${name}`}>
      ${TABS.map(([key, label]) => html`<a href=${`#/groups/${part(name)}/${key}`}
        aria-current=${Shown === TABS.find(([one]) => one === key)[2] ? 'page' : null}>${label}</a>`)}
    </nav>
    <${Failure} error=${error}/>
    ${group ? html`<${Shown} group=${group} tag=${tag} sample=${sample?.groups.get(name)} rates=${rates?.groups.get(name)}/>` : !error && html`<p
      class="muted" role="status">Loading…</p>`}`;
}
