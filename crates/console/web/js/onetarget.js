// How one target of a group does: its own last hour, as the server has kept it.
import { html, useEffect, useState } from './lib.js';
import { get, part } from './api.js';
import { useStore } from './store.js';
import { Chart } from './chart.js';
import { Empty, Failure } from './parts.js';
import { rated, slices, wasOut } from './history.js';
import { count, now, percent, perSecond, seconds } from './time.js';

/** As long as a slice is: before that there is nothing new. */
const EVERY = 10_000;

/** Why requests came, in a few kinds. */
export function verdictLines(points, isSticky) {
  const line = (name, colour, pick, line) => ({ name, colour, line, values: points.map(pick) });
  return isSticky
    ? [
        line('came home', 1, (point) => point.home),
        line('new', 4, (point) => point.fresh, 'dash'),
        line('ended', 2, (point) => point.ended, 'dot'),
        line('broken', 3, (point) => point.broken),
      ]
    : [
        line('not sticky', 1, (point) => point.off),
        line('came home', 4, (point) => point.home, 'dash'),
        line('new', 2, (point) => point.fresh, 'dot'),
      ];
}

/** A course that grows: the whole of it once, then what is new. */
function useCourse(path) {
  const { tick } = useStore();
  const [course, setCourse] = useState(null);
  const [error, setError] = useState(null);
  const [askedAt, setAskedAt] = useState(0);
  useEffect(() => {
    if (now() - askedAt < EVERY) return;
    setAskedAt(now());
    const after = course?.to ? `?after=${Date.parse(course.to)}` : '';
    get(path + after).then(
      (told) => {
        setCourse((old) => joined(old, told));
        setError(null);
      },
      (failure) => failure.status !== 401 && setError(failure),
    );
  }, [tick]);
  return { course, error };
}

const HOUR = 3_600_000;

function joined(old, told) {
  if (!old?.from || !told.to) return told.to || !old ? told : old;
  const first = Math.max(Date.parse(old.from), Date.parse(told.to) - HOUR);
  const since = Date.parse(told.from);
  const kept = old.slices.filter(({ at }) => Date.parse(at) >= first && Date.parse(at) < since);
  return { ...told, from: new Date(first).toISOString(), slices: [...kept, ...told.slices] };
}

export function OneTarget({ group, id, minutes, isSticky, onLeave }) {
  const { course, error } = useCourse(`/v1/target-groups/${part(group.name)}/targets/${part(id)}/history`);
  const all = course
    ? slices(course, (slice) => ({
        ...rated(slice, course.slice_seconds),
        active: slice.active_sessions,
        inFlight: slice.in_flight ?? 0,
        streams: slice.open_streams ?? 0,
        failures: (slice.connect_failures ?? 0) / course.slice_seconds,
        out: (slice.out_permille ?? 0) / 1000,
        state: wasOut(slice.state ?? 'healthy', slice.out_permille ?? 0) ? 'unhealthy' : (slice.state ?? 'healthy'),
      }))
    : [];
  const points = all.filter((point) => point.at >= now() - minutes * 60_000);
  const times = points.map((point) => point.at / 1000);
  const line = (name, colour, pick, line) => ({ name, colour, line, values: points.map(pick) });
  const rate = (value) => `${perSecond(value)}/s`;
  const whole = (value) => count(value == null ? null : Math.round(value));
  return html`
    <div class="row"><h2>Target ${id}</h2><button onClick=${onLeave}>Back to the whole group</button>
      <span class="muted small">In slices of ten seconds.</span></div>
    <${Failure} error=${error}/>
    ${course && points.length === 0 && html`<${Empty}>There is no history of this target yet</${Empty}>`}
    ${!course && !error && html`<p class="muted" role="status">Loading…</p>`}
    ${
      points.length > 0 &&
      html`<div class="charts" role="region" aria-label=${`Target ${id}`}>
      <${Chart} title="Requests of the target" times=${times} write=${rate} series=${[
        line('all', 1, (point) => point.requests),
        line('4xx', 2, (point) => point.classes['4xx'], 'dash'),
        line('5xx', 3, (point) => point.errors, 'dot'),
      ]}/>
      <${Chart} title="Latency of the target" times=${times} write=${seconds}
        series=${[line('p50', 1, (point) => point.p50), line('p90', 2, (point) => point.p90, 'dash'), line('p99', 3, (point) => point.p99, 'dot')]}/>
      <${Chart} title="Verdicts of the target" times=${times} write=${rate} series=${verdictLines(points, isSticky)}
        hint="Why requests came here: a home that was lost elsewhere is told of the target that took over."/>
      ${
        isSticky &&
        html`<${Chart} title="Sessions of the target" times=${times} top=${1} whole write=${whole} series=${[
          line('live', 1, (point) => point.sessions),
          line('active', 4, (point) => point.active, 'dash'),
        ]}/>`
      }
      <${Chart} title="At the same time" times=${times} top=${1} whole write=${whole} series=${[
        line('requests in flight', 1, (point) => point.inFlight),
        line('streams', 2, (point) => point.streams, 'dash'),
      ]}/>
      <${Chart} title="Failed connects" times=${times} top=${1} write=${rate} series=${[line('failed', 3, (point) => point.failures)]}/>
      <${Chart} title="Out by health" times=${times} top=${1} write=${percent} series=${[line('out', 3, (point) => point.out)]}
        hint=${`The part of each slice in which health let no requests go there. State: ${points.at(-1).state}.`}/>
    </div>`
    }`;
}
