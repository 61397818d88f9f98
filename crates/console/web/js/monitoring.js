// How a target group does, now and over the last hour.
import { html, useEffect, useState } from './lib.js';
import { get, part } from './api.js';
import { useStore } from './store.js';
import { Chart } from './chart.js';
import { Empty, tone } from './parts.js';
import { balanced } from './shares.js';
import { OneTarget, verdictLines } from './onetarget.js';
import { format } from './groupcard.js';
import { BROKEN, ENDED } from './metrics.js';
import { TARGETS_MAX } from './history.js';
import { clock, count, now, percent, perSecond, seconds, span } from './time.js';

const WINDOWS = [
  [5, '5 minutes'],
  [15, '15 minutes'],
  [60, '1 hour'],
];
const PLAIN = {
  target_gone: 'target gone',
  target_unhealthy: 'target unhealthy',
  target_draining: 'drained',
  detour: 'detour',
  unknown_key: 'unknown key',
  unknown_session: 'unknown session',
  expired_idle: 'away too long',
  expired_absolute: 'too old',
  forged: 'forged',
  foreign_group: 'other group',
};

export function Monitoring({ group, sample, rates }) {
  const { history } = useStore();
  const [minutes, choose] = useState(60);
  const [target, chooseTarget] = useState('');
  const all = history.of(group.name);
  const gap = lastGap(all);
  useEffect(() => {
    recall(history, group, gap);
  }, [group.name, gap]);
  const ids = group.targets.map(({ id }) => id).slice(0, CHOICES_MAX);
  const chosen = ids.includes(target) ? target : '';
  const points = all.filter((point) => point.at >= now() - minutes * 60_000);
  const isSticky = group.settings.stickiness?.enabled;
  const times = points.map((point) => point.at / 1000);
  const line = (name, colour, pick, line) => ({ name, colour, line, values: points.map(pick) });
  return html`
    <div class="row"><label class="row"><span class="small muted">Show the last</span>
        <select value=${minutes} onChange=${(event) => choose(Number(event.target.value))}>${WINDOWS.map(([value, label]) => html`<option
          value=${value} selected=${value === minutes}>${label}</option>`)}</select></label>
      <label class="row"><span class="small muted">of</span>
        <select value=${chosen} onChange=${(event) => chooseTarget(event.target.value)}><option value="" selected=${chosen === ''}>the whole group</option>${ids.map(
          (id) => html`<option key=${id} value=${id} selected=${id === chosen}>target ${id}</option>`,
        )}</select></label>
      <span class="muted small">${all.length > 1 ? `There are ${span(all.at(-1).at - all[0].at)} of history.` : 'There is no history yet.'} An hour is kept.</span></div>
    ${
      chosen
        ? html`<${OneTarget} key=${`${group.name} ${chosen}`} group=${group} id=${chosen} minutes=${minutes} isSticky=${isSticky} onLeave=${() => chooseTarget('')}/>`
        : html`<div class="charts">
      <${Distribution} group=${group} sample=${sample} rates=${rates} onChoose=${chooseTarget}/>
      <${Chart} title="Requests" times=${times} write=${(value) => `${perSecond(value)}/s`} series=${[
        line('all', 1, (point) => point.requests),
        line('4xx', 2, (point) => (point.classes ? (point.classes['4xx'] ?? 0) : null), 'dash'),
        line('5xx', 3, (point) => point.errors, 'dot'),
      ]}/>
      <${Chart} title="Latency" times=${times} write=${seconds}
        series=${[line('p50', 1, (point) => point.p50), line('p90', 2, (point) => point.p90, 'dash'), line('p99', 3, (point) => point.p99, 'dot')]}/>
      <${Chart} title="Verdicts" times=${times} write=${(value) => `${perSecond(value)}/s`} series=${verdictLines(points, isSticky)}/>
      <${Chart} title="Affinity break rate" times=${times} top=${0.01} write=${percent} series=${[line('broken', 3, (point) => point.breakRate)]}
        more=${html`<${Causes} rates=${rates}/>`}
          hint="Of the requests that had a home, those that were not served there though their client did nothing wrong."/>
      <${Chart} title="Balance" times=${times} top=${2} write=${format1} series=${[line('busiest ÷ average', 1, (point) => point.balance)]}
        hint="By weight; 1 is even."/>
      <${Chart} title="Targets by health" times=${times} top=${1} whole write=${(value) => count(value == null ? null : Math.round(value))} series=${[
        line('healthy', 4, (point) => point.health?.healthy ?? null),
        line('unhealthy', 3, (point) => point.health?.unhealthy ?? null, 'dash'),
        line('draining', 2, (point) => point.health?.draining ?? null, 'dot'),
      ]}/>
      <${PerTarget} points=${points} times=${times}/>
      <${Health} points=${points} sample=${sample}/>
    </div>`
    }`;
}

/** Targets to choose from; of groups with more there is no history of targets. */
const CHOICES_MAX = 1000;
/** Time without a point that is no slice of the server's: nobody looked. */
const GAP = 25_000;

/** When the latest gap ended, as while the page was in the background; 0 without one. */
const lastGap = (points) => points.findLast((point, at) => at > 0 && point.at - points[at - 1].at > GAP)?.at ?? 0;

/** Fetches what the server has kept from before this page was opened, or while it rested. */
async function recall(history, group, gap) {
  const key = `${group.name} ${gap}`;
  if (history.recalled.has(key)) return;
  history.recalled.add(key);
  try {
    const course = await get(`/v1/target-groups/${part(group.name)}/history?targets=${TARGETS_MAX}`);
    history.seed(group.name, course, Boolean(group.settings.stickiness?.enabled));
  } catch {
    // Then there is what this page has seen itself, and the next visit asks again.
    history.recalled.delete(key);
  }
}

const format1 = (value) => (value == null ? '–' : value.toFixed(2));

/** Who has how much, with a mark where the average is. */
function Distribution({ group, sample, rates, onChoose }) {
  const targets = [...(sample?.targets ?? [])];
  const hasSessions = targets.some(([, target]) => target.sessions !== null);
  const of = ([id, target]) => (hasSessions ? (target.sessions ?? 0) : (rates?.targets.get(id)?.requests ?? 0));
  const loads = targets.map(of);
  const all = loads.reduce((sum, load) => sum + load, 0);
  const top = Math.max(...loads, 1e-9);
  const mean = targets.length ? all / targets.length : 0;
  const weights = Object.fromEntries(group.targets.map((target) => [target.id, target.weight]));
  const shown = [...targets].sort((one, other) => of(other) - of(one)).slice(0, TARGETS_MAX);
  return html`<figure class="panel chart wide" aria-label="Distribution over targets"><figcaption>
    <h3>${hasSessions ? 'Sessions' : 'Requests'} by target</h3>
      <span class="legend"><span>busiest ÷ average, by weight <b>${format(balanced({ weights }, sample, rates, hasSessions ? 'sessions' : 'requests'))}</b></span><span>average <b>${hasSessions ? count(Math.round(mean)) : `${perSecond(mean)}/s`}</b></span></span></figcaption>
    ${
      targets.length === 0
        ? html`<${Empty}>No targets</${Empty}>`
        : html`<ul class="bars">${shown.map(
            (target) => html`<li key=${target[0]}>
      <button class="plain name" title=${`Show ${target[0]} alone`} onClick=${() => onChoose(target[0])}>${target[0]}</button>
      <span class="track" aria-hidden="true"><span style=${{ width: `${(of(target) / top) * 100}%` }}></span>
        <i style=${{ left: `${(mean / top) * 100}%` }}></i></span>
      <span class="num">${hasSessions ? count(of(target)) : `${perSecond(of(target))}/s`} <span
        class="muted">${percent(all > 0 ? of(target) / all : 0)}</span></span></li>`,
          )}</ul>`
    }
  </figure>`;
}

/** Each target's line; more than six cannot be told apart, and are the bars' business. */
function PerTarget({ points, times }) {
  const ids = [...(points.at(-1)?.targets.keys() ?? [])].slice(0, 6);
  const lines = ['', 'dash', 'dot'];
  const hasSessions = ids.some((id) => points.at(-1).targets.get(id).sessions !== null);
  const series = ids.map((id, at) => ({
    name: id,
    colour: at + 1,
    line: lines[at % 3],
    values: points.map((point) => {
      const target = point.targets.get(id);
      return target ? (hasSessions ? target.sessions : target.requests) : null;
    }),
  }));
  return (
    series.length > 0 &&
    html`<${Chart} title=${hasSessions ? 'Sessions of each target' : 'Requests of each target'} times=${times}
      write=${hasSessions ? (value) => count(value) : (value) => `${perSecond(value)}/s`} series=${series}/>`
  );
}

/** Why homes are lost, now. */
function Causes({ rates }) {
  const rows = [...BROKEN, ...ENDED].map((verdict) => [verdict, rates?.verdicts[verdict] ?? 0]).filter(([, rate]) => rate > 0);
  return (
    rows.length > 0 &&
    html`<span class="legend">${rows.map(([verdict, rate]) => html`<span key=${verdict}
      class=${BROKEN.includes(verdict) ? 'bad' : ''}>${PLAIN[verdict] ?? verdict} <b>${perSecond(rate)}/s</b></span>`)}</span>`
  );
}

/** Equal neighbours as one. */
function runs(states) {
  const found = [];
  states.forEach((state, at) => {
    const last = found.at(-1);
    if (last?.state === state) last.length += 1;
    else found.push({ state, at, length: 1 });
  });
  return found;
}

const CELLS = 120;

/** Health of each target over the time shown: gaps are time that nobody watched. */
function Health({ points, sample }) {
  const ids = [...(sample?.targets.keys() ?? [])].slice(0, TARGETS_MAX);
  if (points.length < 2) return null;
  const [from, to] = [points[0].at, points.at(-1).at];
  const cell = (at) => Math.min(CELLS - 1, Math.floor(((at - from) / Math.max(1, to - from)) * CELLS));
  const strip = (id) => {
    const states = new Array(CELLS).fill(null);
    for (const point of points) {
      const state = point.targets.get(id)?.state;
      // The worst of a cell is what it shows.
      if (state && states[cell(point.at)] !== 'unhealthy') states[cell(point.at)] = state;
    }
    for (let at = 1; at < CELLS; at += 1) states[at] ??= states[at - 1];
    return states;
  };
  return html`<figure class="panel chart wide" aria-label="Health history"><figcaption><h3>Health</h3>
      <span class="legend"><span>from ${clock(from)} to ${clock(to)}</span></span></figcaption>
    <ul class="strip">${ids.map((id) => {
      const states = strip(id);
      const out = states.filter((state) => state === 'unhealthy').length / CELLS;
      return html`<li key=${id}><span class="name">${id}</span>
        <svg viewBox=${`0 0 ${CELLS} 10`} preserveAspectRatio="none" role="img"
          aria-label=${`${id}: now ${states.at(-1)}, unhealthy ${percent(out)} of the time`}>
        ${runs(states).map(({ state, at, length }) => state && html`<rect x=${at} y=${state === 'unhealthy' ? 0 : 2.5} width=${length}
          height=${state === 'unhealthy' ? 10 : 5} class=${tone(state)}/>`)}</svg></li>`;
    })}</ul></figure>`;
}
