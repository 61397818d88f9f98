// Requests to the admin address. Everything the console knows and does goes through here.
import { now } from './time.js';

/** How long after a key or a click a request still counts as a person's doing, in milliseconds. */
const TOUCH_LASTS = 60_000;
const PATIENCE = 20_000;

let touchedAt = now();
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
  addEventListener(
    event,
    () => {
      touchedAt = now();
    },
    { passive: true, capture: true },
  );
}

/** Why a request was not answered as asked. */
export class Refused extends Error {
  constructor(status, code, message, errors = []) {
    super(message);
    Object.assign(this, { status, code, errors });
  }
}

/** Sends a request; gives what came back, its tag and its status. */
export async function ask(method, path, { body, tag } = {}) {
  // A page that nobody touches keeps no session alive.
  const headers = { 'x-clingfish-console': now() - touchedAt < TOUCH_LASTS ? '1' : 'watch' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (tag) headers['if-match'] = tag;
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
    cache: 'no-store',
    credentials: 'same-origin',
  }).catch((error) => {
    throw new Refused(0, 'unreachable', `Clingfish does not answer (${error.message}).`);
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json');
  const data = isJson && text ? JSON.parse(text) : text;
  if (answer.ok) return { data, tag: answer.headers.get('etag'), status: answer.status };
  if (answer.status === 401 && path !== '/console/session') dispatchEvent(new Event('signed-out'));
  const error = isJson ? (data.error ?? {}) : {};
  throw new Refused(answer.status, error.code ?? '', error.message ?? (text.trim() || answer.statusText), error.errors);
}

export const get = async (path) => (await ask('GET', path)).data;

/** A name as a path has it. */
export const part = (name) => encodeURIComponent(name);
