// One hour of what was sampled, in this page, bounded.
import { BROKEN, ENDED, FRESH, HOME, quantile, sum } from './metrics.js';
import { balanced } from './shares.js';

/** How much is kept. */
export const KEPT_FOR = 60 * 60 * 1000;
const POINTS_MAX = 1800;
/** Groups and targets of which there is history; the others have their numbers of now. */
const GROUPS_MAX = 50;
export const TARGETS_MAX = 24;

export class History {
  constructor() {
    this.total = [];
    this.groups = new Map();
    /** Gaps, and groups, of which the server's history has been asked for. */
    this.recalled = new Set();
  }

  /** Adds what is known at a moment. */
  add(sample, rates, config) {
    const configured = new Map(config?.groups.map((group) => [group.name, group]));
    this.#push(this.total, { at: sample.at, ...numbers(rates.total) });
    for (const [name, group] of sample.groups) {
      if (!this.groups.has(name) && this.groups.size >= GROUPS_MAX) continue;
      const points = this.groups.get(name) ?? this.groups.set(name, []).get(name);
      const own = rates.groups.get(name);
      this.#push(points, {
        at: sample.at,
        ...numbers(own),
        balance: balanced(configured.get(name), group, own, hasSessions(group) ? 'sessions' : 'requests'),
        health: health(group),
        targets: targets(group, own),
      });
    }
    for (const name of this.groups.keys()) if (!sample.groups.has(name)) this.groups.delete(name);
  }

  /** Puts in what the server has kept of a group, wherever this page has seen nothing itself. */
  seed(name, course, isSticky) {
    const points = this.groups.get(name) ?? this.groups.set(name, []).get(name);
    const seen = points.map((point) => point.at);
    const step = course.slice_seconds * 1000;
    const isNew = ({ at }) => !seen.some((one) => one > at - step && one <= at);
    points.push(...slices(course, (slice, nth) => kept(slice, nth, course, isSticky)).filter(isNew));
    points.sort((one, other) => one.at - other.at);
    points.splice(0, points.length - POINTS_MAX);
  }

  of(name) {
    return name === undefined ? this.total : (this.groups.get(name) ?? []);
  }

  #push(points, point) {
    points.push(point);
    while (points.length > POINTS_MAX || points[0].at < point.at - KEPT_FOR) points.shift();
  }
}

const hasSessions = (group) => [...group.targets.values()].some((target) => target.sessions !== null);

/** Every slice between a course's ends, those in which there was nothing too; each stands at its end. */
export function slices({ from, to, slice_seconds, slices: told }, each) {
  if (from === null) return [];
  const known = new Map(told.map((slice) => [Date.parse(slice.at), slice]));
  const [step, first] = [slice_seconds * 1000, Date.parse(from)];
  const length = Math.round((Date.parse(to) - first) / step);
  return Array.from({ length }, (_, nth) => {
    const at = first + nth * step;
    return { at: at + step, ...each(known.get(at) ?? NOTHING, nth) };
  });
}

const NOTHING = { requests: 0, verdicts: {}, responses_4xx: 0, responses_5xx: 0, duration: null, sessions: 0, active_sessions: 0 };

/** What a slice of a group and one of a target have in common, per second. */
export function rated(slice, seconds) {
  const per = (count) => count / seconds;
  const verdicts = Object.fromEntries(Object.entries(slice.verdicts).map(([verdict, count]) => [verdict, per(count)]));
  const [home, fresh, broken, ended] = [HOME, FRESH, BROKEN, ENDED].map((kind) => sum(verdicts, kind));
  const time = (name) => (slice.duration ? slice.duration[name] / 1e6 : null);
  return {
    requests: per(slice.requests),
    home,
    fresh,
    broken,
    ended,
    off: verdicts.off ?? 0,
    errors: per(slice.responses_5xx),
    classes: { '4xx': per(slice.responses_4xx), '5xx': per(slice.responses_5xx) },
    verdicts,
    p50: time('p50'),
    p90: time('p90'),
    p99: time('p99'),
    sessions: slice.sessions,
  };
}

/** A slice of the server's history as a point of this page's. */
function kept(slice, nth, course, isSticky) {
  const rates = rated(slice, course.slice_seconds);
  const { home, broken } = rates;
  const there = (course.targets ?? []).filter((target) => target.state[nth] != null);
  return {
    ...rates,
    breakRate: home + broken > 0 ? broken / (home + broken) : null,
    balance: slice.balance?.[isSticky ? 'sessions' : 'requests'] ?? null,
    health: slice.health ?? null,
    targets: new Map(
      there.map((target) => [
        target.id,
        {
          requests: target.requests[nth] / course.slice_seconds,
          sessions: isSticky ? target.sessions[nth] : null,
          state: wasOut(target.state[nth], target.out_permille[nth]) ? 'unhealthy' : target.state[nth],
        },
      ]),
    ),
  };
}

/** Whether a target that is well at the end of a slice was out before. */
export const wasOut = (state, permille) => state === 'healthy' && permille > 0;

function health(group) {
  const states = [...group.targets.values()].map((target) => target.state);
  const of = (state) => states.filter((one) => one === state).length;
  return { targets: states.length, healthy: of('healthy'), unhealthy: of('unhealthy'), draining: of('draining') };
}

function numbers(rates) {
  const { requests, home, fresh, broken, ended, off, errors, breakRate, classes, verdicts } = rates;
  return {
    requests,
    home,
    fresh,
    broken,
    ended,
    off,
    errors,
    breakRate,
    classes,
    verdicts,
    p50: quantile(0.5, rates.buckets),
    p90: quantile(0.9, rates.buckets),
    p99: quantile(0.99, rates.buckets),
  };
}

function targets(group, rates) {
  const kept = [...group.targets].slice(0, TARGETS_MAX);
  return new Map(
    kept.map(([id, target]) => [
      id,
      {
        requests: rates.targets.get(id)?.requests ?? 0,
        sessions: target.sessions,
        state: target.state,
        anomalous: target.anomalous,
      },
    ]),
  );
}
