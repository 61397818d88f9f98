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
    /** Groups whose older history has been fetched. */
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
        targets: targets(group, own),
      });
    }
    for (const name of this.groups.keys()) if (!sample.groups.has(name)) this.groups.delete(name);
  }

  /** Puts before what this page has seen what the server has kept of a group and some of its targets. */
  seed(name, slices, targets, seconds) {
    const points = this.groups.get(name) ?? this.groups.set(name, []).get(name);
    const first = points[0]?.at ?? Infinity;
    const older = slices
      .filter((slice) => Date.parse(slice.at) + seconds * 1000 < first)
      .map((slice) => kept(slice, targets, seconds));
    points.unshift(...older);
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

/** A slice of the server's history as a point of this page's. What the server does not keep is absent. */
function kept(slice, targets, seconds) {
  const per = (count) => count / seconds;
  const verdicts = Object.fromEntries(Object.entries(slice.verdicts).map(([verdict, count]) => [verdict, per(count)]));
  const [home, fresh, broken, ended] = [HOME, FRESH, BROKEN, ENDED].map((kind) => sum(verdicts, kind));
  const time = (name) => (slice.duration ? slice.duration[name] / 1e6 : null);
  const own = new Map(
    [...targets]
      .map(([id, all]) => [id, all.get(slice.at)])
      .filter(([, found]) => found)
      .map(([id, found]) => [id, { requests: per(found.requests), sessions: found.sessions }]),
  );
  return {
    at: Date.parse(slice.at) + seconds * 1000,
    requests: per(slice.requests),
    home,
    fresh,
    broken,
    ended,
    off: verdicts.off ?? 0,
    errors: per(slice.responses_5xx),
    breakRate: home + broken > 0 ? broken / (home + broken) : null,
    balance: null,
    classes: null,
    verdicts,
    p50: time('p50'),
    p90: time('p90'),
    p99: time('p99'),
    sessions: slice.sessions,
    targets: own,
  };
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
