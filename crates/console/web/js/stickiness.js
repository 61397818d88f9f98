// The editor of stickiness: on or off, by what, for how long, and under which name.
import { html } from './lib.js';
import { shown, typed } from './keys.js';

const DURATION = ['duration', 'Duration', 'How long a client may stay away and still come home, such as 30m, 1h or 1d.'];

/** Each kind: its words, and what is edited of it. A star marks what must be there. */
const KINDS = [
  [
    'lb_cookie',
    'Load balancer cookie',
    'Clingfish gives each client a sealed cookie of its own. Right for browsers and whatever keeps cookies.',
    [DURATION, ['cookie', 'Cookie name', 'Made of the group’s name unless you say otherwise.']],
  ],
  [
    'app_cookie',
    'Application cookie',
    'A sealed cookie that lives as long as a cookie of your application.',
    [DURATION, ['app_cookie', 'Application’s cookie', 'The name of the cookie that your application sets.', true]],
  ],
  [
    'header',
    'Header',
    'A sealed token in a header field both ways, for programs that keep no cookies.',
    [
      DURATION,
      ['header', 'Header field', 'Clingfish-Session unless you say otherwise.'],
      ['query', 'Query parameter', 'May carry the token instead.'],
    ],
  ],
  [
    'hash',
    'Hash of a key',
    'The same key goes to the same target: an address, a header, a cookie, a part of the path. Keeps nothing anywhere.',
    [
      ['key', 'Key', 'client, tls_name, header:NAME, cookie:NAME, query:NAME or path:N', true],
      ['load_factor', 'Load limit, percent', 'How much of the average a target may have in flight; none is no limit.'],
    ],
  ],
  [
    'source_ip',
    'Source address',
    'The same address goes to the same target. Many clients may share one.',
    [
      ['ipv4_prefix', 'Bits of IPv4', '32 is one address.'],
      ['ipv6_prefix', 'Bits of IPv6', '64 is one network.'],
    ],
  ],
  [
    'learn',
    'Learned ids',
    'Ids that your application hands out are remembered in a table.',
    [
      DURATION,
      ['from', 'Ids come from', 'cookie:NAME, header:NAME, json:NAME or event:NAME of an answer', true],
      ['in', 'Requests carry them in', 'Where they came from unless you say otherwise.'],
    ],
  ],
  [
    'route',
    'Route in the id',
    'Your application writes the target’s id behind its own: JSESSIONID=abc.node1.',
    [
      ['in', 'Requests carry it in', 'cookie:NAME, header:NAME, query:NAME or path_parameter:NAME', true],
      ['separator', 'Separator', 'What stands between; a dot unless you say otherwise.'],
    ],
  ],
  [
    'wrap',
    'Wrapped ids',
    'Ids that your application hands out travel in a sealed envelope.',
    [DURATION, ['in', 'Requests carry it in', 'cookie:NAME, header:NAME or query:NAME', true]],
  ],
];

export function Stickiness({ before, draft, set, disabled }) {
  const value = (key) => (draft[`stickiness.${key}`] !== undefined ? draft[`stickiness.${key}`] : before[`stickiness.${key}`]);
  const isOn = value('enabled') === true;
  const kind = value('type') ?? 'lb_cookie';
  const [, , words, fields] = KINDS.find(([name]) => name === kind) ?? KINDS[0];
  const toggle = (event) => {
    const on = event.target.checked;
    const type = before['stickiness.type'] ?? 'lb_cookie';
    set(
      on
        ? { 'stickiness.enabled': true, ...(before['stickiness.type'] ? {} : { 'stickiness.type': type }) }
        : { ...undone(draft, before), 'stickiness.enabled': false },
    );
  };
  return html`<section class="panel" aria-labelledby="stickiness-title">
    <header><h2 id="stickiness-title" class="grow">Stickiness</h2>
      <label class="switch"><input type="checkbox" role="switch" checked=${isOn} disabled=${disabled}
        onChange=${toggle}/>${isOn ? 'On' : 'Off'}<span class="hidden-text"> stickiness</span></label></header>
    <div class="body stack">
      ${
        !isOn
          ? html`<p class="muted">Off: each request goes wherever there is room. Turn it on so that clients come back to the target that knows them.</p>`
          : html`
        <label class="field">Type<select value=${kind} disabled=${disabled} onChange=${(event) => set(switched(event.target.value, before, draft))}>
          ${KINDS.map(([name, label]) => html`<option value=${name} selected=${name === kind}>${label}</option>`)}</select>
          <span class="hint">${words}</span></label>
        <div class="columns">${fields.map(
          ([key, label, hint, isNeeded]) => html`
          <label class="field" key=${kind + key}>${label}<input value=${written(value(key))} disabled=${disabled} required=${isNeeded}
            autocomplete="off" spellcheck="false"
            onInput=${(event) => set({ [`stickiness.${key}`]: event.target.value === '' ? null : number(key, event.target.value, before) })}/>
              <span class="hint">${hint}</span></label>`,
        )}</div>`
      }
    </div>
  </section>`;
}

const NUMBERS = ['load_factor', 'ipv4_prefix', 'ipv6_prefix'];
const number = (key, text, before) =>
  NUMBERS.includes(key) && /^\d+$/.test(text)
    ? Number(text)
    : key === 'in' || key === 'from'
      ? list(text, before[`stickiness.${key}`])
      : typed(text, before[`stickiness.${key}`] ?? '');

/** Several sources of ids stand side by side, with commas. */
const written = (value) => (value == null ? '' : Array.isArray(value) ? value.join(', ') : shown(value));
const list = (text, before) => {
  const all = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  return all.length === 1 && !Array.isArray(before) ? all[0] : all;
};

/** Edits of stickiness taken back. */
const undone = (draft, before) =>
  Object.fromEntries(
    Object.keys(draft)
      .filter((key) => key.startsWith('stickiness.'))
      .map((key) => [key, before[key]]),
  );

/** Another kind: what does not go with it goes. */
function switched(type, before, draft) {
  const changes = undone(draft, before);
  if (type === before['stickiness.type']) return { ...changes, 'stickiness.enabled': true };
  for (const key of Object.keys(before)) {
    const name = key.replace(/^stickiness\./, '');
    if (key.startsWith('stickiness.') && !['enabled', 'type', 'duration'].includes(name)) changes[key] = null;
  }
  const [, , , fields] = KINDS.find(([name]) => name === type);
  if (!fields.includes(DURATION) && before['stickiness.duration'] !== undefined) changes['stickiness.duration'] = null;
  return { ...changes, 'stickiness.enabled': true, 'stickiness.type': type };
}
