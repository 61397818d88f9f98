// Targets of a group: how they are, and what can be done with them.
import { html, useState } from './lib.js';
import { ask, part } from './api.js';
import { look, mayChange, say, store } from './store.js';
import { Dialog, Empty, Failure, Meter, Status } from './parts.js';
import { Moves } from './whatif.js';
import { count, percent, perSecond, span } from './time.js';

export function Targets({ group, sample, rates }) {
  const [asked, open] = useState(null);
  const { targets } = group;
  const hasSessions = targets.some((target) => target.sessions != null);
  const load = (target) => (hasSessions ? (target.sessions ?? 0) : (rates?.targets.get(target.id)?.requests ?? 0));
  const all = targets.reduce((sum, target) => sum + load(target), 0);
  const rows = { hasSessions, all, load, open, sample, rates, group };
  return html`
    <section class="panel targets" aria-labelledby="targets-title">
      <header><h2 id="targets-title" class="grow">Targets <span class="muted">${targets.length}</span></h2>
        ${mayChange() && html`<button class="primary" onClick=${() => open({ what: 'register' })}>Register target</button>`}</header>
      ${
        targets.length === 0
          ? html`<${Empty}>No targets: requests to this group get 503.</${Empty}>`
          : html`
      <div class="scroll" tabindex="0" role="region" aria-labelledby="targets-title"><table>
        <thead><tr><th scope="col">Target</th><th scope="col">Health</th><th scope="col">Zone</th><th scope="col" class="num">Weight</th>
          <th scope="col" class="num">In flight</th>
          <th scope="col" class="num">Req/s</th><th scope="col" class="num">5xx/s</th><th scope="col" class="num">Streams</th>
            <th scope="col" class="num">${hasSessions ? 'Sessions' : 'Share'}</th><th scope="col">Drain</th><th scope="col">
            <span class="hidden-text">More</span></th></tr></thead>
        <tbody>${targets.map((target) => html`<${Row} key=${target.id + target.leaving} target=${target} ...${rows}/>`)}</tbody>
      </table></div>`
      }
    </section>
    <p class="hint">A draining target keeps the sessions it has and takes no new ones. A target that is deregistered finishes what runs, for up to ${group.settings.deregistration_delay}; its sessions find a new home with their next request.</p>
    ${asked?.what === 'register' && html`<${Register} group=${group} onClose=${() => open(null)}/>`}
    ${asked?.what === 'drain' && html`<${Drain} group=${group} target=${asked.target} onClose=${() => open(null)}/>`}
    ${asked?.what === 'weight' && html`<${Reweigh} group=${group} target=${asked.target} onClose=${() => open(null)}/>`}
    ${asked?.what === 'deregister' && html`<${Deregister} group=${group} target=${asked.target} onClose=${() => open(null)}/>`}`;
}

function Row({ target, hasSessions, all, load, open, sample, rates, group }) {
  const own = rates?.targets.get(target.id);
  const { anomalous, share: counted } = { share: 1, ...sample?.targets.get(target.id) };
  const share = all > 0 ? load(target) / all : 0;
  // What a DNS name has led to is changed by the name it is configured by.
  const isOwn = target.configured_as === target.id;
  const toggle = async (event) => {
    event.preventDefault();
    if (!target.drain) return open({ what: 'drain', target });
    const now = target.drain_announced ? 'still takes no new sessions: it announces a drain itself.' : 'takes new sessions again.';
    await change(group, target, { drain: false }, `${target.id} ${now}`);
  };
  const reason = target.leaving
    ? 'Deregistered, finishing what runs'
    : target.drain
      ? 'Takes no new sessions'
      : (target.health.description ?? (target.health.state === 'unused' ? 'No listener uses the group' : ''));
  return html`<tr>
    <th scope="row">${target.id}${target.address !== target.id && html`<span class="address mono">${target.address}</span>`}</th>
    <td><${Status} state=${target.health.state}/>${reason && html`<span class="reason" title=${target.health.reason}>${reason}</span>`}
      ${anomalous && html`<span class="reason warn">fails more than its peers</span>`}${(drains(target) || target.leaving) && html`<${Left}
        target=${target} group=${group}/>`}${counted < 1 && counted > 0 && html`<span class="reason">counts for ${percent(counted)}</span>`}</td>
    <td>${target.zone ?? html`<span class="muted">–</span>`}</td>
    <td class="num">${mayChange() && isOwn && !target.leaving ? html`<button class="plain" title="Change weight"
      aria-label=${`Weight of ${target.id}: ${target.weight}, change`}
      onClick=${() => open({ what: 'weight', target })}>${target.weight} ✎</button>` : target.weight}</td>
    <td class="num">${target.in_flight}</td><td class="num">${perSecond(own?.requests)}</td>
      <td class=${`num ${own?.errors > 0 ? 'bad' : ''}`}>${perSecond(own?.errors)}</td><td class="num">${target.open_streams ?? '–'}</td>
    <td><span class="bar-cell">
      <span class="num" title=${hasSessions ? `${count(target.active_sessions)} of them active in the last five minutes` : ''}>${hasSessions ? count(target.sessions) : percent(share)}</span><${Meter} share=${share}/></span></td>
    <td>${
      target.leaving
        ? html`<span class="muted">leaving</span>`
        : html`<label class="switch">
      <input type="checkbox" role="switch" checked=${target.drain} disabled=${!mayChange() || !isOwn} onClick=${toggle}
        aria-label=${`Drain ${target.id}`}/></label>`
    }</td>
    <td class="num">${mayChange() && isOwn && !target.leaving && html`<button class="plain danger"
      onClick=${() => open({ what: 'deregister', target })} aria-label=${`Deregister ${target.id}`}>Deregister</button>`}</td></tr>`;
}

/** By the operator's word, or by its own. */
const drains = (target) => target.drain || target.drain_announced;

/** What is left on a target that drains, and when it will be gone if sessions go on leaving as they did. */
function Left({ target, group }) {
  if (target.sessions == null) return null;
  const of = (point) => point.targets?.get(target.id)?.sessions;
  const points = store.history.of(group.name);
  const last = points.at(-1);
  const recent = points.filter((point) => point.at >= last.at - LEAVING_OVER && of(point) != null);
  // A drain that has just begun has its most behind it; what came before that was not leaving.
  const most = recent.reduce((most, point) => (of(point) >= of(most) ? point : most), recent[0]);
  const gone = most ? of(most) - target.sessions : 0;
  if (target.sessions === 0) return html`<span class="reason">Empty: no session is left</span>`;
  const end = gone > 0 ? `gone in about ${span((target.sessions / gone) * (last.at - most.at))}` : 'none is leaving yet';
  // Of a short duration, some of the last minutes are over already.
  const active = Math.min(target.active_sessions, target.sessions);
  return html`<span class="reason">${some(target.sessions, 'session', 'sessions')}, ${count(active)} active, ${some(target.open_streams ?? 0, 'stream', 'streams')}; ${end}</span>`;
}

/** Over how long, at most, it is looked how fast sessions leave. */
const LEAVING_OVER = 5 * 60_000;

const place = (group, target) => `/v1/target-groups/${part(group.name)}/targets/${part(target.id)}`;

async function change(group, target, fields, text) {
  try {
    const { data } = await ask('PATCH', place(group, target), { body: fields });
    say('good', text, ['#/events', `Revision ${data.revision}`]);
  } catch (error) {
    say('bad', error.message);
  }
  await look();
}

/** Does something that may fail, in a dialog that then says why. */
function useWork(onClose) {
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const run = async (what, text) => {
    work(true);
    fail(null);
    try {
      const { data } = await what();
      say('good', text, ['#/events', `Revision ${data.revision}`]);
      await look();
      onClose();
    } catch (error) {
      fail(error);
      work(false);
    }
  };
  return { error, busy, run };
}

function Register({ group, onClose }) {
  const { error, busy, run } = useWork(onClose);
  const [fields, set] = useState({ address: '', id: '', weight: '1', zone: '' });
  const field = (key) => ({ name: key, value: fields[key], onInput: (event) => set({ ...fields, [key]: event.target.value }) });
  const submit = () =>
    run(
      () =>
        ask('POST', `/v1/target-groups/${part(group.name)}/targets`, {
          body: {
            address: fields.address.trim(),
            id: fields.id.trim() || undefined,
            weight: Number(fields.weight),
            zone: fields.zone.trim() || undefined,
          },
        }),
      `${fields.id || fields.address} is registered.`,
    );
  return html`<${Dialog} title=${`Register a target of ${group.name}`} action="Register" busy=${busy} onClose=${onClose} onSubmit=${submit}>
    <${Failure} error=${error}/>
    <label class="field">Address<input ...${field('address')} required placeholder="10.0.0.1:3000" autocomplete="off"/>
      <span class="hint">IP address and port. Names are for the file.</span></label>
    <label class="field">Id<input ...${field('id')} placeholder="the address" autocomplete="off"/>
      <span class="hint">What sessions are bound to. With an id, a target keeps its sessions when its address changes.</span></label>
    <div class="columns"><label class="field">Weight<input ...${field('weight')} type="number" min="0" max="999" required/></label>
      <label class="field">Zone<input ...${field('zone')} placeholder="none" autocomplete="off"/></label></div>
  </${Dialog}>`;
}

const some = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
const running = (target) => `${some(target.in_flight, 'request runs', 'requests run')} on it now.`;

function Drain({ group, target, onClose }) {
  const { error, busy, run } = useWork(onClose);
  const submit = () => run(() => ask('PATCH', place(group, target), { body: { drain: true } }), `${target.id} is draining.`);
  return html`<${Dialog} title=${`Drain ${target.id}?`} action="Drain" busy=${busy} onClose=${onClose} onSubmit=${submit}>
    <${Failure} error=${error}/>
    <p>It keeps the sessions it has and takes no new ones. ${running(target)} You can take it back at any time.</p>
    <${Moves} change=${{ method: 'PATCH', path: place(group, target), body: { drain: true } }}/>
  </${Dialog}>`;
}

function Reweigh({ group, target, onClose }) {
  const { error, busy, run } = useWork(onClose);
  const [weight, set] = useState(String(target.weight));
  const submit = () =>
    run(() => ask('PATCH', place(group, target), { body: { weight: Number(weight) } }), `${target.id} has the weight ${weight}.`);
  return html`<${Dialog} title=${`Weight of ${target.id}`} action="Change weight" busy=${busy} disabled=${Number(weight) === target.weight}
    onClose=${onClose} onSubmit=${submit}>
    <${Failure} error=${error}/>
    <label class="field">Weight<input type="number" min="0" max="999" required value=${weight} onInput=${(event) => set(event.target.value)}/>
      <span class="hint">Its share of new sessions; 0 takes none. Sessions that it has stay.</span></label>
    ${Number(weight) !== target.weight && html`<${Moves}
      change=${{ method: 'PATCH', path: place(group, target), body: { weight: Number(weight) } }}/>`}
  </${Dialog}>`;
}

function Deregister({ group, target, onClose }) {
  const { error, busy, run } = useWork(onClose);
  const submit = () => run(() => ask('DELETE', place(group, target)), `${target.id} is deregistered.`);
  return html`<${Dialog} title=${`Deregister ${target.id}?`} action="Deregister" danger busy=${busy} onClose=${onClose} onSubmit=${submit}>
    <${Failure} error=${error}/>
    <p>It finishes what runs, for up to ${group.settings.deregistration_delay}. Its sessions find a new home with their next request: what the application kept in its memory for them is gone.</p>
    <${Moves} change=${{ method: 'DELETE', path: place(group, target) }}/>
    ${!drains(target) && html`<p class="hint">To lose no session, drain it first and wait.</p>`}
  </${Dialog}>`;
}
